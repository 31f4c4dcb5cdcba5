/** A fixed share of what `npm run fuzz` does for as long as it is told to; see docs/robustness.md. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT, requireBuild, scratchFolder } from '../cli/stepfold.js';

/** One round of all classes, each as often as its weight says. */
const INPUTS = 51;

test('damaged files of every kind are refused by a code, or do no harm', {
  timeout: 300_000,
}, () => {
  requireBuild();
  const keep = scratchFolder('fuzz');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/fuzz.mjs', '--inputs', String(INPUTS), '--seed', '1', '--cli', '15', '--keep', keep],
    { cwd: ROOT, encoding: 'utf8' },
  );
  expect(stdout).toContain('0 kinds of failure');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
