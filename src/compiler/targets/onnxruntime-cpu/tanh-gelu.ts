/**
 * GELU by its tanh form, 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016,
 * arXiv 1606.08415), spelled in nine passes over the data, becomes onnxruntime's FastGelu: one pass, and
 * a constant bias before it is added in the same one. The order of the products does not matter.
 */
import { isOp, MICROSOFT, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Rewrite } from '../../canonicalize/rewrite.js';
import { sameShape } from '../../canonicalize/rules/no-operation.js';
import type { Miss, TargetRule } from '../target.js';
import { scalarConstant, soleUser, withConstant } from './operands.js';

export const tanhGelu: TargetRule = {
  name: 'tanh-gelu',
  description: 'GELU by tanh, spelled out, as one operator (FastGelu), with a bias before it.',
  match(tanh, { shapes }): Rewrite | Miss | undefined {
    if (!isOp(tanh, 'Tanh')) return undefined;
    const angle = factors(tanh.inputs[0]!);
    const [sum, ...rest] = angle.values;
    // a tanh of something else is no near miss
    if (!sum || rest.length > 0 || !near(angle.number, Math.sqrt(2 / Math.PI))) return undefined;
    const miss = (reason: string): Miss => ({ node: tanh, reason });
    const x = cubicOf(sum);
    if (!x) return miss('what it takes is not x + 0.044715 x^3');
    const one = soleUser(tanh.output);
    if (!isOp(one, 'Add') || !one.inputs.some((v) => scalarConstant(v) === 1))
      return miss('1 is not what is added to it, or something else reads it');
    const end = productOf(one.output, x);
    if (!end) return miss('1 + tanh is not multiplied by x and 0.5');
    if (shapes.dtype(x) !== 'float32') return miss(`it is of type ${shapes.dtype(x)}, not float32`);
    // a constant of one element may be of a higher rank than x
    if (!sameShape(shapes, x, end)) return miss('its result is not known to have the shape of x');
    const biased = biasBefore(x, [sum, end], shapes);
    const inputs = biased ? [biased.value, biased.bias] : [x];
    return {
      rule: 'tanh-gelu',
      node: end.producer!,
      why: `x is "${x.name}"${biased ? ', a sum with a bias' : ''}`,
      replace: [{ from: end, to: { steps: [{ opType: 'FastGelu', domain: MICROSOFT, inputs }] } }],
    };
  },
};

/** Constants in float32 and written by hand agree to this. */
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.abs(b);

interface Factors {
  /** The product of all that are constant. */
  readonly number: number;
  readonly values: readonly Value[];
}

/**
 * A product taken apart: through Mul by anything, Div by a number and Pow by 2 or 3.
 * @param whole is not taken apart
 */
function factors(value: Value, whole?: Value): Factors {
  if (value === whole) return { number: 1, values: [value] };
  const constant = scalarConstant(value);
  if (constant !== undefined) return { number: constant, values: [] };
  const node = value.producer;
  const asItIs = { number: 1, values: [value] };
  if (!isOp(node, 'Mul', 'Div', 'Pow')) return asItIs;
  const [a, b] = node.inputs as [Value, Value];
  if (node.opType === 'Mul') {
    const [x, y] = [factors(a, whole), factors(b, whole)];
    return { number: x.number * y.number, values: [...x.values, ...y.values] };
  }
  const by = scalarConstant(b);
  if (node.opType === 'Pow')
    return by === 2 || by === 3 ? { number: 1, values: Array<Value>(by).fill(a) } : asItIs;
  if (by === undefined) return asItIs;
  const { number, values } = factors(a, whole);
  return { number: number / by, values };
}

/** x, where a value is x + 0.044715 x^3. */
function cubicOf(value: Value): Value | undefined {
  const node = value.producer;
  if (!isOp(node, 'Add')) return undefined;
  for (const [i, j] of [[0, 1] as const, [1, 0] as const]) {
    const [x, cube] = [node.inputs[i]!, node.inputs[j]!];
    const { number, values } = factors(cube, x);
    if (values.length === 3 && values.every((v) => v === x) && near(number, 0.044715)) return x;
  }
  return undefined;
}

/** The value that is `factor` times x times 0.5, some Muls further. */
function productOf(factor: Value, x: Value): Value | undefined {
  let current = factor;
  for (let step = 0; step < 3; step++) {
    const user = soleUser(current);
    if (!isOp(user, 'Mul', 'Div')) return undefined;
    current = user.output;
    const { number, values } = factors(current, x);
    if (values.length === 2 && values.includes(x) && values.includes(factor) && near(number, 0.5))
      return current;
  }
  return undefined;
}

/** One number for each place of the last axis that is added to give x, where the GELU is all that reads the sum. */
function biasBefore(
  x: Value,
  [cubic, end]: readonly [Value, Value],
  shapes: ShapeTable,
): { readonly value: Value; readonly bias: Value } | undefined {
  const add = x.producer;
  if (!isOp(add, 'Add') || x.isGraphOutput) return undefined;
  const found = withConstant(add);
  if (found?.constant.dims.length !== 1 || !sameShape(shapes, found.value, x)) return undefined;
  if (shapes.shape(x)!.at(-1)?.constant !== found.constant.dims[0]) return undefined;
  const inside = nodesBetween(x, [cubic, end]);
  // else the sum is made all the same, and adding the bias again in the GELU only costs
  if (![...x.users].every((user) => inside.has(user))) return undefined;
  const bias = add.inputs.find((v) => v !== found.value)!;
  return { value: found.value, bias };
}

/** The nodes behind some values, back to x. */
function nodesBetween(x: Value, ends: readonly Value[]): Set<Node> {
  const found = new Set<Node>();
  const stack = [...ends];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = value.producer;
    if (value === x || !node || found.has(node)) continue;
    found.add(node);
    for (const input of node.inputs) if (input) stack.push(input);
  }
  return found;
}
