/** How a loop calls its denoiser. */
import type { InferenceSession } from 'onnxruntime-common';

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
