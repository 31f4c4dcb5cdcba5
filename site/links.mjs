// What a link of a page in the repository is on the site. Pages and pictures are where they were; a file that the site
// does not show is linked in the repository if package.json says where that is, and else named by its path.
import fs from 'node:fs';
import path from 'node:path';
import { addressOf, between, root } from './pages.mjs';

const { repository } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

/** Where the repository shows its files, without a slash at the end; undefined where package.json has no address. */
const home = (repository?.url ?? repository)?.replace(/^git\+/, '').replace(/\.git$/, '');

const isElsewhere = (link) => /^[a-z][a-z+.-]*:/i.test(link);

/**
 * @param file the page that has the link
 * @param link as it is written
 * @param pages every page of the site
 * @returns the link as it is on the site; with `asset`, a file that the site must hold; with `named`, the path of a
 *   file to which there is no link
 * @throws where there is no such file
 */
export function resolve(file, link, pages) {
  if (isElsewhere(link) || link.startsWith('#')) return { href: link };
  const [target, anchor] = link.split('#');
  const hash = anchor === undefined ? '' : `#${anchor}`;
  const found = path.posix.normalize(
    path.posix.join(path.posix.dirname(file), decodeURIComponent(target)),
  );
  // as the repository shows a folder's README.md for the folder
  const page = [found, path.posix.join(found, 'README.md')].find((name) => pages.has(name));
  if (page) return { href: between(addressOf(file), addressOf(page)) + hash };
  if (found.startsWith('..') || !fs.existsSync(path.join(root, found)))
    throw new Error(`${file}: there is no ${found}, to which "${link}" points`);
  if (/\.(png|svg)$/.test(found)) return { href: link, asset: found };
  return home ? { href: `${home}/blob/main/${found}${hash}` } : { named: found };
}
