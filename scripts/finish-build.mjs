// What is left to do after the compiler: the command becomes executable.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'dist');
fs.chmodSync(path.join(dist, 'src/cli/main.js'), 0o755);
