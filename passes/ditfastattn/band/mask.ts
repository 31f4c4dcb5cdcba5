/**
 * What hides a key from a query: a number added to the score, so low that the weight is exactly 0. It
 * is finite, since an engine that adds minus infinity to a row of nothing else makes a NaN of it.
 */

import { stored } from '../../../src/compiler/analysis/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import { float32Tensor, type Tensor } from '../../../src/model/ir/tensor.js';
import { byteLength, type DataType } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';
import { cast, node } from './nodes.js';

/** Far below any score, and finite in bfloat16 too; of float16 the lowest there is. */
const hiddenScore = (dtype: DataType): number => (dtype === 'float16' ? -65504 : -3e38);

/** A mask to store: `hidden` says of each element whether it is hidden. */
export function maskTensor(
  dtype: DataType,
  dims: readonly number[],
  hidden: readonly boolean[],
): Tensor {
  const element = hiddenBytes(dtype);
  const bytes = new Uint8Array(hidden.length * element.length);
  hidden.forEach((is, i) => {
    if (is) bytes.set(element, i * element.length);
  });
  return { dtype, dims, data: { kind: 'bytes', bytes } };
}

/** The hidden score as an element, little endian. */
function hiddenBytes(dtype: DataType): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (dtype === 'float64') view.setFloat64(0, hiddenScore(dtype), true);
  else if (dtype === 'float16') view.setUint16(0, 0xfbff, true);
  else view.setFloat32(0, hiddenScore(dtype), true);
  // bfloat16 is the upper half of a float32
  return dtype === 'bfloat16' ? bytes.slice(2, 4) : bytes.slice(0, byteLength(dtype, 1));
}

export interface Positions {
  /** int64 [rows, 1] and [columns]: of queries and keys, from the same place on. */
  readonly queries: Value;
  readonly keys: Value;
  /** int64 scalar: how far a query sees. */
  readonly width: Value;
  /** bool [chunks, 1, columns]: the key lies beyond the sequence. */
  readonly beyond: Value;
}

/** [chunks, rows, columns] of type `dtype`, worked out at run time. */
export function runtimeMask(b: SiteBuilder, dtype: DataType, positions: Positions): Value {
  const { queries, keys, width, beyond } = positions;
  const float = (value: number) =>
    stored(b.graph, `float32 ${value}`, () => float32Tensor([value], []));
  const hide = (hidden: Value, mask: Value) =>
    node(b, 'Where', [hidden, float(hiddenScore(dtype)), mask]);
  const distance = node(b, 'Abs', [node(b, 'Sub', [keys, queries])]);
  const mask = hide(beyond, hide(node(b, 'Greater', [distance, width]), float(0)));
  // selection is done in float32, for which every engine has a kernel
  return dtype === 'float32' ? mask : cast(b, mask, dtype);
}
