/** Targets of engines with limits, as a user meets them. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { DIGITS, expectRefusal, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('targets');
beforeAll(requireBuild);

const forWebnn = (name: string, ...more: string[]) => [
  ...['transform', DIGITS, '--pass', 'deepcache:branch=3,interval=3', '--calls', '6'],
  ...['--target', 'webnn', '-o', path.join(folder, name), ...more],
];

describe.concurrent('WebNN', () => {
  test('a model of open sizes is refused, with the sizes to fix, and nothing is written', async () => {
    expectRefusal(
      await stepfold(forWebnn('open')),
      'TARGET_OPEN_SIZE',
      '"sample" (axis 0: batch)',
      '--freeze batch=N',
    );
    expect(fs.existsSync(path.join(folder, 'open'))).toBe(false);
  });

  test('a form with branches is refused, with what to use', async () => {
    const outcome = await stepfold(forWebnn('merged', '--freeze', 'batch=2', '--emit', 'merged'));
    expectRefusal(outcome, 'TARGET_FORM', '"merged"', 'Emit split, or chain');
  });

  test('of fixed sizes it is written, and what was checked is said', async () => {
    const { status, stdout } = await stepfold(forWebnn('fixed', '--freeze', 'batch=2'));
    expect(status).toBe(0);
    expect(stdout).toContain(
      'It takes every node, by its table (onnxruntime-web 1.30.0, read 2026-11-29).',
    );
    const report = JSON.parse(fs.readFileSync(path.join(folder, 'fixed/report.json'), 'utf8'));
    expect(report.target).toMatchObject({
      name: 'webnn',
      models: { full: { findings: [] }, shallow: { findings: [] } },
    });
  });

  test('inspect lists what would not be taken, and ends with 1 where nothing would be', async () => {
    const open = await stepfold(['inspect', DIGITS, '--target', 'webnn', '--json']);
    expect([open.status, open.stderr]).toEqual([1, '']);
    expect(JSON.parse(open.stdout).target.findings).toMatchObject([
      { severity: 'error', code: 'TARGET_OPEN_SIZE' },
    ]);
    const optimized = await stepfold([
      'inspect',
      'samples/corpus/dit-optimizer.onnx',
      '--target',
      'webnn',
      '--freeze',
      'batch=2',
    ]);
    expect(optimized.status).toBe(0);
    expect(optimized.stdout).toMatch(
      /\nwarning TARGET_OPERATOR: "FastGelu_AddBias_0" and 2 more nodes \(FastGelu\) run on the CPU/,
    );
  });
});
