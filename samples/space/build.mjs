// Puts a Space of Hugging Face together: the built page of samples/web, and the card that says how a Space shows it. What
// comes of it is a folder of static files, `samples/space/dist` or the one that is named, to be uploaded as it is.
import fs from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const page = path.join(here, '../web/dist');
const out = path.resolve(process.argv[2] ?? path.join(here, 'dist'));

if (!fs.existsSync(path.join(page, 'index.html'))) {
  console.error('samples/web is not built: npm run web:build');
  process.exit(2);
}

fs.rmSync(out, { recursive: true, force: true });
fs.cpSync(page, out, { recursive: true });
fs.copyFileSync(path.join(here, 'card.md'), path.join(out, 'README.md'));
// Git takes no file above 10 MB there that is not kept by LFS
const large = ['*.wasm', '*.onnx', '*.bin'];
fs.writeFileSync(
  path.join(out, '.gitattributes'),
  large.map((name) => `${name} filter=lfs diff=lfs merge=lfs -text\n`).join(''),
);

const files = fs
  .readdirSync(out, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile());
const size = files.reduce(
  (sum, { parentPath, name }) => sum + fs.statSync(path.join(parentPath, name)).size,
  0,
);
console.log(`${files.length} files, ${(size / 1e6).toFixed(1)} MB, in ${path.relative('.', out)}`);
