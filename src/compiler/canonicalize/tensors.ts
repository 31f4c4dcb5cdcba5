/** Making small integer constants, and reading what constant tensors hold. */
import { constantTensor } from '../../model/ir/constants.js';
import {
  areNumbers,
  elementCount,
  int64Tensor,
  readNumbers,
  type Tensor,
} from '../../model/ir/tensor.js';
import { byteLength, type DataType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';

/** A tensor of any integer type of whole bytes, or of booleans given as 0 and 1. */
export function integerTensor(
  dtype: DataType,
  values: readonly bigint[],
  dims: readonly number[],
): Tensor | undefined {
  if (dtype === 'int64') return int64Tensor(values, [...dims]);
  const width = areNumbers(dtype) ? byteLength(dtype, 1) : undefined;
  if (width === undefined || width > 4) return undefined;
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (width === 4) view.setInt32(i * 4, Number(BigInt.asIntN(32, value)), true);
    else if (width === 2) view.setInt16(i * 2, Number(BigInt.asIntN(16, value)), true);
    else view.setUint8(i, Number(BigInt.asUintN(8, value)));
  });
  return { dtype, dims: [...dims], data: { kind: 'bytes', bytes } };
}

/** Are the tensor's bytes at hand without opening an external file? */
export function isAtHand(tensor: Tensor): boolean {
  const { kind } = tensor.data;
  return kind === 'bytes' || kind === 'range' || kind === 'typed';
}

/** Beyond this many elements a tensor is not searched for being all ones or all zeros. */
const MAX_UNIFORM = 4096;

/** The one number that all elements of a constant are, negative zero told apart from zero. */
export function uniformConstant(value: Value | null | undefined): number | undefined {
  const tensor = constantTensor(value);
  return tensor && uniformElement(tensor);
}

export function uniformElement(tensor: Tensor): number | undefined {
  if (!areNumbers(tensor.dtype) || !isAtHand(tensor)) return undefined;
  if (elementCount(tensor.dims) > MAX_UNIFORM) return undefined;
  const numbers = readNumbers(tensor);
  const [first] = numbers;
  return numbers.every((n) => Object.is(n, first)) ? first : undefined;
}
