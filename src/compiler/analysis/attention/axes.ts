/**
 * What the axes of a product of two operands are: a letter for each, equal letters for equal axes. With
 * letters, MatMul and Einsum in any orientation are one thing: which axis holds queries, keys, heads
 * and channels follows from where a letter occurs, not from where it stands.
 */
import { attrNumber, attrNumbers, attrString } from '../../../model/ir/attribute.js';
import { isOp, MICROSOFT, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';

/** One letter per axis. */
export type Axes = readonly string[];

export interface ProductAxes {
  readonly operands: readonly [Axes, Axes];
  readonly result: Axes;
}

/** The axes of a MatMul or Einsum of two operands; undefined where ranks are unknown or axes merge. */
export function productAxes(node: Node, shapes: ShapeTable): ProductAxes | undefined {
  if (isOp(node, 'Einsum')) return einsumAxes(attrString(node, 'equation') ?? '');
  const [left, right] = node.inputs.map((v) => (v ? shapes.shape(v)?.length : undefined));
  if (left === undefined || right === undefined || left < 2 || right < 2) return undefined;
  const isFused = isFusedMatMul(node);
  if (!isFused && !isOp(node, 'MatMul')) return undefined;
  const swapped = (name: string, axes: string[]) =>
    isFused && attrNumber(node, name, 0) ? axes.reverse() : axes;
  return {
    operands: [
      [...leadAxes(left - 2), ...swapped('transA', ['row', 'inner'])],
      [...leadAxes(right - 2), ...swapped('transB', ['inner', 'column'])],
    ],
    result: [...leadAxes(Math.max(left, right) - 2), 'row', 'column'],
  };
}

/** com.microsoft `FusedMatMul`: a MatMul with transposed operands and a factor. */
export const isFusedMatMul = (node: Node): boolean =>
  node.domain === MICROSOFT &&
  node.opType === 'FusedMatMul' &&
  !attrNumber(node, 'transBatchA', 0) &&
  !attrNumber(node, 'transBatchB', 0);

/** Letters of leading axes, which align at their ends. */
const leadAxes = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `lead ${count - i}`);

function einsumAxes(equation: string): ProductAxes | undefined {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const operands = left.split(',').map((term) => [...term]);
  const [a, b] = operands;
  if (!a || !b || operands.length !== 2 || equation.includes('.')) return undefined;
  // a letter that occurs twice in one operand takes a diagonal
  if (new Set(a).size < a.length || new Set(b).size < b.length) return undefined;
  const once = [...a, ...b].filter((x) => a.includes(x) !== b.includes(x)).sort();
  return { operands: [a, b], result: right === undefined ? once : [...right] };
}

/** The permutation of a Transpose over so many axes; without `perm` it reverses them. */
export const permutation = (node: Node, rank: number): number[] =>
  attrNumbers(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);

/** Where the wanted axes stand among those that are there: a `perm`; undefined where one is missing. */
export function arrangement(there: Axes, wanted: Axes): number[] | undefined {
  const perm = wanted.map((axis) => there.indexOf(axis));
  return there.length === wanted.length && !perm.includes(-1) ? perm : undefined;
}

/**
 * The axes behind a node that reads a value of known axes. Axes that a change of layout makes get
 * letters of their own, so that the last two, which attention is about, are followed through it.
 */
export function axesBehind(
  axes: Axes,
  node: Node,
  input: Value,
  shapes: ShapeTable,
): Axes | undefined {
  if (isOp(node, 'Transpose')) return permutation(node, axes.length).map((axis) => axes[axis]!);
  const before = shapes.shape(input);
  const after = shapes.shape(node.output);
  if (!before || !after) return undefined;
  const kept: string[] = [];
  while (kept.length < axes.length) {
    const at = kept.length + 1;
    if (before.at(-at)?.key !== after.at(-at)?.key) break;
    kept.unshift(axes.at(-at)!);
  }
  const made = after.slice(kept.length).map((_, i) => `${node.label} ${i}`);
  return [...made, ...kept];
}
