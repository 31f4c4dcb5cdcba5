/** Loops that end in NaN or infinity on the command line: where, and exit status 1; nothing is written. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { saveModel } from '../../src/node.js';
import { modelOf } from '../helpers/text.js';
import { TINY_UNET } from '../helpers/unets.js';
import { done, type Outcome, ROOT, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const DIT = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
const folder = scratchFolder('not-finite');
const at = (name: string) => path.join(folder, name);
const cli = (...args: string[]) => stepfold(args, { cwd: folder });
const ROLES = ['--timestep', 't'];

/** Finite down to timestep 101, and NaN below. */
const BREAKING = TINY_UNET.replace('[decode1] eps', '[decode1] whole').replace(
  /\}$/,
  `  hundred = Constant <value_float = 100.0> ()
  left = Sub (t, hundred)
  root = Log (left)
  nothing = Sub (root, root)
  nothings = Unsqueeze (nothing, axes)
  eps = Add (whole, nothings)
}`,
);

beforeAll(async () => {
  requireBuild();
  saveModel(modelOf(BREAKING), at('breaking.onnx'));
  const pass = ['--pass', 'deepcache:branch=1,interval=2', '--calls', '4'];
  await done(['transform', 'breaking.onnx', ...pass, '-o', 'bundle'], { cwd: folder });
});

function expectBroken(outcome: Outcome, code: string, ...mentions: string[]): void {
  expect(outcome.stderr).toMatch(new RegExp(`^error ${code}: [^\\n]+[.)]\\n$`));
  for (const mention of mentions) expect(outcome.stderr).toContain(mention);
  expect({ status: outcome.status, stdout: outcome.stdout }).toEqual({ status: 1, stdout: '' });
}

const AT_THREE = 'first at step 3 of 4, which is call 3, at timestep 0';

describe.concurrent('NaN', () => {
  test('run, on a bundle and on a model', async () => {
    const found = await cli('run', 'bundle', ...ROLES, '-o', 'images');
    expectBroken(found, 'DENOISE_NOT_FINITE', 'Output "eps" of the bundle "bundle"', AT_THREE);
    expect(fs.readdirSync(at('images'))).toEqual([]);
    const plain = await cli('run', 'breaking.onnx', '--steps', '4', ...ROLES, '-o', 'plain');
    expectBroken(plain, 'DENOISE_NOT_FINITE', 'the model "breaking.onnx"', AT_THREE);
  });

  test('report', async () => {
    const how = ['--rounds', '1', '--against', 'breaking.onnx', ...ROLES, '-o', 'page.html'];
    const found = await cli('report', 'bundle', ...how);
    expectBroken(found, 'DENOISE_NOT_FINITE', 'the model "breaking.onnx"', AT_THREE);
    expect(fs.existsSync(at('page.html'))).toBe(false);
  });

  test('timesteps, in the reference and in every loop that is tried', async () => {
    const found = await cli(
      'timesteps',
      'breaking.onnx',
      '--steps',
      '2',
      ...ROLES,
      '-o',
      'list.json',
    );
    expectBroken(found, 'TIMESTEPS_NOT_FINITE', 'reference loop', 'step 90 of 100', 'timestep 99');
    expect(fs.existsSync(at('list.json'))).toBe(false);
  });

  test('calibrate, with what guidance makes', async () => {
    const pass = ['--pass', 'ditfastattn:threshold=D6', '--calls', '3', '--samples', '1'];
    const pair = ['--guidance', 'cond-first', '--guidance-scale', '1e40'];
    const found = await cli('calibrate', DIT, ...pass, ...pair, '-o', 'plan.json');
    expectBroken(found, 'DENOISE_NOT_FINITE', 'after guidance', 'step 0 of 3', 'call 0');
    expect(fs.existsSync(at('plan.json'))).toBe(false);
  });

  test('as JSON, too', async () => {
    const { status, stdout } = await cli('run', 'bundle', ...ROLES, '-o', 'as-json', '--json');
    expect([status, JSON.parse(stdout).error.code]).toEqual([1, 'DENOISE_NOT_FINITE']);
  });
});
