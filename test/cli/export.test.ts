/** `stepfold export`, as it is typed: what it says, and what it says of a slip. What it writes is tested with the compiler. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import {
  DIGITS,
  done,
  expectRefusal,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const folder = scratchFolder('export');
const at = { cwd: folder };

beforeAll(async () => {
  requireBuild();
  await done(
    ['transform', DIGITS, ...UNET, '--calls', '4', '--emit', 'stateful', '-o', 'unet'],
    at,
  );
});

test('a model for Triton, and how it is served', async () => {
  const said = await done(
    ['export', 'triton', 'unet', '-o', 'repository', '--sequences', '2', '--idle', '90'],
    at,
  );
  expect(said).toBe(
    [
      `${path.join('repository', 'unet')}: stateful, 2 states, 2 sequences at a time, given up after 90 s without a request`,
      "Weights: hard links to the bundle's",
      `How it is called, and its limits: ${path.join('repository', 'unet', 'README.md')}`,
      '',
      'Next',
      'tritonserver --model-repository=repository',
      '',
    ].join('\n'),
  );
  const config = fs.readFileSync(path.join(folder, 'repository/unet/config.pbtxt'), 'utf8');
  expect(config).toContain('max_sequence_idle_microseconds: 90000000');
  expect(config).toContain('max_candidate_sequences: 2');
});

test('the same as JSON, under another name', async () => {
  const args = ['export', 'triton', 'unet', '-o', 'other', '--name', 'v2', '--weights', 'copy'];
  expect(JSON.parse(await done([...args, '--json'], at))).toEqual({
    folder: path.join('other', 'v2'),
    name: 'v2',
    form: 'stateful',
    maxBatch: 0,
    states: 2,
    sequences: 4,
    idle: 60,
    warmUp: false,
    weights: { 'weights.bin': 'copied' },
  });
});

test.each<[string, string[], string, string]>([
  ['no bundle', ['triton'], 'CLI_USAGE', '<bundle> is missing'],
  ['nothing at all', [], 'CLI_USAGE', '<kind> is missing'],
  ['another server', ['tritn', 'unet', '-o', 'x'], 'CLI_USAGE', '<kind> cannot be "tritn"'],
  ['no time', ['triton', 'unet', '-o', 'x', '--idle', '0'], 'CLI_ARGUMENT', '--idle'],
  ['what is there', ['triton', 'unet', '-o', '.'], 'TRITON_MODEL_EXISTS', '"unet"'],
  ['no bundle there', ['triton', 'none', '-o', 'x'], 'FILE_NOT_FOUND', 'schedule.json'],
])('refuses %s', async (_, args, code, words) => {
  expectRefusal(await stepfold(['export', ...args], at), code, words);
  expect(fs.existsSync(path.join(folder, 'x'))).toBe(false);
});
