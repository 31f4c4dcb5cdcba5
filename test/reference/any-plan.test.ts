/**
 * Emitted models under DiTFastAttn and single calls: random plans against the plain reference beside
 * this file, at windows from one token to more than there are, and what must hold by definition.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { EMITS } from '../helpers/compile.js';
import { nextOutput, openPlan } from './bundle.js';
import { DIGITS_FILE, NO_CLASS, noiseImages } from './digits.js';
import { predictNoise } from './dit.js';
import { FastAttention } from './ditfastattn.js';
import { flat, type Matrix, relativeError } from './numbers.js';
import { type Rows, randomPlan, uniformPlan } from './plans.js';
import { readDitWeights } from './weights.js';

const PAIR = { order: 'cond-first', mode: 'batch' } as const;
const CALLS = 3;
const weights = readDitWeights(DIGITS_FILE);

describe.each([1, 5, 143, 200])('a random plan, %i tokens to each side', (window) => {
  const labels = [window % 10, NO_CLASS];
  const images = (call: number) => noiseImages(1000 * window + call, labels.length);
  const timestep = (call: number) => 900 - 300 * call;
  const plan = randomPlan(CALLS, window);
  let expected: Matrix[];

  beforeAll(() => {
    const attention = new FastAttention(weights, window);
    expected = plan.map((row, call) =>
      flat(predictNoise(weights, images(call), timestep(call), labels, attention.call(row))),
    );
  });

  test.each(EMITS)('%s', async (emit) => {
    const session = await openPlan(plan, emit, PAIR, window);
    for (const [call, output] of expected.entries()) {
      const actual = await nextOutput(session, images(call), timestep(call), labels);
      const what = `call ${call} of ${JSON.stringify(plan)}`;
      expect(relativeError(actual, output), what).toBeLessThan(1e-5);
    }
    await session.release();
  });
});

describe.each(['split', 'merged'] as const)('the same inputs at every call, %s', (emit) => {
  async function outputs(plan: Rows, images: readonly Matrix[], labels: readonly number[]) {
    const session = await openPlan(plan, emit);
    const results: Float32Array[] = [];
    for (const _ of plan) results.push(await nextOutput(session, images, 400, labels));
    await session.release();
    return results as [Float32Array, Float32Array, Float32Array];
  }
  const [image, other] = noiseImages(7, 2) as [Matrix, Matrix];

  test('what was kept changes nothing', async () => {
    const plan = uniformPlan('crw');
    const [full, reused, windowed] = await outputs(plan, [image, other], [5, NO_CLASS]);
    expect(reused).toEqual(full);
    expect(relativeError(windowed, full)).toBeLessThan(1e-5);
  });

  test('sharing changes nothing where both halves are equal', async () => {
    const [full, shared, narrowed] = await outputs(uniformPlan('cgb'), [image, image], [5, 5]);
    expect(relativeError(shared, full)).toBeLessThan(1e-5);
    expect(relativeError(narrowed, full)).toBeLessThan(1e-5);
  });

  test('and much where they are not', async () => {
    const [full, shared] = await outputs(uniformPlan('cg'), [image, other], [5, NO_CLASS]);
    expect(relativeError(shared, full)).toBeGreaterThan(0.01);
  });
});
