/**
 * Whole denoising runs under DiTFastAttn: what the emitted models give at every call, and the image in
 * the end, is what the plain reference beside this file gives, which runs a loop of its own.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { GuidancePair } from '../../src/runtime/schedule/index.js';
import { openPlan, type Run, runDenoising } from './bundle.js';
import { denoiseByDdim } from './ddim.js';
import { DIGITS_FILE, NO_CLASS, noiseImages } from './digits.js';
import { predictNoise } from './dit.js';
import { FastAttention, FastAttentionByHalf } from './ditfastattn.js';
import { flat, type Matrix, relativeError } from './numbers.js';
import { planOf, type Rows } from './plans.js';
import { DIT, readDitWeights } from './weights.js';

/** A network in float32 errs by 1e-6; ten steps, each scaling by the guidance, make it more. */
const TOLERANCE = 1e-4;
const SCALE = 2;
/** The pass's default window, an eighth of the tokens. */
const REACH = DIT.tokens / 8;
const weights = readDitWeights(DIGITS_FILE);

function expectEqual(actual: Run, expected: Run) {
  expect(actual.calls).toHaveLength(expected.calls.length);
  for (const [call, output] of actual.calls.entries())
    expect(relativeError(output, expected.calls[call]!), `call ${call}`).toBeLessThan(TOLERANCE);
  expect(relativeError(actual.image, expected.image)).toBeLessThan(TOLERANCE);
}

async function emitted(
  plan: Rows,
  emit: 'split' | 'merged',
  guidance: GuidancePair,
  noise: readonly Matrix[],
  labels: readonly number[],
): Promise<Run> {
  const session = await openPlan(plan, emit, guidance);
  const steps = guidance.mode === 'batch' ? plan.length : plan.length / 2;
  const run = await runDenoising(session, guidance, noise, labels, { steps, scale: SCALE });
  await session.release();
  return run;
}

describe('both halves of a pair in one batch', () => {
  const labels = [3, 8];
  const noise = noiseImages(1, labels.length);
  // in one layer or another each strategy follows each, itself included
  const plan = planOf('cbwowbcgr', 'ccrcobgbo', 'cwrrgogcg', 'gwcroorww', 'ggcrbrrwg', 'ocbbrorgw');
  let expected: Run;

  beforeAll(() => {
    const calls: Matrix[] = [];
    const attention = new FastAttention(weights, REACH);
    const classes = [...labels, ...labels.map(() => NO_CLASS)];
    const image = denoiseByDdim(noise, plan.length, SCALE, (images, timestep, step) => {
      const module = attention.call(plan[step]!);
      const pair = predictNoise(weights, [...images, ...images], timestep, classes, module);
      calls.push(flat(pair));
      return {
        conditional: pair.slice(0, images.length),
        unconditional: pair.slice(images.length),
      };
    });
    expected = { calls, image: flat(image) };
  });

  test.each(['split', 'merged'] as const)('%s, conditional half first', async (emit) => {
    const guidance = { order: 'cond-first', mode: 'batch' } as const;
    expectEqual(await emitted(plan, emit, guidance, noise, labels), expected);
  });

  test('split, unconditional half first', async () => {
    const guidance = { order: 'uncond-first', mode: 'batch' } as const;
    const swapped = (pair: ArrayLike<number>) => {
      const [values, half] = [Array.from(pair), pair.length / 2];
      return [...values.slice(half), ...values.slice(0, half)];
    };
    expectEqual(await emitted(plan, 'split', guidance, noise, labels), {
      calls: expected.calls.map(swapped),
      image: expected.image,
    });
  });

  test('the plan matters: computing every call gives another image', async () => {
    const guidance = { order: 'cond-first', mode: 'batch' } as const;
    const computed = plan.map((row) => row.map(() => 'compute' as const));
    const { image } = await emitted(computed, 'split', guidance, noise, labels);
    expect(relativeError(image, expected.image)).toBeGreaterThan(100 * TOLERANCE);
  });
});

describe('a call for each half of a pair', () => {
  const labels = [5];
  const noise = noiseImages(2, labels.length);
  // two letters for a step: the conditional half, then the other
  const plan = planOf(
    'cc rr ww rg wr',
    'cg ww cc wb rw',
    'gg bb wr cw rb',
    'cc wg gw rr wc',
    'oo cc rr bw og',
    'gc wr bb cg ww',
  );
  let expected: Run;

  beforeAll(() => {
    const calls: Matrix[] = [];
    const attention = new FastAttentionByHalf(weights, REACH);
    const classes = { first: labels, second: labels.map(() => NO_CLASS) };
    const image = denoiseByDdim(noise, plan.length / 2, SCALE, (images, timestep, step) => {
      const [conditional, unconditional] = (['first', 'second'] as const).map((half, i) => {
        const module = attention.call(half, plan[2 * step + i]!);
        const outputs = predictNoise(weights, images, timestep, classes[half], module);
        calls.push(flat(outputs));
        return outputs;
      }) as [Matrix[], Matrix[]];
      return { conditional, unconditional };
    });
    expected = { calls, image: flat(image) };
  });

  test.each(['split', 'merged'] as const)('%s', async (emit) => {
    const guidance = { order: 'cond-first', mode: 'two-calls' } as const;
    expectEqual(await emitted(plan, emit, guidance, noise, labels), expected);
  });

  test('is the same as one batch, where both halves follow the same plan', async () => {
    const together = planOf('cbwrgbw', 'cgbwbrw', 'gbrcwbo', 'cogwbrb', 'crbrgbw', 'orcwbwg');
    const batch = { order: 'cond-first', mode: 'batch' } as const;
    const pairs = await emitted(together, 'split', batch, noise, labels);
    const calls = pairs.calls.flatMap((pair) => {
      const values = Array.from(pair);
      return [values.slice(0, pair.length / 2), values.slice(pair.length / 2)];
    });
    const apart = together.flatMap((row) => [row, row]);
    const halves = await emitted(apart, 'split', { ...batch, mode: 'two-calls' }, noise, labels);
    expectEqual(halves, { calls, image: pairs.image });
  });
});
