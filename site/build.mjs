// The Markdown of the repository and the reference of the library as one static site, site/dist, that can be searched,
// lies under any path and asks nothing of any other host.
import fs from 'node:fs';
import path from 'node:path';
import * as pagefind from 'pagefind';
import { referencePages } from './api.mjs';
import { render } from './page.mjs';
import { addressOf, LABELS, listPages, REFERENCE, root } from './pages.mjs';
import { readPage } from './read.mjs';
import { weightOf, withWeights } from './weights.mjs';

const started = performance.now();
const out = path.join(import.meta.dirname, 'dist');
const write = (place, content) => {
  const file = path.join(out, place);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
};

const reference = await referencePages();
const sources = new Map([
  ...listPages().map((file) => [file, fs.readFileSync(path.join(root, file), 'utf8')]),
  ...reference.map(({ file, text }) => [file, text]),
]);

fs.rmSync(out, { recursive: true, force: true });
const pages = [...sources].map(([file, text]) =>
  readPage(file, text, sources, file.startsWith(`${REFERENCE}/`)),
);
const titles = new Map(pages.map(({ file, title }) => [file, LABELS[file] ?? title]));
const entries = reference.map(({ file }) => file).filter((file) => !/README|Namespace/.test(file));

const { index, errors } = await pagefind.createIndex({ forceLanguage: 'en', keepIndexUrl: true });
if (!index) throw new Error(errors.join('\n'));
for (const page of pages) {
  // the reports of api/ say again what the reference says
  const searched = !/\.api\.md$/.test(page.file) && page.file !== `${REFERENCE}/README.md`;
  const content = render(
    {
      ...page,
      html: withWeights(page.file, page.html),
      weight: searched ? weightOf(page.file) : undefined,
    },
    titles,
    entries,
  );
  const address = addressOf(page.file);
  write(address, content);
  if (!searched) continue;
  const { errors } = await index.addHTMLFile({ url: address, content });
  if (errors.length) throw new Error(`${page.file}: ${errors.join('\n')}`);
}
for (const asset of new Set(pages.flatMap(({ assets }) => assets)))
  write(asset, fs.readFileSync(path.join(root, asset)));
fs.cpSync(path.join(import.meta.dirname, 'assets'), path.join(out, 'assets'), { recursive: true });
const { files } = await index.getFiles();
for (const { path: place, content } of files) write(path.join('pagefind', place), content);
await pagefind.close();

const size = fs
  .readdirSync(out, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .reduce((sum, { parentPath, name }) => sum + fs.statSync(path.join(parentPath, name)).size, 0);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${pages.length} pages, ${(size / 1e6).toFixed(1)} MB, in site/dist, in ${seconds} s`);
