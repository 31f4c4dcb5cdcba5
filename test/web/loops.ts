/** The loops of the web page, run on onnxruntime-node. */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { generate, openLoopBundle, openLoopModel, recordLoop } from '../../src/node.js';
import { createSampler } from '../../src/runtime.js';
import { done } from '../cli/stepfold.js';
import { WEB } from './browser.js';

export const catalogue = JSON.parse(fs.readFileSync(path.join(WEB, 'catalogue.json'), 'utf8')) as {
  id: string;
  file: string;
  steps: number;
  shift?: number;
  loop: string[];
  order: 'cond-first' | 'uncond-first';
  variants: { id: string; transform: string[] }[];
}[];

export interface Choice {
  readonly model: string;
  readonly variant: string;
  readonly backend: string;
}

/**
 * The same loops on onnxruntime-node: the latent of every step.
 * @param folder for bundles
 */
export async function onNode(
  folder: string,
  { model, variant }: Pick<Choice, 'model' | 'variant'>,
  digit: number,
  seed: number,
  count?: number,
) {
  const { file, shift, loop, order, variants, ...made } = catalogue.find(({ id }) => id === model)!;
  const steps = count ?? made.steps;
  const { transform } = variants.find(({ id }) => id === variant)!;
  const bundle = path.join(folder, `${model}-${variant}`);
  if (!fs.existsSync(bundle)) await done(['transform', file, ...transform, ...loop, '-o', bundle]);
  const labels = (value: number) => new ort.Tensor('int64', BigInt64Array.of(BigInt(value)), [1]);
  const record = async (denoiser: Awaited<ReturnType<typeof openLoopModel>>) => {
    const { steps: all } = await recordLoop(denoiser, {
      sampler:
        shift === undefined
          ? createSampler('ddim', { steps, clip: 1 })
          : createSampler('euler-flow', { steps, spacing: 'linear', schedule: { shift } }),
      seed,
      feeds: { class_labels: labels(digit) },
      guidance: { scale: 2, order, mode: 'batch', unconditional: { class_labels: labels(10) } },
    });
    await denoiser.release();
    return all.map(({ latent }) => latent);
  };
  return {
    source: await record(await openLoopModel(file)),
    bundle: await record(await openLoopBundle(bundle)),
  };
}

/** The same of so many steps with DEIS of order 3, or UniPC along the path of flow matching: the last latent. */
export async function inFewerSteps(
  { model }: Pick<Choice, 'model'>,
  steps: number,
  digit: number,
  seed: number,
) {
  const { file, shift, order } = catalogue.find(({ id }) => id === model)!;
  const denoiser = await openLoopModel(file);
  const labels = (value: number) => new ort.Tensor('int64', BigInt64Array.of(BigInt(value)), [1]);
  const placed = steps < 12 ? ({ spacing: 'quad' } as const) : ({ levels: 'karras' } as const);
  const { latent } = await generate(denoiser, {
    sampler:
      shift === undefined
        ? createSampler('deis', { steps, order: 3, clip: 1, ...placed })
        : createSampler('unipc', {
            steps,
            spacing: 'trailing',
            prediction: 'flow',
            schedule: { path: 'flow' },
          }),
    seed,
    feeds: { class_labels: labels(digit) },
    guidance: { scale: 2, order, mode: 'batch', unconditional: { class_labels: labels(10) } },
  });
  await denoiser.release();
  return latent;
}
