/**
 * Exported models (PyTorch 1.13, random weights) whose loops differ from the usual one, as whole loops on bundles: what
 * a loop feeds is held against loops that are written out and call onnxruntime on the source; what a bundle leaves out,
 * against a bundle that was made for that very loop.
 */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { passes } from '../../../../passes/index.js';
import { writeBundle } from '../../../../src/compiler/emit/index.js';
import { Pipeline, type PipelineOptions } from '../../../../src/compiler/pipeline/index.js';
import {
  type GenerateOptions,
  generate,
  openLoopBundle,
} from '../../../../src/evidence/measure/index.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import { openBundle } from '../../../../src/runtime/node/index.js';
import { createSampler } from '../../../../src/runtime/samplers/index.js';
import { parsePlanFile } from '../../../../src/runtime/schedule/index.js';
import type { DenoiserImage } from '../../../../src/runtime/session/index.js';
import { EXACT } from '../../../helpers/compile.js';
import {
  expectClose,
  floats,
  guided,
  loopFolder,
  noiseOf,
  plainDdim,
  timestepsOf,
  wave,
} from '../../../helpers/loops.js';

const folder = loopFolder();
const CASES = path.resolve('test/fixtures/cases');
const fileOf = (name: string) => path.join(CASES, `${name}.onnx`);
const [STEPS, SEED, SCALE] = [5, 4, 3];
/** Bundles are made for a loop of another length than is run. */
const MADE = 8;
const ALL = Array.from({ length: MADE }, (_, i) => i);

type Use = readonly [pass: string, options: Record<string, unknown>];
let made = 0;

async function bundleOf(name: string, uses: readonly Use[], options: Partial<PipelineOptions>) {
  const source = fileOf(name);
  let pipeline = Pipeline.create({ calls: MADE, engine: false, ...options });
  for (const [pass, own] of uses) pipeline = pipeline.use(passes[pass] as never, own as never);
  const bundle = path.join(folder, `${name}-${made++}`);
  writeBundle(await pipeline.compile(loadModel(source)), bundle, { sourceFile: source });
  return bundle;
}

async function run(bundle: string, options: Partial<GenerateOptions>, steps = STEPS) {
  const denoiser = await openLoopBundle(bundle, {
    halves: options.guidance?.mode === 'two-calls',
    sessionOptions: EXACT,
  });
  try {
    const sampler = createSampler('ddim', { steps });
    return await generate(denoiser, { sampler, seed: SEED, feeds: {}, ...options });
  } finally {
    await denoiser.release();
  }
}

const sessionOf = (name: string) => ort.InferenceSession.create(fileOf(name), EXACT);
const numbers = (outputs: ort.InferenceSession.OnnxValueMapType, name: string) =>
  (outputs[name] as ort.Tensor).data as Float32Array;

/** A bundle whose rules lead to this loop ends where one does that was made for it. */
async function expectLikeItsOwn(
  [name, uses, options]: Parameters<typeof bundleOf>,
  loop: Partial<GenerateOptions>,
  callsPerStep = 1,
) {
  const any = await run(
    await bundleOf(name, uses, { ...options, calls: MADE * callsPerStep }),
    loop,
  );
  const own = await bundleOf(name, uses, { ...options, calls: STEPS * callsPerStep });
  expect(any.latent).toEqual((await run(own, loop)).latent);
  expect(any.latent.every(Number.isFinite)).toBe(true);
  return any;
}

const labels = (steps: readonly number[]) =>
  new ort.Tensor('int64', BigInt64Array.from(steps, BigInt), [steps.length]);

describe('a U-Net under text, prompts of 5 and of 9 tokens', () => {
  const guidance = {
    scale: SCALE,
    order: 'uncond-first',
    mode: 'two-calls',
    unconditional: { encoder_hidden_states: floats(wave(9 * 12, 50), 1, 9, 12) as never },
  } as const;
  const pair = { order: guidance.order, mode: guidance.mode };
  const prompt = floats(wave(5 * 12), 1, 5, 12);
  const loop = {
    latentShape: [1, 4, 8, 8],
    feeds: { encoder_hidden_states: prompt as never },
    guidance,
  };

  test('in two calls, as the source alone', async () => {
    const source = await sessionOf('unet-text');
    const half = async (x: Float32Array, t: number, text: ort.Tensor) =>
      numbers(
        await source.run({
          sample: floats(x, 1, 4, 8, 8),
          timestep: labels([t]),
          encoder_hidden_states: text,
        }),
        'out_sample',
      );
    const expected = await plainDdim({
      steps: STEPS,
      from: noiseOf(SEED, 1, 256),
      predict: async (x, t) =>
        guided(
          await half(x, t, prompt),
          await half(x, t, guidance.unconditional.encoder_hidden_states as never),
          SCALE,
        ),
    });
    const full = await bundleOf('unet-text', [['deepcache', { branch: 2, full: ALL }]], {
      ...{ guidance: pair, calls: 2 * MADE },
    });
    expectClose((await run(full, loop)).latent, expected);
  });

  test('in two calls, with what each half kept', async () => {
    const uses: Use[] = [['deepcache', { branch: 2, interval: 2, order: 1 }]];
    const { latent } = await expectLikeItsOwn(['unet-text', uses, { guidance: pair }], loop, 2);
    const kept = await expectLikeItsOwn(
      ['unet-text', [['guidance-delta', { interval: 2 }]], { guidance: pair }],
      loop,
      2,
    );
    expect(kept.latent).not.toEqual(latent);
  });

  test('a static batch of two makes three images, one batch after another', async () => {
    const text = floats(wave(3 * 5 * 12), 3, 5, 12);
    const options = { freeze: { batch: 2 } };
    const three = {
      latentShape: [3, 4, 8, 8],
      feeds: { encoder_hidden_states: text as never },
    };
    const source = await sessionOf('unet-text');
    const expected = await plainDdim({
      steps: STEPS,
      from: noiseOf(SEED, 3, 256),
      predict: async (x, t) =>
        numbers(
          await source.run({
            sample: floats(x, 3, 4, 8, 8),
            timestep: labels([t, t, t]),
            encoder_hidden_states: text,
          }),
          'out_sample',
        ),
    });
    const full = await bundleOf('unet-text', [['deepcache', { branch: 2, full: ALL }]], options);
    expectClose((await run(full, three)).latent, expected);
    const kept = await expectLikeItsOwn(
      ['unet-text', [['deepcache', { branch: 2, interval: 2 }]], options],
      three,
    );
    // each with what its own batch kept: as alone
    const free = await bundleOf('unet-text', [['deepcache', { branch: 2, interval: 2 }]], {});
    expectClose(kept.latent, [...(await run(free, three)).latent]);
  });

  test('two images in turns, in loops of their own lengths, end as each alone', async () => {
    const bundle = await bundleOf('unet-text', [['deepcache', { branch: 2, interval: 3 }]], {});
    const session = await openBundle(bundle, { sessionOptions: EXACT });
    const call = async (image: DenoiserImage, seed: number, steps: number) => {
      const feeds = {
        sample: floats(wave(256, seed + image.callIndex), 1, 4, 8, 8),
        timestep: labels([timestepsOf(steps)[image.callIndex]!]),
        encoder_hidden_states: prompt,
      };
      return [...numbers((await image.run(feeds as never)) as never, 'out_sample')];
    };
    const loops = [
      { seed: 1, steps: 4 },
      { seed: 90, steps: 7 },
    ];
    const alone: number[][][] = [];
    for (const { seed, steps } of loops) {
      const image = session.image({ steps });
      const all: number[][] = [];
      for (let i = 0; i < steps; i++) all.push(await call(image, seed, steps));
      alone.push(all);
    }
    const images = loops.map(({ steps }) => session.image({ steps }));
    const turns: number[][][] = [[], []];
    for (let i = 0; i < 7; i++)
      for (const [which, { seed, steps }] of loops.entries())
        if (i < steps) turns[which]!.push(await call(images[which]!, seed, steps));
    expect(turns).toEqual(alone);
    await session.release();
  });
});

describe('a U-Net for inpainting, of nine channels', () => {
  const beside = wave(5 * 64, 33);
  const prompt = floats(wave(5 * 12), 1, 5, 12);
  const loop = {
    latentShape: [1, 4, 8, 8],
    feeds: {
      sample: floats(beside, 1, 5, 8, 8) as never,
      encoder_hidden_states: prompt as never,
    },
  };

  test('is fed mask and masked latents beside the latent', async () => {
    const source = await sessionOf('inpainting-9-channels');
    const expected = await plainDdim({
      steps: STEPS,
      from: noiseOf(SEED, 1, 256),
      predict: async (x, t) =>
        numbers(
          await source.run({
            sample: floats([...x, ...beside], 1, 9, 8, 8),
            timestep: labels([t]),
            encoder_hidden_states: prompt,
          }),
          'out_sample',
        ),
    });
    const full = await bundleOf(
      'inpainting-9-channels',
      [['deepcache', { branch: 2, full: ALL }]],
      {},
    );
    expectClose((await run(full, loop)).latent, expected);
  });

  test('in a loop of other steps', async () => {
    const uses: Use[] = [['deepcache', { branch: 3, interval: 2, order: 1 }]];
    await expectLikeItsOwn(['inpainting-9-channels', uses, {}], loop);
  });
});

describe('a transformer with a timestep for every token', () => {
  const loop = {
    ...{ roles: { timestep: 't' }, latentShape: [2, 6, 4] },
    feeds: { y: floats(wave(16), 2, 8) as never },
  };
  const roles = { roles: { timestep: 't', latent: 'x' } };

  test('is told the same one for all of them', async () => {
    const source = await sessionOf('timestep-per-token');
    const expected = await plainDdim({
      steps: STEPS,
      from: noiseOf(SEED, 2, 24),
      predict: async (x, t) =>
        numbers(
          await source.run({
            x: floats(x, 2, 6, 4),
            t: floats(Array(12).fill(t), 2, 6),
            y: floats(wave(16), 2, 8),
          }),
          'v',
        ),
    });
    const plain = await bundleOf('timestep-per-token', [['forecast', { full: ALL }]], roles);
    expectClose((await run(plain, loop)).latent, expected);
  });

  test('in a loop of other steps', async () => {
    const uses: Use[] = [['ditfastattn', { strategy: 'window', interval: 2, window: 2 }]];
    await expectLikeItsOwn(['timestep-per-token', uses, roles], loop);
  });
});

describe('a transformer whose attention is shared by the halves of pairs', () => {
  const y = floats(wave(8), 1, 8);
  const none = floats(Array(8).fill(0), 1, 8);
  const plan = parsePlanFile(
    fs.readFileSync(path.join(CASES, 'dit-guided.plan.json'), 'utf8'),
    'p',
  );

  test('takes one image alone where guidance is off, since no call shares there', async () => {
    const bundle = await bundleOf('dit-guided', [['ditfastattn', {}]], {
      ...{ calls: 4, guidance: { order: 'cond-first', mode: 'batch' }, plan },
    });
    const latents: Float32Array[] = [];
    const { latent } = await run(
      bundle,
      {
        latentShape: [1, 5, 4],
        feeds: { y: y as never },
        guidance: {
          scale: SCALE,
          order: 'cond-first',
          mode: 'batch',
          interval: [0, 0.5],
          unconditional: { y: none as never },
        },
        onStep: (_, __, { latent: made }) => latents.push(made.slice()),
      },
      4,
    );
    const source = await sessionOf('dit-guided');
    const half = async (x: Float32Array, t: number, condition: ort.Tensor) =>
      numbers(await source.run({ x: floats(x, 1, 5, 4), t: floats([t], 1), y: condition }), 'v');
    const loop = { steps: 4, from: noiseOf(SEED, 1, 20) };
    // the first call shares nothing
    const steps: (readonly number[])[] = [];
    await plainDdim({
      ...loop,
      predict: async (x, t) => guided(await half(x, t, y), await half(x, t, none), SCALE),
      behind: (x) => {
        steps.push(x);
        return x;
      },
    });
    expectClose(latents[0]!, [...steps[0]!]);
    // and without guidance the last two are the source's own
    const expected = await plainDdim({
      ...{ ...loop, from: [...latents[1]!], start: 2 },
      predict: (x, t) => half(x, t, y),
    });
    expectClose(latent, expected);
  });

  test('in loops of other lengths the plan is placed, and where it shares, pairs are asked for', async () => {
    const bundle = await bundleOf('dit-guided', [['ditfastattn', {}]], {
      ...{ calls: 4, guidance: { order: 'cond-first', mode: 'batch' }, plan },
    });
    const guidance = {
      scale: SCALE,
      order: 'cond-first',
      mode: 'batch',
      unconditional: { y: none as never },
    } as const;
    const loop = { latentShape: [1, 5, 4], feeds: { y: y as never } };
    for (const steps of [2, 3, 8, 12]) {
      const { latent } = await run(bundle, { ...loop, guidance }, steps);
      expect(latent.every(Number.isFinite)).toBe(true);
    }
    await expect(run(bundle, loop, 8)).rejects.toMatchObject({ code: 'RUN_GUIDANCE' });
    await expect(
      run(bundle, { ...loop, guidance: { ...guidance, interval: [0.5, 1] } }, 8),
    ).rejects.toMatchObject({ code: 'GUIDANCE_ODD_BATCH' });
  });
});
