/** Denoisers that loops are run on, bundles and plain models, and how far two recorded loops are apart. */
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { prepare } from '../../../src/compiler/pipeline/index.js';
import {
  type LoopDenoiser,
  type LoopOptions,
  modelPorts,
  openLoopBundle,
  openLoopModel,
} from '../../../src/evidence/measure/denoise-bundle.js';
import { compareLoops, recordLoop, relativeError } from '../../../src/evidence/measure/trace.js';
import { saveModel } from '../../../src/model/onnx/files.js';
import { createSampler } from '../../../src/runtime/samplers/index.js';
import { EXACT } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { split, withRoles, writeTiny } from '../../runtime/session/tiny-bundles.js';
import { feedsOf } from './proof.js';

type Half = Parameters<LoopDenoiser['call']>[1]['half'];

async function opened(change: object = {}, options: LoopOptions = {}) {
  const tiny = withRoles(split());
  const { source } = tiny.schedule;
  const schedule = { ...tiny.schedule, ...change };
  const folder = await writeTiny({
    ...tiny,
    schedule: { ...schedule, source: { ...source, ...schedule.source, roles: source.roles! } },
  });
  const loop = await openLoopBundle(folder, { sessionOptions: EXACT, ...options });
  onTestFinished(() => loop.release());
  const run = async (call: number, half: Half = 'both') => {
    const { y } = await loop.call(feedsOf(call) as never, { step: 0, call, half });
    return [...(y!.data as Float32Array)];
  };
  return { loop, run, folder };
}

/** Twice 1 to 4 and ten a call, and half a call. */
const tiny = (kept: number, call: number) =>
  [1, 2, 3, 4].map((x) => 2 * (x + 10 * kept) + call / 2);

describe('a bundle', () => {
  test('says what its schedule says', async () => {
    const { loop, folder } = await opened({ timesteps: [9, 7, 5, 3] });
    expect(loop).toMatchObject({
      label: `the bundle "${folder}"`,
      calls: 4,
      timesteps: [9, 7, 5, 3],
      ports: { roles: { latent: 'x', timestep: 't' }, guidance: undefined, needsPairs: false },
    });
    expect(loop.ports.inputs.map(({ name }) => name)).toEqual(['x', 't']);
    expect(loop.ports.bindings).toEqual(new Map());
  });

  test('runs the calls of an image, counts them, and begins another where it is told to', async () => {
    const { loop, run } = await opened();
    expect(await run(0)).toEqual(tiny(0, 0));
    expect(await run(1)).toEqual(tiny(0, 1));
    expect([...loop.counts]).toEqual([
      ['full', 1],
      ['shallow', 1],
    ]);
    loop.reset();
    expect(await run(2)).toEqual(tiny(2, 2));
    expect(await run(3)).toEqual(tiny(2, 3));
    expect([...loop.counts]).toEqual([
      ['full', 2],
      ['shallow', 2],
    ]);
  });

  test('keeps a set of states for each half, where these are calls that it was not made for', async () => {
    const { run, loop } = await opened({}, { halves: true });
    expect(await run(0, 'conditional')).toEqual(tiny(0, 0));
    expect(await run(1, 'unconditional')).toEqual(tiny(1, 1));
    expect(await run(2, 'conditional')).toEqual(tiny(0, 2));
    expect(await run(3, 'unconditional')).toEqual(tiny(1, 3));
    loop.reset();
    expect(await run(4, 'conditional')).toEqual(tiny(4, 4));
    expect(await run(5, 'unconditional')).toEqual(tiny(5, 5));
  });

  test.each([
    [{ source: { guidance: { order: 'cond-first', mode: 'two-calls' } } }, { halves: true }],
    [{}, { halves: false }],
  ])('keeps one where it was made for that, or nobody asks: %j', async (change, options) => {
    const { run } = await opened(change, options);
    expect(await run(0, 'conditional')).toEqual(tiny(0, 0));
    expect(await run(1, 'unconditional')).toEqual(tiny(0, 1));
  });

  test('takes two images that begin alike for one, until it is told otherwise', async () => {
    const { run } = await opened();
    await run(5);
    expect(await run(6)).toEqual(tiny(5, 6));
    expect(await run(4)).toEqual(tiny(5, 4));
  });
});

test('a plain model says what its graph says, and has no states', async () => {
  const folder = path.dirname((await opened()).folder);
  const file = path.join(folder, `stepfold-plain-${process.pid}.onnx`);
  saveModel(
    modelOf(`g (float[b,4,h,h] x, float[b] t, int64[b] label, float free) => (float[b,4,h,h] y)
      < float[7,1] table = {1, 2, 3, 4, 5, 6, 7}, int64[2] axes = {2, 3}, int64[1] one = {1}, float free = {0} >
      { s = Sin (t) c = Cos (t) waves = Add (s, c) column = Unsqueeze (waves, one) class = Gather (table, label)
        both = Add (class, column) wide = Unsqueeze (both, axes) y = Add (x, wide) }`),
    file,
  );
  const loop = await openLoopModel(file, { sessionOptions: EXACT });
  onTestFinished(() => loop.release());
  expect(loop).toMatchObject({
    label: `the model "${file}"`,
    calls: undefined,
    classes: new Map([['label', 7]]),
    counts: new Map(),
    ports: { roles: { latent: 'x', timestep: 't', prediction: 'y' } },
  });
  expect(loop.ports.inputs).toEqual([
    { name: 'x', type: 'float32', shape: ['b', 4, 'h', 'h'] },
    { name: 't', type: 'float32', shape: ['b'] },
    { name: 'label', type: 'int64', shape: ['b'] },
  ]);
  expect(loop.ports.outputs).toEqual([{ name: 'y', type: 'float32', shape: ['b', 4, 'h', 'h'] }]);
  loop.reset();
  const feeds = {
    x: new ort.Tensor('float32', new Float32Array(4), [1, 4, 1, 1]),
    t: new ort.Tensor('float32', Float32Array.of(0), [1]),
    label: new ort.Tensor('int64', BigInt64Array.of(6n), [1]),
  };
  const { y } = await loop.call(feeds as never, { step: 0, call: 0, half: 'both' });
  expect([...(y!.data as Float32Array)]).toEqual([8, 8, 8, 8]);
});

test('of a plain model no role is said that nobody knows', async () => {
  const { roles } = modelPorts(
    await prepare(modelOf('g (float[2] a) => (float[2] y) { y = Neg (a) }')),
  );
  expect(Object.keys(roles)).toEqual(['prediction']);
});

describe('the error of a loop', () => {
  test.each<[actual: number[], reference: number[], error: number]>([
    [[3, 4], [3, 4], 0],
    [[0, 0], [0, 0], 0],
    [[3, 9], [3, 4], 1],
    [[3, 4.5], [3, 4], 0.1],
    [[6, 8], [3, 4], 1],
    [[-3, -4], [3, 4], 2],
    [[1], [0], Number.POSITIVE_INFINITY],
  ])('of %j from %j is %d', (actual, reference, error) => {
    expect(relativeError(Float32Array.from(actual), Float32Array.from(reference))).toBeCloseTo(
      error,
      12,
    );
  });

  /** Predicts a multiple of the latent, in place of what nobody may change later. */
  const denoiser = (factor: number): LoopDenoiser => ({
    ports: {
      inputs: [
        { name: 'x', type: 'float32', shape: ['b', 3] },
        { name: 't', type: 'float32', shape: ['b'] },
      ],
      outputs: [{ name: 'y', type: 'float32', shape: ['b', 3] }],
      roles: { latent: 'x', timestep: 't' },
      bindings: new Map([['b', 1]]),
    },
    calls: undefined,
    counts: new Map(),
    reset() {},
    call: async ({ x }) => {
      const y = (x!.data as Float32Array).map((value) => factor * value);
      return { y: new ort.Tensor('float32', y, x!.dims) } as never;
    },
    release: async () => {},
  });

  test('is that of each step, of prediction and latent', async () => {
    const steps: number[] = [];
    const options = {
      sampler: createSampler('ddim', { steps: 3 }),
      seed: 1,
      feeds: {},
      onStep: (step: number, of: number) => void steps.push(step, of),
    };
    const [one, other] = [
      await recordLoop(denoiser(0.5), options),
      await recordLoop(denoiser(0.25), options),
    ];
    expect(steps.slice(0, 6)).toEqual([1, 3, 2, 3, 3, 3]);
    expect(one.steps).toHaveLength(3);
    expect(one.steps[2]!.latent).toEqual(one.latent);
    expect(one.steps[0]!.latent).not.toEqual(one.latent);
    expect(one.madeUp).toEqual([]);
    const errors = compareLoops(other, one);
    expect(errors.map(({ step }) => step)).toEqual([0, 1, 2]);
    // half of what was predicted on the same noise
    expect(errors[0]!.prediction).toBeCloseTo(0.5, 6);
    expect(errors[2]!.latent).toBe(relativeError(other.latent, one.latent));
    for (const { prediction, latent } of compareLoops(one, one))
      expect([prediction, latent]).toEqual([0, 0]);
  });

  test('is that of what each step made at the time, though a denoiser writes all into one place', async () => {
    const place = new Float32Array(3);
    const seen: number[][] = [];
    const one = denoiser(0.5);
    const loop = await recordLoop(
      {
        ...one,
        call: async (feeds, at) => {
          const { y } = await one.call(feeds, at);
          place.set(y!.data as Float32Array);
          return { y: new ort.Tensor('float32', place, y!.dims) } as never;
        },
      },
      {
        sampler: createSampler('ddim', { steps: 3 }),
        seed: 1,
        feeds: {},
        // who is shown the latent may come to write over it when the loop has gone on
        onStep: (step, _, made) => {
          seen.push([...made.prediction, ...made.latent]);
          if (step === 3) made.latent.fill(0);
        },
      },
    );
    expect(loop.steps.map(({ prediction, latent }) => [...prediction, ...latent])).toEqual(seen);
  });
});
