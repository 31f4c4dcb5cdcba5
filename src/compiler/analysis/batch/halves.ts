/** Halves of a guidance pair: taking one of them, and letting it stand for both, or joining the two. */
import { int } from '../../../model/ir/attribute.js';
import type { Value } from '../../../model/ir/value.js';
import type { SiteBuilder } from '../../plan/site.js';
import { integers } from '../stored.js';

/** Larger than any axis: to the end. */
const END = 2 ** 31 - 1;

type Builder = Pick<SiteBuilder, 'graph' | 'add'>;

export type PairHalf = 'first' | 'second';

export interface HalvedAxis {
  readonly axis?: number;
  /** Its size, where it is known. */
  readonly size?: number | undefined;
  /** One row, which is the same for all images, is its own half. */
  readonly orOne?: boolean | undefined;
}

export function halfOf(
  b: Builder,
  value: Value,
  half: PairHalf,
  { axis = 0, size, orOne = false }: HalvedAxis,
): Value {
  const at = (place: number) => integers(b.graph, [place]);
  const middle =
    size === undefined
      ? runTimeMiddle(b, value, axis, orOne && half === 'first')
      : at(orOne && half === 'first' ? Math.ceil(size / 2) : Math.floor(size / 2));
  const bounds = half === 'first' ? [at(0), middle] : [middle, at(END)];
  return b.add({
    opType: 'Slice',
    inputs: [value, ...bounds, at(axis)],
    outputs: ['stepfold.half'],
  });
}

/** Both halves, one behind the other. */
export const joined = (b: Builder, halves: readonly [Value, Value], axis = 0): Value =>
  b.add({
    opType: 'Concat',
    inputs: halves,
    outputs: ['stepfold.pair'],
    attributes: { axis: int(axis) },
  });

/** Both halves, out of the one that was computed. */
export const doubled = (b: Builder, half: Value): Value => joined(b, [half, half], 0);

function runTimeMiddle(b: Builder, value: Value, axis: number, roundsUp: boolean): Value {
  const shape = b.add({ opType: 'Shape', inputs: [value], outputs: ['stepfold.half.shape'] });
  const rows = b.add({
    opType: 'Gather',
    inputs: [shape, integers(b.graph, [axis])],
    outputs: ['stepfold.half.rows'],
  });
  const more = (sum: Value) =>
    b.add({
      opType: 'Add',
      inputs: [sum, integers(b.graph, [1])],
      outputs: ['stepfold.half.rows'],
    });
  return b.add({
    opType: 'Div',
    inputs: [roundsUp ? more(rows) : rows, integers(b.graph, [2])],
    outputs: ['stepfold.half.middle'],
  });
}
