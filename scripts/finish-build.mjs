// What is left to do after the compiler: the command becomes executable, and generated code loses its source
// maps, which point at nothing that anybody would read and are a tenth of the package.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'dist/src');
fs.chmodSync(path.join(dist, 'cli/main.js'), 0o755);

const generated = path.join(dist, 'generated');
for (const name of fs.readdirSync(generated)) {
  const file = path.join(generated, name);
  if (name.endsWith('.js.map')) fs.rmSync(file);
  else if (name.endsWith('.js'))
    fs.writeFileSync(
      file,
      fs.readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
    );
}
