/** Pages as they stand in the package: a link to a file that is not in it becomes the file's name. */
import path from 'node:path';

const LINK = /(?<image>!?)\[(?<text>[^\]]*)\]\((?<target>[^)\s]+)\)/g;

/**
 * @param {string} page Markdown, at the package's root
 * @param {(file: string) => boolean} isPacked
 */
export function packedPage(page, isPacked) {
  let inCode = false;
  const lines = page.split('\n').flatMap((line) => {
    if (line.startsWith('```')) inCode = !inCode;
    if (inCode) return [line];
    const left = withoutLinks(line, isPacked);
    // a picture that had a line for itself leaves none
    return left === '' && line !== '' ? [] : [left];
  });
  return lines.join('\n').replaceAll(/\n{3,}/g, '\n\n');
}

function withoutLinks(line, isPacked) {
  return line.replaceAll(LINK, (...found) => {
    const [link] = found;
    const { image, text, target } = found.at(-1);
    const file = fileOf(target);
    if (file === undefined || isPacked(file)) return link;
    if (image) return '';
    const [at, whole] = [found.at(-3), found.at(-2)];
    // `([how](docs/tune.md))` says nothing but where
    const alone = whole[at - 1] === '(' && whole[at + link.length] === ')';
    return alone ? file : `${text} (${file})`;
  });
}

/** The file that a link leads to, or undefined where it leads elsewhere, or to a place on the same page. */
function fileOf(target) {
  if (/^[a-z]+:/i.test(target) || target.startsWith('#')) return undefined;
  return path.posix.normalize(target.replace(/#.*$/, ''));
}
