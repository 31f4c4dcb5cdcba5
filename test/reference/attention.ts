/**
 * Multi-head self-attention of one image (Vaswani et al., arXiv 1706.03762, section 3.2), in which a
 * query may be made to see only the keys near it.
 */
import { affine, type Matrix } from './numbers.js';
import { type AttentionWeights, DIT } from './weights.js';

const { tokens, width, heads } = DIT;
const headWidth = width / heads;

/** q, k and v of every token, [tokens, 3 * width]: each of them all heads after one another. */
export const queriesKeysValues = (x: Matrix, { qkv }: AttentionWeights): Matrix =>
  affine(x, qkv.weight, qkv.bias);

/**
 * softmax(q k^T / sqrt(headWidth)) v of every head, side by side: [tokens, width], before the output
 * projection. Keys with |query - key| > reach count as minus infinity in the softmax.
 */
export function mix(projected: Matrix, reach: number): Matrix {
  const result = new Float64Array(tokens * width);
  const weights = new Float64Array(tokens);
  for (let head = 0; head < heads; head++) {
    const start = head * headWidth;
    const q = (token: number) => token * 3 * width + start;
    const k = (token: number) => q(token) + width;
    const v = (token: number) => k(token) + width;
    for (let query = 0; query < tokens; query++) {
      const first = Math.max(0, query - reach);
      const last = Math.min(tokens - 1, query + reach);
      let largest = Number.NEGATIVE_INFINITY;
      for (let key = first; key <= last; key++) {
        const score = dot(projected, q(query), k(key)) / Math.sqrt(headWidth);
        weights[key] = score;
        largest = Math.max(largest, score);
      }
      let sum = 0;
      for (let key = first; key <= last; key++) {
        weights[key] = Math.exp(weights[key]! - largest);
        sum += weights[key]!;
      }
      const mixed = result.subarray(query * width + start, query * width + start + headWidth);
      for (let key = first; key <= last; key++) {
        const weight = weights[key]! / sum;
        const value = v(key);
        for (let d = 0; d < headWidth; d++) mixed[d] = mixed[d]! + weight * projected[value + d]!;
      }
    }
  }
  return result;
}

/** Of two vectors of one head; four sums that do not wait for each other halve the time. */
function dot(x: Matrix, a: number, b: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let d = 0; d < headWidth; d += 4) {
    first += x[a + d]! * x[b + d]!;
    second += x[a + d + 1]! * x[b + d + 1]!;
    third += x[a + d + 2]! * x[b + d + 2]!;
    fourth += x[a + d + 3]! * x[b + d + 3]!;
  }
  return first + second + third + fourth;
}

export const ALL_KEYS = tokens;

/** The module's output of one image. */
export const project = (mixed: Matrix, { projection }: AttentionWeights): Matrix =>
  affine(mixed, projection.weight, projection.bias);

/** The module as it was trained. */
export const fullAttention = (x: Matrix, weights: AttentionWeights): Matrix =>
  project(mix(queriesKeysValues(x, weights), ALL_KEYS), weights);
