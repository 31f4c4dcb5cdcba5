// What is left to do after the compiler: the command becomes executable, generated code loses its source maps,
// which point at nothing that anybody would read, and those of the rest say for each line where it comes
// from, no longer for each word, which is all that a stack trace shows: a quarter of the package less.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode, encode } from '@jridgewell/sourcemap-codec';

const dist = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'dist');
fs.chmodSync(path.join(dist, 'src/cli/main.js'), 0o755);

const generated = path.join(dist, 'src/generated');
for (const name of fs.readdirSync(generated)) {
  const file = path.join(generated, name);
  if (name.endsWith('.js.map')) fs.rmSync(file);
  else if (name.endsWith('.js'))
    fs.writeFileSync(
      file,
      fs.readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
    );
}

for (const name of fs.readdirSync(dist, { recursive: true })) {
  if (!name.endsWith('.js.map')) continue;
  const file = path.join(dist, name);
  const map = JSON.parse(fs.readFileSync(file, 'utf8'));
  const lines = decode(map.mappings).map((segments) => segments.slice(0, 1));
  fs.writeFileSync(file, JSON.stringify({ ...map, mappings: encode(lines) }));
}
