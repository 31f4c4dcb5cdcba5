/** The bundle that the load test runs on, and its images by a plain loop: one after another, nothing of the server's. */
import path from 'node:path';
import { Tensor } from 'onnxruntime-common';
import { Pipeline, type PipelineOptions } from 'stepfold';
import { loadModel, openBundle, writeBundle } from 'stepfold/node';
import { deepcache } from 'stepfold/passes';
import { denoise, samplerOf, timestepFeed } from 'stepfold/runtime';

/** What one image is asked for as. */
export interface Asked {
  readonly label: number;
  readonly seed: number;
  readonly steps: number;
  readonly scale: number;
}

/** Of no class at all. */
export const NO_CLASS = 10;

/** The digits U-Net under DeepCache, N = 2, for 20 steps of DDIM with guidance. */
export async function writeDigits(
  folder: string,
  options: Partial<PipelineOptions> = {},
): Promise<string> {
  const sourceFile = path.resolve('samples/digits/digits-unet.onnx');
  const compilation = await Pipeline.create({
    calls: 20,
    sampler: { name: 'ddim', clip: 1 },
    guidance: { order: 'uncond-first', mode: 'batch' },
    ...options,
  })
    .use(deepcache, { branch: 3, interval: 2 })
    .compile(loadModel(sourceFile));
  writeBundle(compilation, folder, { sourceFile });
  return folder;
}

const labels = (value: number) => new Tensor('int64', BigInt64Array.of(BigInt(value)), [1]);

/** The latents of what may be asked for, each by a loop of its own. */
export async function plainLatents(
  folder: string,
  asked: readonly Asked[],
  threads?: number,
): Promise<ReadonlyMap<Asked, Float32Array>> {
  const session = await openBundle(folder, {
    load: 'all',
    sessionOptions: { ...(threads !== undefined && { intraOpNumThreads: threads }) },
  });
  const { schedule } = session;
  const made = new Map<Asked, Float32Array>();
  try {
    for (const one of asked) {
      session.plan({ steps: one.steps });
      const latent = await denoise({
        ort: { Tensor },
        call: (feeds) => session.run(feeds),
        sampler: samplerOf(schedule, { steps: one.steps })!,
        latentShape: [1, 1, 16, 16],
        seed: one.seed,
        roles: { latent: 'sample', timestep: 'timestep', output: 'out_sample' },
        timestep: timestepFeed(schedule.source.inputs.find(({ name }) => name === 'timestep')!),
        feeds: { class_labels: labels(one.label) },
        guidance: {
          ...{ scale: one.scale, order: 'uncond-first', mode: 'batch' },
          unconditional: { class_labels: labels(NO_CLASS) },
        },
      });
      made.set(one, Float32Array.from(latent));
    }
    return made;
  } finally {
    await session.release();
  }
}
