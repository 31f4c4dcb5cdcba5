/**
 * The denoising loop: from noise to a clean latent, whatever runs the denoiser.
 *
 * It assumes a denoiser with a latent input, a timestep input and one prediction output; every other
 * input is a condition that the caller feeds. It holds three latents at a time and computes nothing
 * but the sampler's arithmetic.
 */
import type { InferenceSession, TensorConstructor } from 'onnxruntime-common';
import { latentLength, roleFed } from '../errors/index.js';
import {
  type LatentType,
  latentTensor,
  readPrediction,
  type TimestepFeed,
  timestepTensor,
} from './feeds.js';
import { checkGuidance, type Guidance, guide, inOrder, joinFeeds } from './guidance.js';
import { batchNoise } from './random.js';
import type { Sampler } from './sampler.js';

/** Which of the denoiser's inputs and outputs is what. */
export interface DenoiserRoles {
  readonly latent: string;
  readonly timestep: string;
  readonly output: string;
}

/** Which half of a guidance pair a call computes; `both` without guidance or in one batch. */
export type GuidanceHalf = 'both' | 'conditional' | 'unconditional';

export interface CallContext {
  readonly step: number;
  readonly half: GuidanceHalf;
}

/**
 * Runs the denoiser once, as `InferenceSession.run` does. With two calls per step, a caller that
 * carries state from call to call must keep one state per half: `context.half` says which.
 */
export type DenoiserCall = (
  feeds: InferenceSession.FeedsType,
  context: CallContext,
) => Promise<InferenceSession.ReturnType>;

export interface DenoiseStep {
  readonly step: number;
  readonly timestep: number;
  /** What the step made, in the sampler's own scale; not to be changed. */
  readonly latent: Float32Array;
  /** The prediction after guidance. */
  readonly prediction: Float32Array;
}

export interface DenoiseOptions {
  readonly call: DenoiserCall;
  /** The onnxruntime package in use, or anything with its `Tensor`. */
  readonly ort: { readonly Tensor: TensorConstructor };
  readonly sampler: Sampler;
  /** [batch, channels, ...], without the doubling that guidance does. */
  readonly latentShape: readonly number[];
  /** Element type of the latent input; default float32. */
  readonly latentType?: LatentType;
  /** Seeds the initial noise and that of the steps; image i of a batch gets the same in any batch. */
  readonly seed: number;
  /** Standard normal noise to start from in place of the seed's. */
  readonly noise?: Float32Array;
  readonly roles: DenoiserRoles;
  readonly timestep: TimestepFeed;
  /** The conditions: every input but the latent and the timestep. */
  readonly feeds?: InferenceSession.FeedsType;
  readonly guidance?: Guidance;
  /** Called after each step; the loop waits for it. */
  readonly onStep?: (step: DenoiseStep) => void | Promise<void>;
}

/**
 * Denoises one batch and returns the final latent, in row-major order of `latentShape`.
 *
 * The denoiser is called once per timestep, or twice with guidance in `two-calls` mode.
 *
 * @throws DENOISE_ROLE_FED, DENOISE_OUTPUT_MISSING, DENOISE_OUTPUT_SHAPE, DENOISE_OUTPUT_TYPE,
 * GUIDANCE_FEED_MISSING, GUIDANCE_FEED_MISMATCH, SAMPLER_LATENT_LENGTH
 */
export async function denoise(options: DenoiseOptions): Promise<Float32Array> {
  const { sampler, latentShape, seed, onStep } = options;
  const draw = batchNoise(seed, latentShape);
  const predict = predictor(options);

  // Drawn even if the caller brought noise, so that the noise of the steps depends on the seed alone.
  const drawn = draw();
  const noise = options.noise ?? drawn;
  if (noise.length !== drawn.length) {
    throw latentLength('The initial noise', noise.length, drawn.length);
  }
  let trajectory = sampler.start(noise);
  for (const [step, timestep] of sampler.timesteps.entries()) {
    const latent = sampler.scaleInput(trajectory.latent, step);
    const prediction = await predict(latent, timestep, step);
    trajectory = sampler.step(prediction, step, trajectory, draw);
    await onStep?.({ step, timestep, latent: trajectory.latent, prediction });
  }
  return trajectory.latent;
}

type Predict = (latent: Float32Array, timestep: number, step: number) => Promise<Float32Array>;

/** Everything between the sampler's latent and its prediction: feeds, calls and guidance. */
function predictor(options: DenoiseOptions): Predict {
  const { call, ort, roles, latentShape, latentType = 'float32', guidance, feeds = {} } = options;
  for (const role of ['latent', 'timestep'] as const) {
    if (feeds[roles[role]]) throw roleFed(roles[role], role);
  }
  if (guidance) checkGuidance(guidance, feeds);

  /** One call on `copies` copies of the latent along the batch. */
  async function run(
    conditions: InferenceSession.FeedsType,
    latent: Float32Array,
    timestep: number,
    copies: number,
    context: CallContext,
  ): Promise<Float32Array> {
    const shape = [latentShape[0]! * copies, ...latentShape.slice(1)];
    const outputs = await call(
      {
        ...conditions,
        [roles.latent]: latentTensor(ort.Tensor, latent, latentType, shape),
        [roles.timestep]: timestepTensor(ort.Tensor, timestep, options.timestep, shape[0]!),
      },
      context,
    );
    return readPrediction(outputs, roles.output, shape);
  }

  if (!guidance) {
    return (latent, timestep, step) => run(feeds, latent, timestep, 1, { step, half: 'both' });
  }

  const { scale, order } = guidance;
  if (guidance.mode === 'batch') {
    const conditions = joinFeeds(ort.Tensor, feeds, guidance);
    return async (latent, timestep, step) => {
      const pair = new Float32Array(2 * latent.length);
      pair.set(latent);
      pair.set(latent, latent.length);
      const both = await run(conditions, pair, timestep, 2, { step, half: 'both' });
      const halves = [both.subarray(0, latent.length), both.subarray(latent.length)] as const;
      // The order is its own inverse.
      const [conditional, unconditional] = inOrder(order, ...halves);
      return guide(conditional, unconditional, scale);
    };
  }

  const calls = inOrder<[GuidanceHalf, InferenceSession.FeedsType]>(
    order,
    ['conditional', feeds],
    ['unconditional', { ...feeds, ...guidance.unconditional }],
  );
  return async (latent, timestep, step) => {
    const predictions: Float32Array[] = [];
    for (const [half, conditions] of calls) {
      predictions.push(await run(conditions, latent, timestep, 1, { step, half }));
    }
    const [conditional, unconditional] = inOrder(order, predictions[0]!, predictions[1]!);
    return guide(conditional, unconditional, scale);
  };
}
