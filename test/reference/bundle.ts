/** The digits transformer compiled under a plan, and run: what the reference is compared with. */
import { ditfastattn } from '../../passes/ditfastattn/index.js';
import type { EmitForm } from '../../src/compiler/lower/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { createSampler, type DenoiseOptions, denoise } from '../../src/runtime/samplers/index.js';
import type { GuidancePair } from '../../src/runtime/schedule/index.js';
import type { ScheduledSession } from '../../src/runtime/session/index.js';
import { EXACT, openSession, ort } from '../helpers/compile.js';
import { DIGITS_FILE, IMAGE_SHAPE, modelFeeds, NO_CLASS } from './digits.js';
import { flat, type Matrix } from './numbers.js';
import type { Rows } from './plans.js';

export async function openPlan(
  rows: Rows,
  emit: EmitForm,
  guidance: GuidancePair = { order: 'cond-first', mode: 'batch' },
  window: string | number = '1/8',
): Promise<ScheduledSession> {
  const columns = rows[0]!.map((_, layer) => rows.map((row) => row[layer]!));
  const sites = Object.fromEntries(columns.map((column, n) => [`attention.${n}`, column]));
  const compilation = await Pipeline.create({
    calls: rows.length,
    emit,
    guidance,
    plan: { format: 'stepfold.plan', version: 1, calls: rows.length, sites },
  })
    .use(ditfastattn, { window })
    .compile(loadModel(DIGITS_FILE));
  // more threads only wait for each other at this size
  return openSession(compilation, { sessionOptions: { ...EXACT, intraOpNumThreads: 1 } });
}

/** The noise that the network sees, at the next call. */
export async function nextOutput(
  session: ScheduledSession,
  ...feeds: Parameters<typeof modelFeeds>
): Promise<Float32Array> {
  const outputs = (await session.run(modelFeeds(...feeds))) as Record<string, ort.Tensor>;
  return outputs.out_sample!.data as Float32Array;
}

/** What came of denoising. */
export interface Run {
  /** The denoiser's output at each call. */
  readonly calls: readonly ArrayLike<number>[];
  readonly image: ArrayLike<number>;
}

/** A whole denoising, by the library's own sampler. */
export async function runDenoising(
  session: ScheduledSession,
  guidance: GuidancePair,
  noise: readonly Matrix[],
  labels: readonly number[],
  settings: { readonly steps: number; readonly scale: number },
): Promise<Run> {
  const calls: Float32Array[] = [];
  const classes = (values: readonly number[]) =>
    new ort.Tensor('int64', values.map(BigInt), [values.length]);
  const image = await denoise({
    call: async (feeds) => {
      const outputs = (await session.run(feeds as never)) as Record<string, ort.Tensor>;
      calls.push(outputs.out_sample!.data as Float32Array);
      return outputs;
    },
    ort: ort as unknown as DenoiseOptions['ort'],
    sampler: createSampler('ddim', { steps: settings.steps, clip: 1 }),
    latentShape: [noise.length, ...IMAGE_SHAPE],
    seed: 0,
    noise: Float32Array.from(flat(noise)),
    roles: { latent: 'sample', timestep: 'timestep', output: 'out_sample' },
    timestep: { type: 'int64', shape: 'batch' },
    feeds: { class_labels: classes(labels) },
    guidance: {
      scale: settings.scale,
      order: guidance.order,
      mode: guidance.mode,
      unconditional: { class_labels: classes(labels.map(() => NO_CLASS)) },
    },
  });
  return { calls, image };
}
