/**
 * Nodes that give back what they got. Only where that is exact to the bit: the shape is the same for
 * all sizes, the type is the same, and no element changes.
 */
import { attrNumber, attrNumbers } from '../../../model/ir/attribute.js';
import { isStandard, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { type Elements, operatorOf } from '../../../model/operators/index.js';
import { equal, type ShapeTable } from '../../../model/shape/index.js';
import type { Rewrite, Rule, RuleContext } from '../rewrite.js';
import { uniformConstant } from '../tensors.js';

/** What is passed through, and why that is allowed. */
interface Passed {
  readonly value: Value | null | undefined;
  readonly why: string;
}

type Check = (node: Node, context: RuleContext) => Passed | undefined;

/** Have the two values one shape for all sizes? */
export function sameShape(shapes: ShapeTable, a: Value, b: Value): boolean {
  const [x, y] = [shapes.shape(a), shapes.shape(b)];
  if (!x || !y || x.length !== y.length) return false;
  return x.every((size, axis) => equal(size, y[axis]!));
}

const first = (node: Node, why: string): Passed => ({ value: node.inputs[0], why });

const always =
  (why: string): Check =>
  (node) =>
    first(node, why);

/** With the same shape, every element is where it was, if the operator leaves them in their order. */
const unchangedShape: Check = (node, { shapes }) => {
  const input = node.inputs[0];
  if (!input || !sameShape(shapes, input, node.output)) return undefined;
  return first(node, 'the shape does not change');
};

const cast: Check = (node, { shapes }) => {
  const input = node.inputs[0];
  const from = input && shapes.dtype(input);
  if (from === undefined || from !== shapes.dtype(node.output)) return undefined;
  return first(node, `it casts ${from} to ${from}`);
};

const transpose: Check = (node) =>
  attrNumbers(node, 'perm')?.every((axis, i) => axis === i)
    ? first(node, 'the axes stay in order')
    : undefined;

const slice: Check = (node, context) => {
  if (context.opset < 10) return unchangedShape(node, context);
  const steps = node.inputs[4];
  const known = steps ? context.shapes.contents(steps)?.map((s) => s.constant) : [];
  // A slice of the same size that runs backwards turns the elements around.
  return known?.every((step) => step === 1) ? unchangedShape(node, context) : undefined;
};

const pad: Check = (node, { shapes, opset }) => {
  const pads =
    opset < 11
      ? attrNumbers(node, 'pads')
      : node.inputs[1] && shapes.contents(node.inputs[1])?.map((p) => p.constant);
  return pads?.every((p) => p === 0) ? first(node, 'it pads by nothing') : undefined;
};

const dropout: Check = (node, { opset }) => {
  // a mask that is read keeps the node, whose first output is its input all the same
  if (opset < 7) return attrNumber(node, 'is_test', 0) === 1 ? first(node, 'inference') : undefined;
  const training = node.inputs[2];
  if (training && uniformConstant(training) !== 0) return undefined;
  return first(node, 'dropout does nothing in inference');
};

/** A choice that is known, between tensors that are not. */
const where: Check = (node, { shapes }) => {
  const condition = uniformConstant(node.inputs[0]);
  const value = condition === undefined ? undefined : node.inputs[condition ? 1 : 2];
  if (!value || !sameShape(shapes, value, node.output)) return undefined;
  return { value, why: `its condition is always ${condition ? 'true' : 'false'}` };
};

const single: Check = (node) =>
  node.inputs.length === 1 ? first(node, 'it has one input') : undefined;

const wholeSplit: Check = (node) =>
  node.outputs.length === 1 ? first(node, 'it has one part') : undefined;

/** `x * 1`, `x / 1`, `x - 0`, `x + (-0)`: exact for every number, negative zero included. */
const neutral =
  (isNeutral: (constant: number) => boolean, operation: string, commutes: boolean): Check =>
  (node, { shapes }) => {
    for (const [kept, other] of commutes ? [[0, 1] as const, [1, 0] as const] : [[0, 1] as const]) {
      const constant = uniformConstant(node.inputs[other]);
      const value = node.inputs[kept];
      if (constant === undefined || !isNeutral(constant) || !value) continue;
      if (!sameShape(shapes, value, node.output)) continue;
      return { value, why: `${operation} ${Object.is(constant, -0) ? '-0' : constant}` };
    }
    return undefined;
  };

/** Adding +0 turns -0 into +0, so for floats only -0 is neutral; see zero-add for the rest. */
const add: Check = (node, context) => {
  const integer = /^u?int/.test(context.shapes.dtype(node.output) ?? '');
  return neutral((c) => (integer ? c === 0 : Object.is(c, -0)), 'it adds', true)(node, context);
};

const CHECKS: ReadonlyMap<string, Check> = new Map(
  Object.entries({
    Identity: always('identity'),
    Dropout: dropout,
    Cast: cast,
    CastLike: cast,
    Slice: slice,
    Transpose: transpose,
    Pad: pad,
    Where: where,
    Concat: single,
    Sum: single,
    Max: single,
    Min: single,
    Split: wholeSplit,
    Mul: neutral((c) => c === 1, 'it multiplies by', true),
    Div: neutral((c) => c === 1, 'it divides by', false),
    Sub: neutral((c) => Object.is(c, 0), 'it subtracts', false),
    Add: add,
  }),
);

/** Operators that leave elements in their order, or repeat them. */
const KEEPS_ORDER: readonly (Elements | undefined)[] = ['renamed', 'repeated'];

function checkOf(node: Node): Check | undefined {
  const own = CHECKS.get(node.opType);
  return own ?? (KEEPS_ORDER.includes(operatorOf(node)?.elements) ? unchangedShape : undefined);
}

export const noOperation: Rule = (node, context): Rewrite | undefined => {
  if (!isStandard(node)) return undefined;
  const passed = checkOf(node)?.(node, context);
  if (!passed?.value) return undefined;
  const replace = [{ from: node.output, to: { value: passed.value } }];
  return { rule: 'no-operation', node, why: passed.why, replace };
};
