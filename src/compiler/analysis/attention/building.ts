/** Small pieces that raised attention is built of. */
import { int, ints } from '../../../model/ir/attribute.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { float32Tensor } from '../../../model/ir/tensor.js';
import { type DataType, dataTypeCode } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import type { SiteBuilder } from '../../plan/site.js';
import { permutation } from './axes.js';

const isInOrder = (perm: readonly number[]): boolean => perm.every((axis, i) => axis === i);

/**
 * The counterpart of a source value with its axes in another order. Transposes of the module in front
 * of it are undone or joined rather than added to.
 */
export function arranged(
  b: SiteBuilder,
  source: Value,
  perm: readonly number[],
  module: ReadonlySet<Node>,
  name: string,
): Value {
  let from = source;
  let order = perm;
  while (!isInOrder(order) && isOp(from.producer, 'Transpose')) {
    const before = from.producer.inputs[0]!;
    if (!before.producer || !module.has(before.producer)) break;
    const inner = permutation(from.producer, order.length);
    order = order.map((axis) => inner[axis]!);
    from = before;
  }
  return transposed(b, b.value(from), order, name);
}

/** A value of the graph being built with its axes in another order; itself where they stay in order. */
export function transposed(
  b: SiteBuilder,
  value: Value,
  perm: readonly number[],
  name: string,
): Value {
  if (isInOrder(perm)) return value;
  return b.add({
    opType: 'Transpose',
    inputs: [value],
    outputs: [name],
    attributes: { perm: ints(perm) },
  });
}

/** The value with every element put through an operator with one number of the value's type. */
export function withNumber(
  b: SiteBuilder,
  opType: 'Mul' | 'Div',
  value: Value,
  number: number,
  type: DataType,
  name: string,
): Value {
  const constant = b.graph.addInitializer(`${name}.by`, float32Tensor([number], []));
  // an engine folds this Cast, and the number is right in every type that has one
  const by = type === 'float32' ? constant : cast(b, constant, type, `${name}.by`);
  return b.add({ opType, inputs: [value, by], outputs: [name] });
}

export function cast(b: SiteBuilder, value: Value, type: DataType, name: string): Value {
  return b.add({
    opType: 'Cast',
    inputs: [value],
    outputs: [name],
    attributes: { to: int(dataTypeCode(type)) },
  });
}
