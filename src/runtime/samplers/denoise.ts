/**
 * The denoising loop: from noise to a clean latent, whatever runs the denoiser.
 *
 * It assumes a denoiser with a latent input, a timestep input and one prediction output; every other
 * input is a condition that the caller feeds. It holds three latents at a time and computes nothing
 * but the sampler's arithmetic. A loop ends at the first number that is not finite, with an error that
 * says where: all that follows would be NaN as well.
 */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import { type LoopPlace, latentLength, roleFed } from '../../errors/index.js';
import {
  checkTold,
  joinChannels,
  type LatentType,
  latentTensor,
  readPrediction,
  type TimestepFeed,
  timestepTensor,
} from './feeds.js';
import { requireFinite } from './finite.js';
import { checkGuidance, type Guidance, guide, inOrder, joinFeeds } from './guidance.js';
import { batchNoise } from './random.js';
import type { Sampler, Trajectory } from './sampler.js';

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
  /** Of the whole loop, counted from 0: the step itself unless a step makes two. */
  readonly call: number;
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
  /** What errors about the loop's numbers call the denoiser; default "the denoiser". */
  readonly label?: string | undefined;
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
  /**
   * What the latent input takes in further channels, behind those of the latent and the same at every call:
   * mask and masked latents for inpainting. [batch, channels, ...], without doubling for guidance.
   */
  readonly beside?: Tensor | undefined;
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
 * DENOISE_NOT_FINITE, GUIDANCE_FEED_MISSING, GUIDANCE_FEED_MISMATCH, SAMPLER_LATENT_LENGTH
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
  const { sampler, latentShape, seed } = options;
  const draw = batchNoise(seed, latentShape);
  checkTold(sampler, options.timestep, options.roles.timestep);
  const predict = predictor(options);
  const place = placesOf(options);
  return {
    draw,
    start() {
      // Drawn even if the caller brought noise, so that the noise of the steps depends on the seed alone.
      const drawn = draw();
      const noise = options.noise ?? drawn;
      if (noise.length !== drawn.length) {
        throw latentLength('The initial noise', noise.length, drawn.length);
      }
      if (options.noise) requireFinite(noise, 'The initial noise', () => place(0, 0));
      return sampler.start(noise);
    },
    async step(from, step, noise) {
      const latent = sampler.scaleInput(from.latent, step);
      const prediction = await predict(latent, sampler.told[step]!, step);
      const trajectory = sampler.step(prediction, step, from, noise);
      requireFinite(trajectory.latent, `The latent of ${labelOf(options)}`, () =>
        place(step, lastCall(options, step)),
      );
      return { trajectory, prediction };
    },
  };
}

const labelOf = ({ label = 'the denoiser' }: DenoiseOptions) => label;

const callsOf = ({ guidance }: DenoiseOptions) => (guidance?.mode === 'two-calls' ? 2 : 1);

const lastCall = (options: DenoiseOptions, step: number) => (step + 1) * callsOf(options) - 1;

/** What errors say of a call. */
function placesOf({ sampler: { timesteps } }: DenoiseOptions) {
  return (step: number, call: number): LoopPlace => ({
    step,
    steps: timesteps.length,
    call,
    timestep: timesteps[step]!,
  });
}

type Predict = (latent: Float32Array, timestep: number, step: number) => Promise<Float32Array>;

/** Everything between the sampler's latent and its prediction: feeds, calls and guidance. */
function predictor(options: DenoiseOptions): Predict {
  const { call, ort, roles, latentShape, latentType = 'float32', guidance, feeds = {} } = options;
  for (const role of ['latent', 'timestep'] as const) {
    if (feeds[roles[role]]) throw roleFed(roles[role], role);
  }
  if (guidance) checkGuidance(guidance, feeds);
  const place = placesOf(options);
  const output = `Output "${roles.output}" of ${labelOf(options)}`;

  /** One call on `copies` copies of the latent along the batch. */
  async function run(
    conditions: InferenceSession.FeedsType,
    latent: Float32Array,
    timestep: number,
    copies: number,
    context: CallContext,
  ): Promise<Float32Array> {
    const shape = [latentShape[0]! * copies, ...latentShape.slice(1)];
    const whole = options.beside
      ? joinChannels(latent, shape, options.beside)
      : { data: latent, shape };
    const outputs = await call(
      {
        ...conditions,
        [roles.latent]: latentTensor(ort.Tensor, whole.data, latentType, whole.shape),
        [roles.timestep]: timestepTensor(ort.Tensor, timestep, options.timestep, shape[0]!),
      },
      context,
    );
    const prediction = await readPrediction(outputs, roles.output, shape);
    requireFinite(prediction, output, () => place(context.step, context.call));
    return prediction;
  }

  /** u + s (c - u) may leave what float32 holds. */
  function combine(conditional: Float32Array, unconditional: Float32Array, step: number) {
    const guided = guide(conditional, unconditional, guidance!.scale);
    const what = `The prediction of ${labelOf(options)} after guidance`;
    requireFinite(guided, what, () => place(step, lastCall(options, step)));
    return guided;
  }

  if (!guidance) {
    return (latent, timestep, step) =>
      run(feeds, latent, timestep, 1, { step, call: step, half: 'both' });
  }

  const { order } = guidance;
  if (guidance.mode === 'batch') {
    const conditions = joinFeeds(ort.Tensor, feeds, guidance);
    return async (latent, timestep, step) => {
      const pair = new Float32Array(2 * latent.length);
      pair.set(latent);
      pair.set(latent, latent.length);
      const both = await run(conditions, pair, timestep, 2, { step, call: step, half: 'both' });
      const halves = [both.subarray(0, latent.length), both.subarray(latent.length)] as const;
      // The order is its own inverse.
      const [conditional, unconditional] = inOrder(order, ...halves);
      return combine(conditional, unconditional, step);
    };
  }

  const calls = inOrder<[GuidanceHalf, InferenceSession.FeedsType]>(
    order,
    ['conditional', feeds],
    ['unconditional', { ...feeds, ...guidance.unconditional }],
  );
  return async (latent, timestep, step) => {
    const predictions: Float32Array[] = [];
    for (const [i, [half, conditions]] of calls.entries()) {
      const context = { step, call: 2 * step + i, half };
      predictions.push(await run(conditions, latent, timestep, 1, context));
    }
    const [conditional, unconditional] = inOrder(order, predictions[0]!, predictions[1]!);
    return combine(conditional, unconditional, step);
  };
}
