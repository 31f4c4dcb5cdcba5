/** The error of timesteps in loops with pictures, masks and further models, against loops that are written out. */
import type * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { timestepError } from '../../../src/evidence/calibrate/timesteps/index.js';
import { openLoopModel } from '../../../src/evidence/measure/index.js';
import {
  controlledModel,
  controlModel,
  fileOf,
  floats,
  guided,
  loopFolder,
  noiseOf,
  plainDdim,
  signalAt,
  textModel,
  wave,
} from '../../helpers/loops.js';

const folder = loopFolder();
const [STEPS, REFERENCE, SEED, SCALE] = [5, 20, 6, 2];
const LIST = [900, 640, 500, 200, 20];
const prompt = floats(wave(20), 2, 5, 2);
const negative = floats(wave(36, 50), 2, 9, 2);
const clean = wave(64, 7);
const mask = [1, 0, 0.5, 1, 0, 1, 1, 0, 1, 0, 0.5, 1, 0, 1, 1, 0];
const picture = floats(wave(2 * 128, 20), 2, 2, 8, 8);
const noise = noiseOf(SEED, 2, 32);
const trailing = Array.from({ length: REFERENCE }, (_, i) => 1000 - i * 50 - 1);

const guidance = {
  order: 'cond-first',
  mode: 'two-calls',
  scale: SCALE,
  unconditional: { c: negative as never },
} as const;

test('from a picture, by a mask, with a control model and two calls of other lengths, and handed over', async () => {
  const [first, second, beside] = [
    await fileOf(folder, 'first', controlledModel()),
    await fileOf(folder, 'second', textModel()),
    await fileOf(folder, 'beside', controlModel(['down', 'mid'])),
  ];
  const open = [first, second, beside].map(({ file }) => openLoopModel(file));
  const [denoiser, expert, model] = await Promise.all(open);
  const measured = await timestepError(denoiser!, {
    ...{ steps: STEPS, referenceSteps: REFERENCE, samples: 2, seed: SEED },
    sampler: { name: 'ddim', start: 1 },
    guidance,
    feeds: { c: prompt as never },
    parts: {
      init: floats(clean, 2, 2, 4, 4) as never,
      mask: floats(mask, 4, 4) as never,
      control: { model: model!, feeds: { picture: picture as never, strength: [0.5] } },
      handOver: { denoiser: expert!, from: { step: 3 }, feeds: {} },
    },
  });
  const covered = (signal: number) =>
    clean.map((value, i) => Math.sqrt(signal) * value + Math.sqrt(1 - signal) * noise[i]!);
  const half = async (x: Float32Array, t: number, c: ort.Tensor, isFirst: boolean) => {
    const inputs = { x: floats(x, 2, 2, 4, 4), t: floats([t, t], 2), c };
    if (!isFirst) return (await second.session.run(inputs)).eps!.data as Float32Array;
    const made = await beside.session.run({ ...inputs, picture, strength: floats([0.5]) });
    return (await first.session.run({ ...inputs, down: made.down!, mid: made.mid! })).eps!
      .data as Float32Array;
  };
  /** A fifth of the steps is left out, three fifths are the first model's. */
  const end = (timesteps: readonly number[]) => {
    const steps = timesteps.length;
    return plainDdim({
      ...{ steps, timesteps, start: steps / 5, from: covered(signalAt(timesteps[steps / 5]!)) },
      predict: async (x, t, step) => {
        const isFirst = step < (steps * 3) / 5;
        return guided(
          await half(x, t, prompt, isFirst),
          await half(x, t, negative, isFirst),
          SCALE,
        );
      },
      behind: (x, signal) => {
        const known = covered(signal);
        return x.map((value, i) => mask[i % 16]! * value + (1 - mask[i % 16]!) * known[i]!);
      },
    });
  };
  const [wanted, found] = [await end(trailing), await end(LIST)];
  const squares = found.reduce((sum, value, i) => sum + (value - wanted[i]!) ** 2, 0);
  const error = await measured.of(LIST);
  expect(error / (squares / found.length)).toBeCloseTo(1, 3);
  expect(measured.madeUp).toEqual([]);
  for (const one of await Promise.all(open)) await one.release();
});

test('of a bundle that would start in its middle is refused', async () => {
  const { file } = await fileOf(folder, 'text', textModel());
  const source = await openLoopModel(file);
  const bundle = { ...source, calls: STEPS };
  await expect(
    timestepError(bundle, {
      ...{ steps: STEPS, reference: source, samples: 2 },
      sampler: { name: 'ddim', start: 1 },
      parts: { init: floats(clean, 2, 2, 4, 4) as never },
    }),
  ).rejects.toMatchObject({ code: 'RUN_START' });
  await source.release();
});
