// What is left to do after the compiler: the package is made of its output, and the command becomes executable.
import fs from 'node:fs';
import path from 'node:path';
import { makeLib } from './package/lib.mjs';

const dist = path.resolve(import.meta.dirname, '../dist');
await makeLib(dist);
for (const command of ['src/cli/main.js', 'lib/cli.js'])
  fs.chmodSync(path.join(dist, command), 0o755);
