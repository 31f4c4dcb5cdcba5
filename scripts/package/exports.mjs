// Checks the packages as their users will see them: entry points, their types, and how each way of resolving finds them. What
// is looked at is what the last build made, packed once for all of it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pack, root } from './install.mjs';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-exports-'));
try {
  for (const of of ['.', 'packages/queue']) {
    const { tarball } = pack(scratch, { scripts: false, of });
    check('publint', '--strict', tarball);
    check('attw', tarball, '--profile', 'esm-only');
  }
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}

function check(tool, ...args) {
  const file = path.join(root, 'node_modules/.bin', tool);
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exitCode = status ?? 1;
}
