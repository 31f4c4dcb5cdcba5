/** Full steps of loops with pictures, masks and a control model, against loops that are written out. */
import type * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { forecast } from '../../../../passes/index.js';
import type { Pass } from '../../../../src/compiler/pass/index.js';
import { type PlaceOptions, placeFullCalls } from '../../../../src/evidence/calibrate/index.js';
import { openLoopModel } from '../../../../src/evidence/measure/index.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import {
  controlledModel,
  controlModel,
  fileOf,
  floats,
  guided,
  loopFolder,
  noiseOf,
  outputOf,
  plainDdim,
  signalAt,
  textModel,
  timestepsOf,
  wave,
} from '../../../helpers/loops.js';

const folder = loopFolder();
const [STEPS, START, SEED, SCALE] = [10, 4, 6, 2];
const clean = wave(64, 7);
const prompt = wave(20);
const negative = wave(36, 50);
const mask = [1, 0, 0.5, 1, 0, 1, 1, 0, 1, 0, 0.5, 1, 0, 1, 1, 0];
/** Of the six steps that are left; the others take the last prediction. */
const FULL = [0, 3, 5];

type Image = { readonly seed: number; readonly at: number };
type Half = (x: Float32Array, t: number, c: ort.Tensor, image: Image) => Promise<Float32Array>;

/** The end of the loop of one image, in which some steps are full. */
function endOf(image: Image, half: Half, full: readonly number[], masked: boolean) {
  const noise = noiseOf(image.seed, 1, 32);
  const own = clean.slice(32 * image.at, 32 * (image.at + 1));
  const covered = (signal: number) =>
    own.map((value, i) => Math.sqrt(signal) * value + Math.sqrt(1 - signal) * noise[i]!);
  const c = floats(prompt.slice(10 * image.at, 10 * (image.at + 1)), 1, 5, 2);
  const u = floats(negative.slice(18 * image.at, 18 * (image.at + 1)), 1, 9, 2);
  let last: Float32Array[] = [];
  return plainDdim({
    ...{ steps: STEPS, start: START, from: covered(signalAt(timestepsOf(STEPS)[START]!)) },
    predict: async (x, t, step) => {
      if (full.includes(step - START))
        last = [await half(x, t, c, image), await half(x, t, u, image)];
      return guided(last[0]!, last[1]!, SCALE);
    },
    ...(masked && {
      behind: (x: readonly number[], signal: number) => {
        const known = covered(signal);
        return x.map((value, i) => mask[i % 16]! * value + (1 - mask[i % 16]!) * known[i]!);
      },
    }),
  });
}

async function distance(image: Image, half: Half, masked: boolean): Promise<number> {
  const all = await endOf(image, half, [0, 1, 2, 3, 4, 5], masked);
  const some = await endOf(image, half, FULL, masked);
  const size = all.reduce((sum, value) => sum + value ** 2, 0);
  return Math.sqrt(all.reduce((sum, value, i) => sum + (value - some[i]!) ** 2, 0) / size);
}

const place = (file: string, given: Partial<PlaceOptions>) =>
  placeFullCalls(loadModel(file), {
    pass: forecast as unknown as Pass,
    options: { order: 0 },
    calls: 2 * STEPS,
    asked: { full: FULL.length },
    samples: 2,
    seed: SEED,
    sampler: { name: 'ddim', start: START },
    feeds: { c: floats(prompt, 2, 5, 2) as never },
    guidance: {
      ...{ order: 'cond-first', mode: 'two-calls', scale: SCALE },
      unconditional: { c: floats(negative, 2, 9, 2) as never },
    },
    yardstick: false,
    ...given,
  });

// the first image chooses, the second judges, with noise of another seed
const IMAGES = { fit: { seed: SEED, at: 0 }, judged: { seed: SEED + 3, at: 1 } };

async function expectErrors(
  found: Awaited<ReturnType<typeof place>>,
  half: Half,
  masked: boolean,
): Promise<void> {
  const even = found.candidates.find(({ placement }) => placement === 'even')!;
  expect(even.full).toEqual(FULL.map((step) => step + START));
  for (const which of ['fit', 'judged'] as const)
    expect(even.error[which]).toBeCloseTo(await distance(IMAGES[which], half, masked), 5);
}

describe('a loop from a picture in the middle', () => {
  test.each([false, true])('with a mask: %j', async (masked) => {
    const { file, session } = await fileOf(folder, 'text', textModel());
    const half: Half = (x, t, c) =>
      outputOf(session, { x: floats(x, 1, 2, 4, 4), t: floats([t], 1), c });
    const parts = {
      init: floats(clean, 2, 2, 4, 4) as never,
      ...(masked && { mask: floats(mask, 4, 4) as never }),
    };
    const found = await place(file, { parts });
    await expectErrors(found, half, masked);
    // the plan is one of the whole loop, full before the start
    expect(found.plan.rows).toHaveLength(2 * STEPS);
    const full = [0, 1, 2, 3, ...found.chosen.full];
    expect(found.plan.rows.map(([strategy]) => strategy === 'compute')).toEqual(
      Array.from({ length: 2 * STEPS }, (_, call) => full.includes(Math.floor(call / 2))),
    );
    expect(found.options).toMatchObject({ full });
  });

  test('stands beside fewer steps from there', async () => {
    const { file } = await fileOf(folder, 'text', textModel());
    const found = await place(file, {
      parts: { init: floats(clean, 2, 2, 4, 4) as never },
      yardstick: true,
    });
    // half of the calls of six steps: as many steps as are full, whatever is left out before them
    for (const { steps } of found.worth!.rows) expect(steps).toBe(FULL.length);
  });
});

test('a loop with a control model, whose pictures are those of each half', async () => {
  const { file, session } = await fileOf(folder, 'controlled', controlledModel());
  const beside = await fileOf(folder, 'control', controlModel(['down', 'mid']));
  const picture = wave(2 * 128, 20);
  const half: Half = async (x, t, c, { at }) => {
    const inputs = { x: floats(x, 1, 2, 4, 4), t: floats([t], 1), c };
    const own = floats(picture.slice(128 * at, 128 * (at + 1)), 1, 2, 8, 8);
    const made = await beside.session.run({ ...inputs, picture: own, strength: floats([2]) });
    return outputOf(session, { ...inputs, down: made.down!, mid: made.mid! });
  };
  const model = await openLoopModel(beside.file);
  const control = {
    model,
    feeds: { picture: floats(picture, 2, 2, 8, 8) as never, strength: [2] },
  };
  const init = floats(clean, 2, 2, 4, 4) as never;
  const found = await place(file, { parts: { init, control } });
  await expectErrors(found, half, false);
  expect(found.madeUp).toEqual([]);
  for (const parts of [
    { init, control: { ...control, interval: 2 } },
    { init, handOver: { denoiser: model, from: { step: 8 }, feeds: {} } },
  ])
    await expect(place(file, { parts })).rejects.toMatchObject({ code: 'CALIBRATE_PARTS' });
  await model.release();
});
