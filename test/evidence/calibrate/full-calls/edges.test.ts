/** Weights of edges against loops written from their definition: the source model, a sampler, and the sum of a forecast. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forecast } from '../../../../passes/index.js';
import { endError } from '../../../../src/evidence/calibrate/full-calls/candidates.js';
import {
  between,
  gainAt,
  gainSteps,
  gains,
  localErrors,
} from '../../../../src/evidence/calibrate/full-calls/edges.js';
import {
  type FullLoop,
  runFullLoop,
} from '../../../../src/evidence/calibrate/full-calls/full-loop.js';
import {
  type OpenSearch,
  openSearch,
} from '../../../../src/evidence/calibrate/full-calls/search.js';
import type { StepLoop } from '../../../../src/evidence/calibrate/full-calls/step-loop.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import {
  batchNoise,
  samplerFrom,
  type Trajectory,
} from '../../../../src/runtime/samplers/index.js';
import { ort } from '../../../helpers/compile.js';

const UNET = 'samples/digits/digits-unet.onnx';
const STEPS = 8;
const IMAGES = 2;
const SAMPLER = { name: 'dpm++2m', spacing: 'trailing' } as const;

const labels = new ort.Tensor('int64', BigInt64Array.from([3n, 7n, 1n, 4n]), [4]);

let search: OpenSearch<unknown>;
let loop: StepLoop;
let whole: FullLoop;
let session: Awaited<ReturnType<typeof ort.InferenceSession.create>>;

beforeAll(async () => {
  search = (await openSearch(loadModel(UNET), {
    pass: forecast as never,
    options: { order: 1, basis: 'lagrange' },
    calls: STEPS,
    samples: 2 * IMAGES,
    sampler: SAMPLER,
    feeds: { class_labels: labels as never },
    asked: { full: 3 },
  })) as never;
  loop = await search.loopOn(search.halves[0]);
  whole = await runFullLoop(loop, search.opened[0]!);
  session = await ort.InferenceSession.create(UNET);
});

afterAll(async () => {
  await search.release();
  await session.release();
});

const sampler = samplerFrom('dpm++2m', { spacing: 'trailing', steps: STEPS });

async function predict(latent: Float32Array, step: number): Promise<Float32Array> {
  const { out_sample } = await session.run({
    sample: new ort.Tensor('float32', latent, [IMAGES, 1, 16, 16]),
    timestep: new ort.Tensor(
      'int64',
      BigInt64Array.from({ length: IMAGES }, () => BigInt(sampler.timesteps[step]!)),
      [IMAGES],
    ),
    class_labels: new ort.Tensor('int64', BigInt64Array.from([3n, 7n]), [IMAGES]),
  });
  return out_sample!.data as Float32Array;
}

const start = () => sampler.start(batchNoise(0, [IMAGES, 1, 16, 16])());

/** The loop in which some steps take (1 + k / g) F(i) - (k / g) F(i - g) of the two full steps before. */
async function plainLoop(
  isFull: (step: number) => boolean,
  history: (step: number) => readonly number[],
  until = STEPS,
): Promise<Float32Array> {
  let trajectory: Trajectory = start();
  const outputs: Float32Array[] = [];
  for (let step = 0; step < until; step++) {
    const [i, before] = isFull(step) ? [] : history(step);
    let made: Float32Array;
    if (i === undefined) made = await predict(trajectory.latent, step);
    else if (before === undefined) made = outputs[i]!;
    else {
      const share = (step - i) / (i - before);
      made = outputs[i]!.map((v, e) => (1 + share) * v - share * outputs[before]![e]!);
    }
    outputs[step] = made;
    trajectory = sampler.step(made, step, trajectory);
  }
  return trajectory.latent;
}

const rms = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
const apart = (a: Float32Array, b: Float32Array) => rms(a.map((v, i) => v - b[i]!));

describe('an edge', () => {
  // from 3 with one full step 2 before: the steps behind 3 up to the end of the edge are forecast from 3 and 1
  const [from, gap] = [3, 2];
  const edge = (to: number) => (step: number) => step <= from || step >= to;

  test('errors where edges end are those of the plain loop there', async () => {
    const subject = { loop, whole, open: search.opened[0]! };
    const errors = await localErrors(subject, gap, from, 4);
    expect(errors).toHaveLength(4);
    expect(errors[0]).toBe(0);
    const end = await plainLoop(
      () => true,
      () => [],
    );
    for (const to of [5, 6, 7]) {
      const there = await plainLoop(
        () => true,
        () => [],
        to,
      );
      const off = await plainLoop(edge(to), () => [from, from - gap], to);
      const wanted = apart(off, there) / rms(end);
      expect(errors[to - from - 1]! / wanted).toBeCloseTo(1, 3);
    }
  });

  test('the error and what becomes of it come to the loop in which only that edge is not full', async () => {
    const subject = { loop, whole, open: search.opened[0]! };
    const to = from + gap;
    const [error, gain] = [
      (await localErrors(subject, gap, from, 4))[to - from - 1]!,
      await gainAt(subject, gap, to),
    ];
    const end = await plainLoop(
      () => true,
      () => [],
    );
    const off = await plainLoop(edge(to), () => [from, from - gap]);
    expect((error * gain) / (apart(off, end) / rms(end))).toBeCloseTo(1, 3);
  });

  test('one value is taken as it was where there are no two', async () => {
    const errors = await localErrors({ loop, whole, open: search.opened[0]! }, 1, 0, 3);
    const there = await plainLoop(
      () => true,
      () => [],
      3,
    );
    const end = await plainLoop(
      () => true,
      () => [],
    );
    const off = await plainLoop(
      (step) => step === 0,
      () => [0],
      3,
    );
    expect(errors[2]! / (apart(off, there) / rms(end))).toBeCloseTo(1, 3);
  });
});

test('a candidate is run with its own history', async () => {
  const full = [0, 2, 5];
  const before = (step: number) =>
    full
      .filter((one) => one < step)
      .reverse()
      .slice(0, 2);
  const end = await plainLoop(
    () => true,
    () => [],
  );
  const off = await plainLoop((step) => full.includes(step), before);
  const error = await endError(loop, whole, search.opened[0]!, full);
  expect(error / (apart(off, end) / rms(end))).toBeCloseTo(1, 3);
});

describe('what is interpolated', () => {
  test('factors, through their logarithms, and 1 at the end', () => {
    const gain = gains(10, [
      [2, 4],
      [6, 1],
    ]);
    expect(gain(2)).toBe(4);
    expect(gain(4)).toBeCloseTo(2, 12);
    expect(gain(1)).toBe(4);
    expect(gain(10)).toBe(1);
  });

  test('errors between gaps that were measured', () => {
    const row = [
      [0, 2],
      [0, 6],
    ];
    expect([1, 2, 3, 5].map((gap) => between([1, 5], row, gap, 1))).toEqual([2, 3, 4, 6]);
  });

  test('steps whose factor is measured lie in the loop, the first that an edge can end with error among them', () => {
    for (const steps of [3, 4, 5, 12, 50, 1000]) {
      const chosen = gainSteps(steps);
      expect(chosen[0]).toBe(2);
      expect(chosen.every((step) => step >= 2 && step < steps)).toBe(true);
    }
  });
});
