/** One setting on one batch of images: where its loop ends, and what work that took. */
import { StepfoldError } from '../../errors/index.js';
import type { LoopDenoiser } from '../measure/denoise-bundle.js';
import { loadOrt } from '../measure/engine.js';
import { generate } from '../measure/generate.js';
import { macShareOf } from '../measure/mac-share.js';
import type { Bundles, OpenSetting } from './bundles.js';
import { type Setting, samplerIn } from './setting.js';
import { type ImageBatch, loopOf } from './subject.js';

export interface Ended {
  readonly latent: Float32Array;
  readonly dims: readonly number[];
  readonly images: number;
  /** In evaluations of the model on the batch, by multiply-accumulates. */
  readonly work: number;
  readonly madeUp: readonly string[];
}

/** A setting that cannot be, or whose loop broke. */
export interface Failed {
  readonly failed: { readonly code: string; readonly message: string };
}

export type TrialResult = Ended | Failed;

export const hasFailed = (result: TrialResult): result is Failed => 'failed' in result;

/**
 * Depends on nothing but model, setting and batch: wherever it runs, it gives the same.
 * @param signal ends it between two calls of the model
 * @throws the reason of `signal`
 */
export async function runTrial(
  bundles: Bundles,
  setting: Setting,
  batch: ImageBatch,
  signal?: AbortSignal,
): Promise<TrialResult> {
  try {
    return await (await openTrial(bundles, setting, batch, signal))();
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    return { failed: { code: error.code, message: error.message } };
  }
}

/** The loop of a setting, ready to run as often as is wanted. */
export async function openTrial(
  bundles: Bundles,
  setting: Setting,
  batch: ImageBatch,
  signal?: AbortSignal,
): Promise<() => Promise<Ended>> {
  const ort = await loadOrt();
  const { ports, classes = new Map() } = await bundles.source();
  const opened = await bundles.open(setting);
  const { denoiser } = opened;
  const sampler = samplerIn(setting.sampler);
  const { subject } = bundles;
  const made = loopOf(ort, ports, classes, subject, batch, sampler.firstCall);
  const { loop, images, madeUp } = made;
  return async () => {
    denoiser.counts.clear();
    let calls = 0;
    const counted: LoopDenoiser = {
      ...denoiser,
      // of the loop that it has taken up by then
      get calls() {
        return denoiser.calls;
      },
      call: (feeds, context) => {
        signal?.throwIfAborted();
        calls++;
        return denoiser.call(feeds, context);
      },
    };
    const { latent, dims } = await generate(counted, { ...loop, sampler });
    return { latent, dims, images, madeUp, work: workOf(opened, calls) };
  };
}

function workOf({ denoiser, schedule }: OpenSetting, calls: number): number {
  if (!schedule) return calls;
  const shareOf = macShareOf(schedule);
  return [...denoiser.counts].reduce((sum, [program, count]) => sum + count * shareOf(program), 0);
}
