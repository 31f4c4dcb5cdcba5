/**
 * The loss by which a plan search judges a strategy: how far it moves the model's output, each
 * element relative to its own size. DiTFastAttn (arXiv 2406.08552), appendix A.2.
 */
import type { Tensor } from 'onnxruntime-common';
import { decodeFloat16 } from '../../io/float16.js';
import { everyFinite } from '../../runtime/samplers/finite.js';

/** Keeps elements that are zero in both outputs from dividing by zero. */
const EPSILON = 1e-6;
const MOST = 10;

/**
 * mean over all elements of min(|a - b| / (max(|a|, |b|) + 1e-6), 10). As in the paper; its released
 * code takes the maximum of the signed values. NaN in either output makes the loss NaN, which passes
 * no threshold.
 */
export function relativeLoss(reference: Tensor, actual: Tensor): number {
  const [a, b] = [elements(reference), elements(actual)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    sum += Math.min(Math.abs(x - y) / (Math.max(Math.abs(x), Math.abs(y)) + EPSILON), MOST);
  }
  return sum / a.length;
}

export const allFinite = (tensor: Tensor): boolean => everyFinite(elements(tensor));

type Elements = Float32Array | Float64Array;

function elements({ data, type }: Tensor): Elements {
  // where the engine has no Float16Array, onnxruntime gives the bit patterns
  if (type === 'float16' && data instanceof Uint16Array) return decodeFloat16(data);
  return data as Elements;
}
