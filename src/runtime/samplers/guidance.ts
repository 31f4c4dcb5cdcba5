/**
 * Classifier-free guidance: Ho and Salimans, "Classifier-free diffusion guidance" (arXiv 2207.12598).
 *
 * The denoiser runs with and without the condition, as two halves of one batch or as two calls. Which
 * half comes first differs between models (conditional in DiT, unconditional in Stable Diffusion), so
 * the order is always said.
 */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import {
  guidanceFeedMismatch,
  guidanceFeedMissing,
  unknownSamplerChoice,
} from '../../errors/index.js';
import { PAIR_MODES, PAIR_ORDERS, type PairMode, type PairOrder } from '../schedule/guidance.js';

export interface Guidance {
  /**
   * s in u + s (c - u): 1 is the conditional prediction alone, more pushes beyond it. The paper's
   * w is s - 1.
   */
  readonly scale: number;
  readonly order: PairOrder;
  readonly mode: PairMode;
  /**
   * What the unconditional half reads in place of the feeds of the same name (such as the embedding
   * of the empty prompt). In `batch` mode the two are joined along the first dimension in the given
   * order; feeds not named here go in as they are.
   */
  readonly unconditional: InferenceSession.FeedsType;
}

/** @throws SAMPLER_UNKNOWN_CHOICE, GUIDANCE_FEED_MISSING */
export function checkGuidance(guidance: Guidance, feeds: InferenceSession.FeedsType): void {
  if (!PAIR_ORDERS.includes(guidance.order)) {
    throw unknownSamplerChoice('guidance order', guidance.order, PAIR_ORDERS);
  }
  if (!PAIR_MODES.includes(guidance.mode)) {
    throw unknownSamplerChoice('guidance mode', guidance.mode, PAIR_MODES);
  }
  for (const input of Object.keys(guidance.unconditional)) {
    if (!feeds[input]) throw guidanceFeedMissing(input);
  }
}

/** Puts the two halves of a pair in the order that the denoiser was built for. */
export function inOrder<T>(order: PairOrder, conditional: T, unconditional: T): [T, T] {
  return order === 'cond-first' ? [conditional, unconditional] : [unconditional, conditional];
}

type NumericArray = Exclude<Tensor.DataType, readonly string[]>;

const describe = (tensor: Tensor) => `${tensor.type}[${tensor.dims.join(', ')}]`;

function join(Tensor: TensorConstructor, input: string, halves: readonly [Tensor, Tensor]): Tensor {
  const [first, second] = halves;
  const [firstBatch = 0, ...rest] = first.dims;
  const [secondBatch = 0, ...secondRest] = second.dims;
  if (
    first.type !== second.type ||
    first.type === 'string' ||
    first.dims.length === 0 ||
    rest.join() !== secondRest.join()
  ) {
    throw guidanceFeedMismatch(input, describe(first), describe(second));
  }
  const a = first.data as NumericArray;
  const b = second.data as NumericArray;
  const data = new (a.constructor as new (length: number) => NumericArray)(a.length + b.length);
  // Number and BigInt arrays have incompatible `set`s; the types are equal, as checked above.
  (data as Uint8Array).set(a as Uint8Array);
  (data as Uint8Array).set(b as Uint8Array, a.length);
  return new Tensor(first.type, data as never, [firstBatch + secondBatch, ...rest]);
}

/**
 * The condition feeds of a doubled batch: what both halves name is joined, the rest kept.
 *
 * @throws GUIDANCE_FEED_MISMATCH when the halves of an input cannot be joined.
 */
export function joinFeeds(
  Tensor: TensorConstructor,
  feeds: InferenceSession.FeedsType,
  guidance: Guidance,
): InferenceSession.FeedsType {
  const joined = { ...feeds };
  for (const [input, unconditional] of Object.entries(guidance.unconditional)) {
    const halves = inOrder(guidance.order, feeds[input] as Tensor, unconditional as Tensor);
    joined[input] = join(Tensor, input, halves);
  }
  return joined;
}

/** u + s (c - u): equation 6 of the paper with s = 1 + w. */
export function guide(
  conditional: Float32Array,
  unconditional: Float32Array,
  scale: number,
): Float32Array {
  return conditional.map((value, i) => unconditional[i]! + scale * (value - unconditional[i]!));
}
