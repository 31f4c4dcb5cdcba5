/**
 * The mask of a band: 0 where a query sees a key, else a number so low that its weight is exactly 0.
 * It is worked out by nodes rather than stored: engines fold those of constants once, when a model is
 * opened, while a stored mask of 128 queries and ±512 keys would be half a megabyte of file.
 */
import { float32Tensor } from '../../../src/ir/tensor.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import type { SiteBuilder } from '../../../src/plan/index.js';
import { cast, node } from './nodes.js';
import { stored } from './shared.js';

/** Far below any score, and finite in bfloat16 too; of float16 the lowest there is. */
const hiddenScore = (dtype: DataType): number => (dtype === 'float16' ? -65504 : -3e38);

const float = (b: SiteBuilder, value: number): Value =>
  stored(b.graph, `float32 ${value}`, () => float32Tensor([value], []));

export interface Positions {
  /** int64 [rows, 1] and [columns]: of queries and keys, from the same place on. */
  readonly queries: Value;
  readonly keys: Value;
  /** int64 scalar: how far a query sees. */
  readonly width: Value;
  /** bool [chunks, 1, columns]: the key lies beyond the sequence. */
  readonly beyond: Value | undefined;
}

/** Of type `dtype`, [rows, columns], or [chunks, rows, columns] where keys may lie beyond the sequence. */
export function bandMask(b: SiteBuilder, dtype: DataType, positions: Positions): Value {
  const { queries, keys, width, beyond } = positions;
  const hide = (hidden: Value, mask: Value) =>
    node(b, 'Where', [hidden, float(b, hiddenScore(dtype)), mask]);
  const distance = node(b, 'Abs', [node(b, 'Sub', [keys, queries])]);
  const near = hide(node(b, 'Greater', [distance, width]), float(b, 0));
  const mask = beyond ? hide(beyond, near) : near;
  // selection is done in float32, for which every engine has a kernel
  return dtype === 'float32' ? mask : cast(b, mask, dtype);
}
