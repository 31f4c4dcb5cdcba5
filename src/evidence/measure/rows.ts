/** Rows of tensors: a row for each image along the leading axis. */
import type { Tensor, TensorConstructor } from 'onnxruntime-common';

export function takeRows(
  Tensor: TensorConstructor,
  tensor: Tensor,
  rows: readonly number[],
): Tensor {
  const data = tensor.data as Float32Array;
  const size = data.length / tensor.dims[0]!;
  const taken = new (data.constructor as Float32ArrayConstructor)(rows.length * size);
  for (const [i, row] of rows.entries())
    taken.set(data.subarray(row * size, (row + 1) * size), i * size);
  return new Tensor(tensor.type, taken as never, [rows.length, ...tensor.dims.slice(1)]);
}
