/**
 * The way of the data from one product to the next node of attention, node by node: what stands on it
 * decides whether scores of any other shape can go the same way.
 */
import { isOp, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { product } from '../../../model/shape/index.js';
import { type Axes, axesBehind } from './axes.js';
import { reachForward } from './reach.js';

/** A node on the way, and the input that the way comes in by. */
export interface Step {
  readonly node: Node;
  readonly index: number;
}

export interface Way {
  readonly steps: readonly Step[];
  /** A node at which two ways meet, so that the steps before it are not known. */
  readonly meeting: Node | undefined;
}

/** The steps from a value to another that is made from it by light nodes. */
export function wayBetween(from: Value, to: Value): Way {
  const { passed } = reachForward(from);
  const onWay = (v: Value | null) =>
    v !== null && (v === from || (v.producer !== undefined && passed.has(v.producer)));
  const steps: Step[] = [];
  for (let value = to; value !== from; ) {
    const node = value.producer!;
    const [index, second] = [...node.inputs.keys()].filter((i) => onWay(node.inputs[i]!));
    if (index === undefined || second !== undefined) return { steps, meeting: node };
    steps.unshift({ node, index });
    value = node.inputs[index]!;
  }
  return { steps, meeting: undefined };
}

/** The axes at the end of a way. */
export function axesAtEnd(axes: Axes, way: Way, shapes: ShapeTable): Axes | undefined {
  if (way.meeting) return undefined;
  let current: Axes | undefined = axes;
  for (const { node, index } of way.steps)
    current = current && axesBehind(current, node, node.inputs[index]!, shapes);
  return current;
}

/**
 * Operators that treat every element alike, whatever the shape, when their other inputs are one number. Of all
 * that do, these leave scores of a size that a finite mask hides, as no exponential would.
 */
const ELEMENT_WISE = [
  'Cast',
  'Identity',
  'Neg',
  'Tanh',
  'Clip',
  'Mul',
  'Div',
  'Add',
  'Sub',
  'Min',
  'Max',
];

/** Would the step do the same to a tensor of the same rank and any other sizes? */
export function isElementWise({ node, index }: Step, shapes: ShapeTable): boolean {
  const rank = shapes.shape(node.inputs[index]!)?.length ?? 0;
  return (
    isOp(node, ...ELEMENT_WISE) &&
    node.inputs.every((v, i) => !v || i === index || isOneNumber(v, rank, shapes))
  );
}

/** Has the value one element, and no more axes than what it is put to? */
export function isOneNumber(value: Value, rank: number, shapes: ShapeTable): boolean {
  const shape = shapes.shape(value);
  return shape !== undefined && shape.length <= rank && product(shape).constant === 1;
}
