/** What `stepfold verify` says, and its exit status: 0 only when something was checked and all passed. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ditfastattn } from '../../passes/index.js';
import { writeBundle } from '../../src/compiler/emit/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { loadModel, saveModel } from '../../src/model/onnx/files.js';
import type { Schedule } from '../../src/runtime/schedule/index.js';
import { modelOf } from '../helpers/text.js';
import { tinyTransformer } from '../helpers/transformers.js';
import { requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('verify');
const source = path.join(folder, 'transformer.onnx');

beforeAll(() => {
  requireBuild();
  saveModel(modelOf(tinyTransformer({ layers: 1 })), source);
});

let bundles = 0;

async function verify(
  row: string[],
  change: (schedule: Schedule) => void = () => {},
  ...args: string[]
) {
  const bundle = path.join(folder, `bundle-${bundles++}`);
  const calls = row.length;
  const compilation = await Pipeline.create({
    calls,
    plan: { format: 'stepfold.plan', version: 1, calls, sites: { 'attention.0': row } },
  })
    .use(ditfastattn, { window: 2 })
    .compile(loadModel(source));
  writeBundle(compilation, bundle, { sourceFile: source });
  const file = path.join(bundle, 'schedule.json');
  const schedule = JSON.parse(fs.readFileSync(file, 'utf8'));
  change(schedule);
  fs.writeFileSync(file, JSON.stringify(schedule));
  return stepfold(['verify', bundle, '--against', source, ...args]);
}

const narrower = ({ sites }: Schedule) => {
  sites!['attention.0']!.attention!.window.tokens = 1;
};
const nowhere = ({ sites }: Schedule) => {
  delete sites!['attention.0']!.attention;
};
const WINDOW = ['compute', 'window', 'reuse'];

test('all is well', async () => {
  const { status, stdout, stderr } = await verify(WINDOW);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/\nAll checks passed\.\nNext: stepfold run .*\n$/);
  expect(stdout).toMatch(/^loop, call 2 .* passed$/m);
});

test('a check fails', async () => {
  const { status, stdout } = await verify(WINDOW, narrower);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^loop, call 1 .* FAILED$/m);
  expect(stdout).toMatch(/\nA check failed\.\n$/);
});

test('a larger tolerance lets it pass', async () => {
  const { status, stdout } = await verify(WINDOW, narrower, '--tolerance', '10');
  expect(status).toBe(0);
  expect(stdout).toMatch(/up to 10 pass/);
});

test('some programs cannot be checked', async () => {
  const { status, stdout } = await verify(['compute', 'window-only'], nowhere);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^Not proved: the loop, since /m);
  expect(stdout).toMatch(/^Not proved: program "mixed", which no check ran\.$/m);
  expect(stdout).toMatch(/\n.*not everything is proved.*\n$/);
  const allowed = await verify(['compute', 'window-only'], nowhere, '--allow-unproved');
  expect(allowed.status).toBe(0);
  expect(allowed.stdout).toMatch(/\n.*let pass unproved: the loop, since .*\nNext: .*\n$/);
});

test('nothing can be checked', async () => {
  const { status, stdout } = await verify(['window-only', 'window-only'], nowhere);
  expect(status).toBe(1);
  expect(stdout).toMatch(/\nNothing was checked\.\n$/);
});
