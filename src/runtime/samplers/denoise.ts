/**
 * The denoising loop: from noise to a clean latent, whatever runs the denoiser.
 *
 * It assumes a denoiser with a latent input, a timestep input and one prediction output; every other
 * input is a condition that the caller feeds. It holds three latents at a time and computes nothing
 * but the sampler's arithmetic. A loop ends at the first number that is not finite, with an error that
 * says where: all that follows would be NaN as well.
 */
import type { TensorConstructor } from 'onnxruntime-common';
import { latentLength } from '../../errors/index.js';
import { checkTold } from './feeds.js';
import { requireFinite } from './finite.js';
import { checkKnown, type KnownPart, withKnown } from './known.js';
import { type FedDenoiser, type LoopFrame, labelOf, placeOf, predictor } from './predict.js';
import { batchNoise } from './random.js';
import type { Sampler, Trajectory } from './sampler.js';

export interface DenoiseStep {
  readonly step: number;
  readonly timestep: number;
  /** What the step made, in the sampler's own scale; not to be changed. */
  readonly latent: Float32Array;
  /** The prediction after guidance. */
  readonly prediction: Float32Array;
}

export interface HandOver {
  /** The first step that is its own, counted from the first of the loop. */
  readonly step: number;
  readonly denoiser: FedDenoiser;
}

export interface DenoiseOptions extends FedDenoiser {
  /** The onnxruntime package in use, or anything with its `Tensor`. */
  readonly ort: { readonly Tensor: TensorConstructor };
  /** [batch, channels, ...], without the doubling that guidance does. */
  readonly latentShape: readonly number[];
  readonly sampler: Sampler;
  /** Seeds the initial noise and that of the steps; image i of a batch gets the same in any batch. */
  readonly seed: number;
  /** The place of the batch's first image among those of the seed; default 0. */
  readonly firstImage?: number;
  /** Standard normal noise to start from in place of the seed's. */
  readonly noise?: Float32Array;
  /** Clean latents to start from, with as much noise as there is at the first step; default noise alone. */
  readonly init?: Float32Array | undefined;
  /** What of the images is known, for inpainting. */
  readonly known?: KnownPart | undefined;
  /** Another denoiser that takes over, as a refiner or the expert of the last steps does. */
  readonly handOver?: HandOver | undefined;
  /** Called after each step; the loop waits for it. */
  readonly onStep?: (step: DenoiseStep) => void | Promise<void>;
}

/**
 * Denoises one batch and returns the final latent, in row-major order of `latentShape`.
 *
 * The denoiser is called once per timestep, or twice with guidance in `two-calls` mode.
 *
 * @throws DENOISE_ROLE_FED, DENOISE_OUTPUT_MISSING, DENOISE_OUTPUT_SHAPE, DENOISE_OUTPUT_TYPE,
 * DENOISE_NOT_FINITE, GUIDANCE_FEED_MISSING, GUIDANCE_FEED_MISMATCH, GUIDANCE_INTERVAL, SAMPLER_LATENT_LENGTH
 */
export async function denoise(options: DenoiseOptions): Promise<Float32Array> {
  const { sampler, onStep } = options;
  const { start, step: take, draw } = denoiseSteps(options);
  let trajectory = start();
  for (const [step, timestep] of sampler.timesteps.entries()) {
    const made = await take(trajectory, step, draw);
    trajectory = made.trajectory;
    await onStep?.({ step, timestep, latent: trajectory.latent, prediction: made.prediction });
  }
  return trajectory.latent;
}

/** The loop of `denoise`, to be gone through step by step, and from any step on in more than one way. */
export interface DenoiseSteps {
  /** The trajectory before step 0. To be asked for once, before anything is drawn. */
  start(): Trajectory;
  /** The next noise of the loop, as the steps of a sampler that draws ask for it. */
  draw(): Float32Array;
  /** @param noise what the sampler adds, where it adds any */
  step(
    from: Trajectory,
    step: number,
    noise: () => Float32Array,
  ): Promise<{ readonly trajectory: Trajectory; readonly prediction: Float32Array }>;
}

/** @throws what `denoise` throws */
export function denoiseSteps(options: DenoiseOptions): DenoiseSteps {
  const { ort, sampler, latentShape, seed } = options;
  const { timesteps } = sampler;
  const draw = batchNoise(seed, latentShape, options.firstImage);
  const frame: LoopFrame = { ort, latentShape, timesteps, firstStep: sampler.firstCall };
  const { handOver, known } = options;
  for (const { timestep, roles } of [options, ...(handOver ? [handOver.denoiser] : [])])
    checkTold(sampler, timestep, roles.timestep);
  const [predict, predictSecond] = [
    predictor(frame, options),
    handOver && predictor(frame, handOver.denoiser),
  ];
  const isSecond = (step: number) => handOver !== undefined && step >= handOver.step;
  const denoiserAt = (step: number): FedDenoiser => (isSecond(step) ? handOver!.denoiser : options);
  let first: Float32Array | undefined;
  return {
    draw,
    start() {
      // Drawn even if the caller brought noise, so that the noise of the steps depends on the seed alone.
      const drawn = draw();
      const noise = options.noise ?? drawn;
      if (noise.length !== drawn.length) {
        throw latentLength('The initial noise', noise.length, drawn.length);
      }
      const place = { ...placeOf(frame, denoiserAt(0), 0), call: 0 };
      if (options.noise) requireFinite(noise, 'The initial noise', () => place);
      if (options.init) requireFinite(options.init, 'The latent to start from', () => place);
      if (known) {
        checkKnown(known, drawn.length);
        requireFinite(known.latent, 'The known latent', () => place);
      }
      first = noise;
      return sampler.start(noise, options.init);
    },
    async step(from, step, noise) {
      const latent = sampler.scaleInput(from.latent, step);
      const ask = isSecond(step) ? predictSecond! : predict;
      const prediction = await ask(latent, sampler.told[step]!, step);
      const made = sampler.step(prediction, step, from, noise);
      const denoiser = denoiserAt(step);
      requireFinite(made.latent, `The latent of ${labelOf(denoiser)}`, () =>
        placeOf(frame, denoiser, step),
      );
      const trajectory = known ? withKnown(sampler, known, first!, made, step) : made;
      return { trajectory, prediction };
    },
  };
}
