// What builds the site is installed in its own folder, when the site is built: nobody else needs it, and TypeDoc
// wants another TypeScript than the rest.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const lock = path.join(here, 'package-lock.json');
const installed = path.join(here, 'node_modules/.package-lock.json');
const time = (file) => (fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0);

if (time(installed) < time(lock)) {
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: here,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  process.exitCode = status ?? 1;
}
