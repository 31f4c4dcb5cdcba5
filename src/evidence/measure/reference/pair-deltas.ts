/**
 * The halves of guidance pairs, one had from the other, in plain numbers: d is the conditional half less the other, as
 * both were computed; later the other is the conditional one less d, or where the other came first, the conditional
 * one that and d.
 */
import type { Tensor } from 'onnxruntime-common';
import { decodeFloat16, encodeFloat16 } from '../../../io/float16.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import type { Ort } from '../engine.js';
import { conditionalHalf } from '../pairs.js';

type Pair = NonNullable<Schedule['source']['guidance']>;

const numbersOf = ({ type, data }: Tensor): Float32Array =>
  type === 'float16' ? decodeFloat16(data as Uint16Array) : (data as Float32Array);

const float32 = (ort: Ort, data: Float32Array, dims: readonly number[]): Tensor =>
  new ort.Tensor('float32', data, dims) as unknown as Tensor;

/** What the halves of a batch differ by: half of its rows. */
export function deltaInBatch(ort: Ort, { order }: Pair, batch: Tensor): Tensor {
  const numbers = numbersOf(batch);
  const middle = numbers.length / 2;
  const [first, second] = [numbers.subarray(0, middle), numbers.subarray(middle)];
  const [rows = 0, ...rest] = batch.dims;
  return float32(ort, lessOther(order, first, second), [rows / 2, ...rest]);
}

/** What is added to the conditional half in the place of both. */
export function addedInBatch(ort: Ort, { order }: Pair, delta: Tensor): Tensor {
  const less = numbersOf(delta).map((d) => -d);
  const added = new Float32Array(2 * less.length);
  added.set(less, conditionalHalf(order) === 0 ? less.length : 0);
  const [rows = 0, ...rest] = delta.dims;
  return float32(ort, added, [2 * rows, ...rest]);
}

/** What the results of two calls differ by. */
export const deltaOfCalls = (ort: Ort, { order }: Pair, first: Tensor, second: Tensor): Tensor =>
  float32(ort, lessOther(order, numbersOf(first), numbersOf(second)), first.dims);

/** What the second call gives, from the first. */
export function secondOfCalls(ort: Ort, { order }: Pair, first: Tensor, delta: Tensor): Tensor {
  const sign = order === 'cond-first' ? -1 : 1;
  const d = numbersOf(delta);
  const sum = numbersOf(first).map((x, i) => x + sign * d[i]!);
  if (first.type !== 'float16') return float32(ort, sum, first.dims);
  return new ort.Tensor('float16', encodeFloat16(sum), first.dims) as unknown as Tensor;
}

function lessOther(order: Pair['order'], first: Float32Array, second: Float32Array): Float32Array {
  const [conditional, other] = order === 'cond-first' ? [first, second] : [second, first];
  return conditional.map((c, i) => c - other[i]!);
}
