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
  guidanceInterval,
  samplerOptionOutOfRange,
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
  /**
   * The part of the loop with guidance, as fractions of its steps from 0 to 1 (Kynkäänniemi et al., arXiv
   * 2404.07724); steps that a loop leaves out before its first are counted. Outside of it the conditional half alone
   * is made. In `batch` mode every input of a row per image is then named in `unconditional`. Default all of it.
   */
  readonly interval?: readonly [from: number, to: number] | undefined;
  /**
   * How far the standard deviation of each image's guided prediction is brought back to that of the conditional one:
   * phi in equation 16 of Lin et al. (arXiv 2305.08891). Default 0.
   */
  readonly rescale?: number | undefined;
}

/** @throws SAMPLER_UNKNOWN_CHOICE, GUIDANCE_FEED_MISSING, GUIDANCE_INTERVAL, SAMPLER_OPTION_RANGE */
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
  const { interval: [from, to] = WHOLE_LOOP, rescale = 0 } = guidance;
  if (!(from >= 0 && from < to && to <= 1)) throw guidanceInterval(from, to);
  if (!(rescale >= 0 && rescale <= 1))
    throw samplerOptionOutOfRange('guidance rescale', rescale, 'from 0 to 1');
}

const WHOLE_LOOP = [0, 1] as const;

/**
 * Which steps have guidance: those from floor(from · n) up to floor(to · n), as in diffusers' guiders.
 * @param steps that the loop takes, numbered from 0
 * @param left out before the first of them
 */
export function guidanceSteps(
  { interval: [from, to] = WHOLE_LOOP }: Pick<Guidance, 'interval'>,
  steps: number,
  left: number,
): (step: number) => boolean {
  // 0.29 · 100 is a little less than 29
  const [first, end] = [from, to].map((part) => Math.floor(part * (steps + left) + 1e-9));
  return (step) => step + left >= first! && step + left < end!;
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

/**
 * A guided prediction with a standard deviation between its own and the conditional one's, image by image.
 * @param part of the way
 */
export function rescaled(
  guided: Float32Array,
  conditional: Float32Array,
  part: number,
  images: number,
): Float32Array {
  if (part === 0) return guided;
  const each = guided.length / images;
  const made = new Float32Array(guided.length);
  for (let start = 0; start < guided.length; start += each) {
    const own = guided.subarray(start, start + each);
    const [wanted, has] = [deviation(conditional.subarray(start, start + each)), deviation(own)];
    // what does not vary cannot be made to
    const factor = has === 0 ? 1 : part * (wanted / has) + 1 - part;
    made.set(
      own.map((value) => value * factor),
      start,
    );
  }
  return made;
}

/** Standard deviation; by what a variance is divided cancels out. */
function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
