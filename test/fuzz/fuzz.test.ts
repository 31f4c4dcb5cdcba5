/** A fixed share of what `npm run fuzz` does for as long as it is told to; see docs/robustness.md. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT, requireBuild, scratchFolder } from '../cli/stepfold.js';

test('damaged files of every kind are refused by a code, or do no harm', () => {
  requireBuild();
  const keep = scratchFolder('fuzz');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/fuzz.mjs', '--inputs', '39', '--seed', '1', '--cli', '15', '--keep', keep],
    { cwd: ROOT, encoding: 'utf8' },
  );
  expect(stdout).toContain('0 kinds of failure');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
