/** Multiply-accumulates of one product, by what the operator multiplies. */
import { attrNumber, attrString } from '../../ir/attribute.js';
import type { Node } from '../../ir/node.js';
import type { ShapeOf } from '../counts.js';

/** MACs of a node, or undefined when a shape they depend on is unknown. */
type ProductMacs = (node: Node, shapeOf: ShapeOf) => number | undefined;

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

function inputShape(node: Node, index: number, shapeOf: ShapeOf): readonly number[] | undefined {
  const input = node.inputs[index];
  return input ? shapeOf(input) : undefined;
}

/** Output elements times the kernel's elements per output channel: K * C_in / groups. */
export const convolutionMacs =
  (kernel = 1): ProductMacs =>
  (node, shapeOf) => {
    const weight = inputShape(node, kernel, shapeOf);
    const out = shapeOf(node.output);
    return weight && out && product(out) * product(weight.slice(1));
  };

/** Input elements times the kernel's elements per input channel. */
export const transposedConvolutionMacs: ProductMacs = (node, shapeOf) => {
  const weight = inputShape(node, 1, shapeOf);
  const input = inputShape(node, 0, shapeOf);
  return weight && input && product(input) * product(weight.slice(1));
};

export const matrixMacs: ProductMacs = (node, shapeOf) => {
  const left = inputShape(node, 0, shapeOf);
  const out = shapeOf(node.output);
  return left && out && product(out) * (left.at(-1) ?? 1);
};

/** A MatMul whose first operand may be transposed. */
export const transposableMatrixMacs: ProductMacs = (node, shapeOf) => {
  const left = inputShape(node, 0, shapeOf);
  const out = shapeOf(node.output);
  return left && out && product(out) * (left.at(attrNumber(node, 'transA', 0) ? -2 : -1) ?? 1);
};

export const gemmMacs: ProductMacs = (node, shapeOf) => {
  const left = inputShape(node, 0, shapeOf);
  const out = shapeOf(node.output);
  const inner = left?.[attrNumber(node, 'transA', 0) ? 0 : 1];
  return out && inner !== undefined ? product(out) * inner : undefined;
};

/** The product of the sizes of all labels of the equation, for two operands; one operand only sums. */
export const einsumMacs: ProductMacs = (node, shapeOf) => {
  if (node.inputs.length < 2) return 0;
  const operands = (attrString(node, 'equation') ?? '').split('->')[0]?.split(',') ?? [];
  const sizes = new Map<string, number>();
  for (const [i, labels] of operands.entries()) {
    const shape = inputShape(node, i, shapeOf);
    if (!shape) return undefined;
    for (const [axis, label] of [...labels.replaceAll(' ', '')].entries())
      sizes.set(label, shape[axis] ?? 1);
  }
  return product([...sizes.values()]);
};
