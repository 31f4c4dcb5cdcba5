/**
 * Gelu by the error function, spelled as x/√2 → Erf → + 1 → times x → times 1/2 (the half before or after), becomes
 * onnxruntime's own operator: engines that have no Erf by itself have Gelu. Equal up to rounding.
 */
import { isOp, MICROSOFT, type Node } from '../../../../model/ir/node.js';
import type { Value } from '../../../../model/ir/value.js';
import type { Rewrite } from '../../../canonicalize/rewrite.js';
import { scalarConstant, soleUser } from '../../onnxruntime-cpu/operands.js';
import type { Miss, TargetRule } from '../../target.js';

/** Constants are stored in float32, or half of it. */
const isNear = (x: number | undefined, y: number) =>
  x !== undefined && Math.abs(x - y) <= 1e-3 * Math.abs(y);

export const erfGelu: TargetRule = {
  name: 'erf-gelu',
  description: "Gelu spelled by the error function as one operator (onnxruntime's Gelu).",
  match(erf: Node): Rewrite | Miss | undefined {
    if (!isOp(erf, 'Erf')) return undefined;
    const miss = (reason: string): Miss => ({ node: erf, reason });
    const scaled = erf.inputs[0]?.producer;
    const x = scaled && argument(scaled);
    if (!x) return miss('what it reads is not divided by the root of 2');
    const plus = soleUser(erf.output);
    if (!isOp(plus, 'Add') || !factors(plus, erf.output, (other) => isNear(other, 1)))
      return miss('nothing adds 1 to it');
    const end = throughProducts(plus, x);
    if (!end) return miss('the sum is not multiplied by what it began with and by 1/2');
    const step = { opType: 'Gelu', domain: MICROSOFT, inputs: [x] };
    return {
      rule: 'erf-gelu',
      node: erf,
      why: `of "${x.name}"`,
      replace: [{ from: end.output, to: { steps: [step] } }],
    };
  },
};

/** What is divided by √2. */
function argument(node: Node): Value | undefined {
  const [a, b] = node.inputs;
  if (isOp(node, 'Div') && isNear(scalarConstant(b), Math.SQRT2)) return a ?? undefined;
  if (!isOp(node, 'Mul')) return undefined;
  if (isNear(scalarConstant(b), Math.SQRT1_2)) return a ?? undefined;
  return isNear(scalarConstant(a), Math.SQRT1_2) ? (b ?? undefined) : undefined;
}

/** Is the other input of a node of two a number such as this? */
function factors(node: Node, value: Value, fits: (other: number | undefined) => boolean): boolean {
  return fits(scalarConstant(node.inputs[node.inputs[0] === value ? 1 : 0]));
}

/** The product of the sum, of x and of 1/2, in any order. */
function throughProducts(plus: Node, x: Value): Node | undefined {
  const half = (value: Value) => (other: Value | null | undefined) =>
    other !== value && isNear(scalarConstant(other), 0.5);
  const isHalved = (value: Value | null | undefined) => {
    const product = value?.producer;
    return isOp(product, 'Mul') && product.inputs.includes(x) && product.inputs.some(half(x));
  };
  const first = soleUser(plus.output);
  if (!isOp(first, 'Mul')) return undefined;
  const other = first.inputs[first.inputs[0] === plus.output ? 1 : 0];
  if (isHalved(other)) return first;
  const second = soleUser(first.output);
  if (!isOp(second, 'Mul')) return undefined;
  const last = second.inputs[second.inputs[0] === first.output ? 1 : 0];
  const fits = (a: Value | null | undefined, b: Value | null | undefined) =>
    a === x && isNear(scalarConstant(b), 0.5);
  return fits(other, last) || fits(last, other) ? second : undefined;
}
