/** `run --yardstick` against loops that are run one by one, their distances worked out here. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpy } from '../../src/io/npy.js';
import { DIGITS, done, expectRefusal, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('run-yardstick');
beforeAll(requireBuild);
const at = (...names: string[]) => path.join(folder, ...names);
const run = (...args: string[]) => done(args, { cwd: folder });
/** Few enough steps in training that a converged loop is short. */
const LOOP = ['--seed', '5', '--train-timesteps', '40', '--spacing', 'trailing'];

async function endOf(name: string, model: string, ...more: string[]) {
  await run('run', model, ...LOOP, '-o', name, ...more);
  return samplesOf(name);
}

function samplesOf(name: string): Float32Array {
  const file = at(name, 'samples.npy');
  return readNpy(fs.readFileSync(file), file).data as Float32Array;
}

function decibels(found: Float32Array, wanted: Float32Array): number {
  const range = Math.max(...wanted) - Math.min(...wanted);
  const square = wanted.reduce((sum, v, i) => sum + (found[i]! - v) ** 2, 0) / wanted.length;
  return 10 * Math.log10(range ** 2 / square);
}

describe('run --yardstick', () => {
  beforeAll(async () => {
    const pass = ['--pass', 'forecast:full-calls=4,order=1', '--calls', '8'];
    await run('transform', DIGITS, ...pass, '-o', 'bundle');
  });

  test('tells how near the bundle ends, and fewer steps of its source for the same work', async () => {
    const printed = await run(
      ...['run', 'bundle', ...LOOP, '-o', 'out'],
      ...['--yardstick', '--source', DIGITS, '--json'],
    );
    const { yardstick } = JSON.parse(printed) as {
      yardstick: {
        cost: number;
        convergedSteps: number;
        bundle: { own: number; converged: number };
        rows: { name: string; steps: number; isOwn: boolean; own: number; spacing: string }[];
      };
    };
    const bundle = samplesOf('out');
    const whole = await endOf('whole', DIGITS, '--steps', '8');
    expect(yardstick.cost).toBeCloseTo(4, 1);
    expect(yardstick.convergedSteps).toBe(40);
    expect(yardstick.bundle.own).toBeCloseTo(decibels(bundle, whole), 3);
    const own = yardstick.rows.find(({ isOwn }) => isOwn)!;
    expect(own).toMatchObject({ name: 'ddim', steps: Math.ceil(yardstick.cost - 1e-9) });
    const spacing =
      own.spacing === 'karras'
        ? ['--levels', 'karras']
        : ['--spacing', own.spacing, '--steps-offset', '0'];
    await run(
      ...['run', DIGITS, '--seed', '5', '--train-timesteps', '40', '-o', 'fewer'],
      ...['--steps', String(own.steps), ...spacing],
    );
    const fewer = samplesOf('fewer');
    expect(own.own).toBeCloseTo(decibels(fewer, whole), 3);
  });

  test('finds the source beside the bundle by what it holds, and prints a table', async () => {
    fs.copyFileSync(DIGITS, at('digits-unet.onnx'));
    const printed = await run('run', 'bundle', ...LOOP, '-o', 'beside', '--yardstick');
    expect(printed).toContain("to the source's own loop");
    expect(printed).toMatch(/this bundle +\d+\.\d +\d+\.\d/);
    expect(printed).toContain("(the loop's sampler)");
  });

  test('says where it looked, and refuses a plain model', async () => {
    fs.cpSync(at('bundle'), at('alone', 'bundle'), { recursive: true });
    // another model of that name is not it
    fs.writeFileSync(at('alone', 'digits-unet.onnx'), 'another');
    const cwd = at('alone');
    expectRefusal(
      await stepfold(['run', 'bundle', ...LOOP, '-o', 'lost', '--yardstick'], { cwd }),
      'RUN_SOURCE',
      'bundle',
    );
    const plain = ['run', DIGITS, '-o', 'plain', '--yardstick'];
    expectRefusal(await stepfold(plain, { cwd: folder }), 'RUN_YARDSTICK', DIGITS);
  });
});
