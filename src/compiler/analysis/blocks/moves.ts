/**
 * What a value is but for its layout, its type and the pieces it was cut into: Reshape, Transpose, Cast
 * and the like move elements and compute nothing, and a Concat of all parts of a value is that value.
 */
import { attrNumber, attrNumbers } from '../../../model/ir/attribute.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { keepsNumbers } from '../../../model/operators/index.js';
import { constant, type DimExpr, equal, type ShapeTable, sum } from '../../../model/shape/index.js';
import { fromFront, startFromFront } from '../batch/step.js';

/**
 * The value, then what it was moved from, back to what was computed. Of what is quantized, that is what
 * was quantized.
 */
export function beforeMoves(value: Value, shapes: ShapeTable): Value[] {
  const values = [value];
  for (let next = movedFrom(value, shapes); next; next = movedFrom(next, shapes)) values.push(next);
  return values;
}

/**
 * Whether a value has its elements in the order of one that it was moved from, as far as Transposes alone say: what was
 * reshaped in another order counts as another.
 */
export function keepsOrder(value: Value, from: Value, shapes: ShapeTable): boolean {
  let axes: readonly number[] | undefined;
  for (let now = value; now !== from; ) {
    const rank = shapes.shape(now)?.length;
    const before = movedFrom(now, shapes);
    if (rank === undefined || !before) return false;
    axes ??= Array.from({ length: rank }, (_, axis) => axis);
    if (isOp(now.producer, 'Transpose')) {
      const perm = attrNumbers(now.producer, 'perm');
      axes = axes.map((axis) => (perm ? perm[axis]! : rank - 1 - axis));
    } else if (shapes.shape(before)?.length !== rank || isOp(now.producer, 'Reshape')) {
      if (!inOrder(axes, now, shapes)) return false;
      axes = undefined;
    }
    now = before;
  }
  return axes === undefined || inOrder(axes, from, shapes);
}

/** Axes of size 1 may stand anywhere. */
function inOrder(axes: readonly number[], value: Value, shapes: ShapeTable): boolean {
  const shape = shapes.shape(value);
  const wide = axes.filter((axis) => shape?.[axis]?.constant !== 1);
  return wide.every((axis, i) => i === 0 || wide[i - 1]! < axis);
}

function movedFrom({ producer }: Value, shapes: ShapeTable): Value | undefined {
  const before = producer?.inputs[0];
  if (!before) return undefined;
  if (producer && keepsNumbers(producer)) return before;
  if (isOp(producer, 'Concat')) return joinedAgain(producer, shapes);
  const isQuantized = isOp(producer, 'DequantizeLinear') && isOp(before.producer, 'QuantizeLinear');
  return (isQuantized && before.producer?.inputs[0]) || undefined;
}

/** A part of a value along one axis. */
interface Part {
  readonly whole: Value;
  readonly axis: number;
  readonly start: DimExpr;
}

/** The value whose parts, all and in their order, a Concat joins. */
function joinedAgain(concat: Node, shapes: ShapeTable): Value | undefined {
  const parts = concat.inputs.map((input) => input && partOf(input, shapes));
  const whole = parts[0]?.whole;
  if (!whole || !shapes.shape(whole)) return undefined;
  let end = constant(0);
  for (const [i, part] of parts.entries()) {
    const size = shapes.shape(concat.inputs[i]!)?.[part?.axis ?? 0];
    const follows = part?.whole === whole && part.axis === parts[0]!.axis && equal(part.start, end);
    if (!follows || !size) return undefined;
    end = sum([end, size]);
  }
  // sizes that agree on every axis leave nothing out, and no other axis to join along
  const joined = shapes.shape(concat.output);
  const all = shapes.shape(whole)!;
  const agree =
    all.length === joined?.length && all.every((size, axis) => equal(size, joined[axis]!));
  return agree ? whole : undefined;
}

/** A Slice of one axis with step 1, or an output of a Split. */
function partOf(value: Value, shapes: ShapeTable): Part | undefined {
  const node = value.producer;
  const whole = node?.inputs[0];
  const rank = whole && shapes.shape(whole)?.length;
  if (!node || !whole || !rank) return undefined;
  if (isOp(node, 'Split')) {
    const axis = fromFront(attrNumber(node, 'axis', 0), rank);
    const before = node.outputs
      .slice(0, value.outputIndex)
      .map((v) => v && shapes.shape(v)?.[axis]);
    return before.every((size) => size)
      ? { whole, axis, start: sum(before as DimExpr[]) }
      : undefined;
  }
  if (!isOp(node, 'Slice')) return undefined;
  const [starts, , axes, steps] = node.inputs.slice(1).map((v) => v && shapes.contents(v));
  const axis = axes?.length === 1 ? axes[0]!.constant : undefined;
  const single = starts?.length === 1 && axis !== undefined;
  const stepped = node.inputs[4] && !(steps?.length === 1 && steps[0]!.constant === 1);
  if (!single || stepped) return undefined;
  const along = fromFront(axis, rank);
  return { whole, axis: along, start: startFromFront(starts[0]!, shapes.shape(whole)![along]!) };
}
