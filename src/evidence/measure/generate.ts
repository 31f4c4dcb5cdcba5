/** A whole loop on a denoiser: what it is fed, and the images of it. */
import {
  type DenoiseOptions,
  type DenoiseStep,
  denoise,
  type Sampler,
} from '../../runtime/samplers/index.js';
import { loopOfSampler } from './asked-loop.js';
import { fitLoop, type LoopDenoiser } from './denoise-bundle.js';
import { loadOrt } from './engine.js';
import { fedDenoiser } from './fed-denoiser.js';
import { startHandOver } from './loop-hand-over.js';
import { type GivenInputs, rolesOf } from './loop-inputs.js';
import { checkParts, type LoopParts, withInitSizes } from './loop-parts.js';
import { startOf } from './loop-start.js';
import { imagesOf, inTurns, widened } from './loop-turns.js';

export interface GenerateOptions extends GivenInputs {
  readonly sampler: Sampler;
  readonly seed: number;
  /** Pictures to start from, and further models. */
  readonly parts?: LoopParts | undefined;
  /** Called when everything has been checked, before the first call. */
  readonly onStart?: () => void;
  /**
   * @param done steps that were taken, over all batches where a model of fixed batch makes more images than it holds
   * @param made the latent and the prediction of the step; they are not kept
   */
  readonly onStep?: (done: number, steps: number, made: DenoiseStep) => void;
}

export interface Generated {
  readonly latent: Float32Array;
  readonly dims: readonly number[];
  /** Inputs whose values were made up. */
  readonly madeUp: readonly string[];
}

/**
 * Images from noise to clean latents: one batch, or several one after another where the denoiser's is fixed.
 * @throws RUN_STEPS, RUN_GUIDANCE and what `settleLoop` and `denoise` throw
 */
export async function generate(
  denoiser: LoopDenoiser,
  options: GenerateOptions,
): Promise<Generated> {
  const asked = withLatentShape(denoiser, options);
  const { turns, ports } = widened(denoiser.ports, asked);
  const { loop, dims, madeUp } = await startLoop({ ...denoiser, ports }, asked);
  const steps = options.sampler.timesteps.length;
  const parts = turns ? inTurns(loop, turns) : [{ ...loop }];
  options.onStart?.();
  const latents: Float32Array[] = [];
  for (const [i, part] of parts.entries()) {
    denoiser.reset();
    const onStep = (made: DenoiseStep) =>
      options.onStep?.(i * steps + made.step + 1, parts.length * steps, made);
    latents.push(await denoise({ ...part, onStep }));
  }
  return { latent: joinBatches(latents, dims), dims, madeUp };
}

/** The last of several batches may hold an image more than there are. */
export function joinBatches(
  latents: readonly Float32Array[],
  dims: readonly number[],
): Float32Array {
  const count = dims.reduce((product, size) => product * size, 1);
  if (latents.length === 1) return latents[0]!.subarray(0, count);
  const all = new Float32Array(count);
  let at = 0;
  for (const latent of latents) {
    all.set(latent.subarray(0, all.length - at), at);
    at += latent.length;
  }
  return all;
}

/**
 * A loop with all that it is fed, as `denoise` takes it.
 * @throws RUN_STEPS, RUN_START, RUN_GUIDANCE, what `settleLoop` throws, and the INIT_, MASK_, CONTROL_ and HAND_OVER_ errors
 */
export async function startLoop(
  denoiser: LoopDenoiser,
  options: GenerateOptions,
): Promise<{ readonly loop: DenoiseOptions } & Pick<Generated, 'dims' | 'madeUp'>> {
  const { sampler, seed, parts = {} } = options;
  const { timesteps, firstCall } = sampler;
  checkParts(parts, firstCall);
  const ort = await loadOrt();
  const asked = withLatentShape(denoiser, options);
  const { handOver } = parts;
  const then = handOver && startHandOver(denoiser, handOver, sampler);
  const { steps: all, start } = loopOfSampler(sampler);
  fitLoop(denoiser, { all, own: then?.step ?? all, start }, options.guidance, sampler);
  const { denoiser: fed, settled } = fedDenoiser(ort, denoiser, asked);
  const { latent, dims } = settled;
  const second = then?.feed(ort, asked, dims);
  const loop: DenoiseOptions = {
    ...fed,
    ort: ort as never,
    sampler,
    latentShape: dims,
    seed,
    ...startOf(latent, dims, parts, firstCall),
    ...(second && { handOver: { step: then!.step, denoiser: second.denoiser } }),
    onStep: (made) => options.onStep?.(made.step + 1, timesteps.length, made),
  };
  const missing = [...settled.missing, ...(second?.settled.missing ?? [])];
  return { loop, dims, madeUp: [...new Set(missing.map((port) => port.name))] };
}

/** The latent is as large as what the loop starts from. @throws INIT_SHAPE */
function withLatentShape({ ports }: LoopDenoiser, options: GenerateOptions): GenerateOptions {
  const { init } = options.parts ?? {};
  if (!init || options.latentShape) return options;
  withInitSizes(ports, rolesOf(ports, options), options.parts!);
  const rows = imagesOf(ports, options) ?? 1;
  const images = rows === 1 ? init.dims[0]! : rows;
  return { ...options, latentShape: [images, ...init.dims.slice(1)] };
}
