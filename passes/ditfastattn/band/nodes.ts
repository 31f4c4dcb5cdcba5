/** Nodes of a band, with few words. Only operators that mean the same from opset 11 on. */

import { integers } from '../../../src/compiler/analysis/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import { type Attribute, int, ints } from '../../../src/model/ir/attribute.js';
import { type DataType, dataTypeCode } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';

export function node(
  b: SiteBuilder,
  opType: string,
  inputs: readonly Value[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Value {
  const outputs = [`stepfold.band.${opType.toLowerCase()}`];
  return b.add({ opType, inputs, outputs, attributes });
}

export function gather(b: SiteBuilder, value: Value, indices: Value, axis: number): Value {
  return node(b, 'Gather', [value, indices], { axis: int(axis) });
}

export function concat(b: SiteBuilder, values: readonly Value[], axis: number): Value {
  return node(b, 'Concat', values, { axis: int(axis) });
}

/** The first elements of an axis; `count` is a list of one. */
export function leading(b: SiteBuilder, value: Value, axis: number, count: Value): Value {
  const [from, along] = [[0], [axis]].map((list) => integers(b.graph, list)) as [Value, Value];
  return node(b, 'Slice', [value, from, count, along]);
}

/** Swaps the last two axes. */
export function transposed(b: SiteBuilder, value: Value, rank: number): Value {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  const last = order.splice(rank - 2, 2).reverse();
  return node(b, 'Transpose', [value], { perm: ints([...order, ...last]) });
}

export function softmax(b: SiteBuilder, scores: Value): Value {
  return node(b, 'Softmax', [scores], { axis: int(-1) });
}

export function cast(b: SiteBuilder, value: Value, to: DataType): Value {
  return node(b, 'Cast', [value], { to: int(dataTypeCode(to)) });
}
