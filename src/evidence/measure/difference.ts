/** How far two tensors are apart. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { decodeFloat16 } from '../../io/float16.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import { bytesOf } from '../../runtime/session/tensors.js';

export interface Difference {
  /** Largest absolute difference of two elements. */
  readonly absolute: number;
  /** That, divided by the largest magnitude of the reference: elements near zero do not blow it up. */
  readonly relative: number;
  /** Types, sizes and every bit agree. */
  readonly identical: boolean;
}

const NONE: Difference = { absolute: 0, relative: 0, identical: true };
const INCOMPARABLE: Difference = {
  absolute: Number.POSITIVE_INFINITY,
  relative: Number.POSITIVE_INFINITY,
  identical: false,
};

/**
 * Differing types and shapes count as infinitely far, and so do NaN and infinity on either side: two models
 * that both overflow have proved nothing. Strings are equal or infinitely far.
 */
export function difference(actual: Tensor, reference: Tensor): Difference {
  if (actual.type !== reference.type || actual.dims.join() !== reference.dims.join())
    return INCOMPARABLE;
  if (actual.type === 'string') {
    const expected = reference.data as string[];
    return (actual.data as string[]).every((text, i) => text === expected[i]) ? NONE : INCOMPARABLE;
  }
  const [a, b] = [numbers(actual), numbers(reference)];
  let absolute = 0;
  let magnitude = 0;
  for (let i = 0; i < a.length; i++) {
    const delta = Math.abs(a[i]! - b[i]!);
    if (!Number.isFinite(delta)) return INCOMPARABLE;
    if (delta > absolute) absolute = delta;
    if (Math.abs(b[i]!) > magnitude) magnitude = Math.abs(b[i]!);
  }
  return {
    absolute,
    relative: absolute === 0 ? 0 : absolute / magnitude,
    identical: Buffer.compare(bitsOf(actual), bitsOf(reference)) === 0,
  };
}

/** Whether a tensor can be near another one: all of its numbers are finite. */
export const isComparable = (tensor: Tensor): boolean =>
  Number.isFinite(difference(tensor, tensor).absolute);

export const worst = (a: Difference, b: Difference): Difference => ({
  absolute: Math.max(a.absolute, b.absolute),
  relative: Math.max(a.relative, b.relative),
  identical: a.identical && b.identical,
});

/** The worst of all outputs of a call. */
export const compareOutputs = (
  { source }: Schedule,
  actual: InferenceSession.ReturnType,
  expected: InferenceSession.ReturnType,
): Difference =>
  source.outputs.map(({ name }) => difference(actual[name]!, expected[name]!)).reduce(worst, NONE);

const bitsOf = ({ data }: Tensor): Uint8Array => bytesOf(data as Float32Array);

function numbers(tensor: Tensor): ArrayLike<number> {
  const data = tensor.data as Float32Array | Uint16Array | BigInt64Array | BigUint64Array;
  if (tensor.type === 'float16' && data instanceof Uint16Array) return decodeFloat16(data);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return Array.from(data, Number);
  return data;
}
