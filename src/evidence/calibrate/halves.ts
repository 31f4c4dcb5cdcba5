/** Guidance sharing on tensors: one half of the rows stands for both. */
import type { Tensor, TensorConstructor } from 'onnxruntime-common';
import { oddBatch } from '../../errors/index.js';

/**
 * A tensor in which one half of the rows (leading axis) is in the place of both.
 * @param name of the value, for the error
 * @throws CALIBRATE_ODD_BATCH
 */
export function repeatHalf(
  Tensor: TensorConstructor,
  tensor: Tensor,
  which: 'first' | 'second',
  name: string,
): Tensor {
  const { type, dims } = tensor;
  const [rows = 1] = dims;
  if (rows % 2 !== 0) throw oddBatch(name, rows);
  const data = tensor.data as Float32Array;
  const middle = data.length / 2;
  const half = which === 'first' ? data.subarray(0, middle) : data.subarray(middle);
  const both = data.slice();
  both.set(half);
  both.set(half, middle);
  return new Tensor(type, both as never, dims);
}
