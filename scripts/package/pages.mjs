// README and changelog link to files of the repository that the package does not have. `pack` puts pages
// without those links in their place while npm packs, `unpack` puts the pages themselves back.
import fs from 'node:fs';
import path from 'node:path';
import { packedPage } from './links.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const aside = path.join(root, '.package');
const PAGES = ['README.md', 'CHANGELOG.md'];

/** What npm packs without being told to. */
const ALWAYS = ['README.md', 'LICENSE', 'package.json'];

const [, , step] = process.argv;
// where packing was cut off, the pages are still aside
unpack();
if (step === 'pack') pack();

function pack() {
  const { files } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const packed = [...ALWAYS, ...files];
  const isPacked = (file) => packed.some((name) => file === name || file.startsWith(`${name}/`));
  fs.mkdirSync(aside);
  for (const page of PAGES) {
    const file = path.join(root, page);
    fs.copyFileSync(file, path.join(aside, page));
    fs.writeFileSync(file, packedPage(fs.readFileSync(file, 'utf8'), isPacked));
  }
}

function unpack() {
  for (const page of PAGES)
    if (fs.existsSync(path.join(aside, page)))
      fs.renameSync(path.join(aside, page), path.join(root, page));
  fs.rmSync(aside, { recursive: true, force: true });
}
