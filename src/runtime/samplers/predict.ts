/** What a step of the loop asks for a prediction: everything between the sampler's latent and what is made of it. */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import { type LoopPlace, roleFed } from '../../errors/index.js';
import { type Control, residuals } from './control.js';
import type { CallContext, DenoiserCall, DenoiserRoles, GuidanceHalf } from './denoiser-call.js';
import {
  joinChannels,
  type LatentType,
  latentTensor,
  readPrediction,
  type TimestepFeed,
  timestepTensor,
} from './feeds.js';
import { requireFinite } from './finite.js';
import {
  checkGuidance,
  type Guidance,
  guidanceSteps,
  guide,
  inOrder,
  joinFeeds,
  rescaled,
} from './guidance.js';

/** A denoiser, and what it is fed beside latent and timestep. */
export interface FedDenoiser {
  readonly call: DenoiserCall;
  /** What errors about the loop's numbers call it; default "the denoiser". */
  readonly label?: string | undefined;
  /** Element type of the latent input; default float32. */
  readonly latentType?: LatentType;
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
  /**
   * Makes both halves at steps outside of the guidance's interval too, where a denoiser takes nothing else: one of
   * a fixed batch, or one whose calls are counted. Default false.
   */
  readonly bothHalves?: boolean;
  /** A second model whose outputs are inputs of the denoiser. */
  readonly control?: Control | undefined;
}

/** What a loop is for all of its denoisers. */
export interface LoopFrame {
  readonly ort: { readonly Tensor: TensorConstructor };
  /** [batch, channels, ...], without the doubling that guidance does. */
  readonly latentShape: readonly number[];
  readonly timesteps: readonly number[];
  /** Steps that the loop leaves out before the first. */
  readonly firstStep: number;
}

export type Predict = (
  latent: Float32Array,
  timestep: number,
  step: number,
) => Promise<Float32Array>;

export const labelOf = ({ label = 'the denoiser' }: Pick<FedDenoiser, 'label'>) => label;

/** What errors say of a step, by its last call. */
export function placeOf(
  { timesteps }: Pick<LoopFrame, 'timesteps'>,
  { guidance }: Pick<FedDenoiser, 'guidance'>,
  step: number,
): LoopPlace {
  const calls = guidance?.mode === 'two-calls' ? 2 : 1;
  const call = (step + 1) * calls - 1;
  return { step, steps: timesteps.length, call, timestep: timesteps[step]! };
}

/** @throws DENOISE_ROLE_FED, GUIDANCE_FEED_MISSING, GUIDANCE_FEED_MISMATCH, GUIDANCE_INTERVAL */
export function predictor(frame: LoopFrame, denoiser: FedDenoiser): Predict {
  const { ort, latentShape, timesteps } = frame;
  const { call, roles, latentType = 'float32', guidance, feeds = {} } = denoiser;
  for (const role of ['latent', 'timestep'] as const) {
    if (feeds[roles[role]]) throw roleFed(roles[role], role);
  }
  if (guidance) checkGuidance(guidance, feeds);
  const output = `Output "${roles.output}" of ${labelOf(denoiser)}`;
  const further = denoiser.control && residuals(ort.Tensor, denoiser.control);

  /** One call on `copies` copies of the latent along the batch. */
  async function run(
    conditions: InferenceSession.FeedsType,
    latent: Float32Array,
    timestep: number,
    copies: number,
    context: CallContext,
  ): Promise<Float32Array> {
    const shape = [latentShape[0]! * copies, ...latentShape.slice(1)];
    const whole = denoiser.beside
      ? joinChannels(latent, shape, denoiser.beside)
      : { data: latent, shape };
    const fed = { conditions, latent, shape, timestep, copies };
    const outputs = await call(
      {
        ...conditions,
        ...(await further?.(fed, context)),
        [roles.latent]: latentTensor(ort.Tensor, whole.data, latentType, whole.shape),
        [roles.timestep]: timestepTensor(ort.Tensor, timestep, denoiser.timestep, shape[0]!),
      },
      context,
    );
    const prediction = await readPrediction(outputs, roles.output, shape);
    requireFinite(prediction, output, () => ({
      ...placeOf(frame, denoiser, context.step),
      call: context.call,
    }));
    return prediction;
  }

  if (!guidance) {
    return (latent, timestep, step) =>
      run(feeds, latent, timestep, 1, { step, call: step, half: 'both' });
  }

  /** u + s (c - u) may leave what float32 holds. */
  function combine(conditional: Float32Array, unconditional: Float32Array, step: number) {
    const { scale, rescale = 0 } = guidance!;
    const guided = guide(conditional, unconditional, scale);
    const made = rescaled(guided, conditional, rescale, latentShape[0]!);
    const what = `The prediction of ${labelOf(denoiser)} after guidance`;
    requireFinite(made, what, () => placeOf(frame, denoiser, step));
    return made;
  }

  const { order } = guidance;
  const isGuided = guidanceSteps(guidance, timesteps.length, frame.firstStep);
  const isAlone = (step: number) => !isGuided(step) && !denoiser.bothHalves;
  if (guidance.mode === 'batch') {
    const conditions = joinFeeds(ort.Tensor, feeds, guidance);
    return async (latent, timestep, step) => {
      const context = { step, call: step, half: 'both' } as const;
      if (isAlone(step)) return run(feeds, latent, timestep, 1, context);
      const pair = new Float32Array(2 * latent.length);
      pair.set(latent);
      pair.set(latent, latent.length);
      const both = await run(conditions, pair, timestep, 2, context);
      const halves = [both.subarray(0, latent.length), both.subarray(latent.length)] as const;
      // The order is its own inverse.
      const [conditional, unconditional] = inOrder(order, ...halves);
      return isGuided(step) ? combine(conditional, unconditional, step) : conditional;
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
      if (half === 'unconditional' && isAlone(step)) continue;
      const context = { step, call: 2 * step + i, half };
      predictions.push(await run(conditions, latent, timestep, 1, context));
    }
    if (predictions.length === 1) return predictions[0]!;
    const [conditional, unconditional] = inOrder(order, predictions[0]!, predictions[1]!);
    return isGuided(step) ? combine(conditional, unconditional, step) : conditional;
  };
}
