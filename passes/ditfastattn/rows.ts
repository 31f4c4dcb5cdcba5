/** Rows of a guidance pair: taking the half that is computed, and letting it stand for both. */

import type { SiteBuilder } from '../../src/compiler/plan/index.js';
import { int } from '../../src/model/ir/attribute.js';
import type { Value } from '../../src/model/ir/value.js';
import type { PairOrder } from '../../src/runtime/schedule/index.js';
import { integers } from './band/shared.js';

/** Larger than any axis: to the end. */
const END = 2 ** 31 - 1;

/**
 * The conditional half of the leading axis.
 * @param size of that axis, where it is known
 */
export function halfOf(
  b: SiteBuilder,
  value: Value,
  order: PairOrder,
  size: number | undefined,
): Value {
  const at = (place: number) => integers(b.graph, [place]);
  const middle = size === undefined ? runTimeMiddle(b, value) : at(size / 2);
  const bounds = order === 'cond-first' ? [at(0), middle] : [middle, at(END)];
  return b.add({
    opType: 'Slice',
    inputs: [value, ...bounds, at(0)],
    outputs: ['stepfold.half'],
  });
}

/** Both halves, out of the one that was computed. */
export const doubled = (b: SiteBuilder, half: Value): Value =>
  b.add({
    opType: 'Concat',
    inputs: [half, half],
    outputs: ['stepfold.pair'],
    attributes: { axis: int(0) },
  });

function runTimeMiddle(b: SiteBuilder, value: Value): Value {
  const shape = b.add({ opType: 'Shape', inputs: [value], outputs: ['stepfold.half.shape'] });
  const rows = b.add({
    opType: 'Gather',
    inputs: [shape, integers(b.graph, [0])],
    outputs: ['stepfold.half.rows'],
  });
  return b.add({
    opType: 'Div',
    inputs: [rows, integers(b.graph, [2])],
    outputs: ['stepfold.half.middle'],
  });
}
