/** Multiply-accumulates of one node, by its operator. */
import { attrNumber, attrString } from '../ir/attribute.js';
import { storedTensor } from '../ir/constants.js';
import { isOp, isStandard, type Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { microsoftAttention, multiHeadAttention, standardAttention } from './attention-macs.js';
import { type Macs, NO_MACS, type ShapeOf } from './counts.js';

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** MACs of one product. */
type ProductRule = (node: Node, shapeOf: ShapeOf) => number | undefined;

/** Operators that multiply two operands. */
const PRODUCTS: Readonly<Record<string, ProductRule>> = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  MatMul: matrixProduct,
  Gemm: generalProduct,
  Einsum: einsum,
  MatMulInteger: matrixProduct,
  ConvInteger: convolution,
  QLinearMatMul: matrixProduct,
  QLinearConv: convolution,
};
const MICROSOFT_PRODUCTS: Readonly<Record<string, ProductRule>> = {
  FusedMatMul: fusedProduct,
  FusedConv: convolution,
  FusedGemm: generalProduct,
  NhwcConv: convolution,
  MatMulNBits: matrixProduct,
  MatMulIntegerToFloat: matrixProduct,
  DynamicQuantizeMatMul: matrixProduct,
};
const NCHWC_PRODUCTS: Readonly<Record<string, ProductRule>> = { Conv: convolution };

/** Operators that are the whole of attention. */
type AttentionRule = (node: Node, shapeOf: ShapeOf) => Macs | undefined;
const ATTENTION: Readonly<Record<string, AttentionRule>> = { Attention: standardAttention };
const MICROSOFT_ATTENTION: Readonly<Record<string, AttentionRule>> = {
  Attention: microsoftAttention,
  MultiHeadAttention: multiHeadAttention,
};

/** Tables of operators by domain, the standard one under `""`. */
type ByDomain<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;

function lookUp<T>(node: Node, tables: ByDomain<T>): T | undefined {
  const domain = isStandard(node) ? '' : node.domain;
  const table = Object.hasOwn(tables, domain) ? tables[domain] : undefined;
  return table && Object.hasOwn(table, node.opType) ? table[node.opType] : undefined;
}

const ALL_PRODUCTS: ByDomain<ProductRule> = {
  '': PRODUCTS,
  'com.microsoft': MICROSOFT_PRODUCTS,
  'com.microsoft.nchwc': NCHWC_PRODUCTS,
};
const ALL_ATTENTION: ByDomain<AttentionRule> = {
  '': ATTENTION,
  'com.microsoft': MICROSOFT_ATTENTION,
};
const productRule = (node: Node) => lookUp(node, ALL_PRODUCTS);
const attentionRule = (node: Node) => lookUp(node, ALL_ATTENTION);

/** The second operand of a product: behind scale and zero point of the first, where those come along. */
const secondOperand = (node: Node): number => (node.opType.startsWith('QLinear') ? 3 : 1);

/** Does the node multiply and accumulate? Such nodes are where a denoiser's time goes. */
export function isHeavy(node: Node): boolean {
  return productRule(node) !== undefined || attentionRule(node) !== undefined;
}

/** Is the node an operator that is the whole of attention: ONNX's, or one of com.microsoft's? */
export function isAttentionOperator(node: Node): boolean {
  return attentionRule(node) !== undefined;
}

/**
 * MACs of a node, or undefined when a shape it depends on is unknown. Nodes that hold graphs count
 * their own work only; the graphs inside are counted by model-cost.ts.
 */
export function nodeMacs(node: Node, shapeOf: ShapeOf): Macs | undefined {
  const attention = attentionRule(node);
  if (attention) return attention(node, shapeOf);
  const rule = productRule(node);
  if (!rule) return NO_MACS;
  const all = rule(node, shapeOf);
  if (all === undefined) return undefined;
  return { all, layers: multipliesWeight(node) ? all : 0 };
}

/**
 * Is the node one product of which a factor is a weight, perhaps transposed, cast or dequantized on
 * the way? Operators that are the whole of attention are none.
 */
export function multipliesWeight(node: Node): boolean {
  return (
    productRule(node) !== undefined &&
    [0, secondOperand(node)].some((index) => weightBehind(node.inputs[index]) !== undefined)
  );
}

const CARRIERS = ['Transpose', 'Cast', 'Identity', 'Reshape', 'Unsqueeze', 'DequantizeLinear'];

/** The constant a value is a rearrangement of. */
export function weightBehind(value: Value | null | undefined): Value | undefined {
  for (let v = value; v; ) {
    // an initializer that is also an input may be overridden, and is a weight all the same
    if (storedTensor(v)) return v;
    if (!isOp(v.producer, ...CARRIERS)) return undefined;
    v = v.producer.inputs[0];
  }
  return undefined;
}

function inputShape(node: Node, index: number, shapeOf: ShapeOf): readonly number[] | undefined {
  const input = node.inputs[index];
  return input ? shapeOf(input) : undefined;
}

/** Output elements times the kernel's elements per output channel: K * C_in / groups. */
function convolution(node: Node, shapeOf: ShapeOf): number | undefined {
  const weight = inputShape(node, secondOperand(node), shapeOf);
  const out = shapeOf(node.output);
  return weight && out && product(out) * product(weight.slice(1));
}

/** Input elements times the kernel's elements per input channel. */
function transposedConvolution(node: Node, shapeOf: ShapeOf): number | undefined {
  const weight = inputShape(node, 1, shapeOf);
  const input = inputShape(node, 0, shapeOf);
  return weight && input && product(input) * product(weight.slice(1));
}

function matrixProduct(node: Node, shapeOf: ShapeOf): number | undefined {
  const left = inputShape(node, 0, shapeOf);
  const out = shapeOf(node.output);
  return left && out && product(out) * (left.at(-1) ?? 1);
}

/** A MatMul whose first operand may be transposed. */
function fusedProduct(node: Node, shapeOf: ShapeOf): number | undefined {
  const left = inputShape(node, 0, shapeOf);
  const out = shapeOf(node.output);
  return left && out && product(out) * (left.at(attrNumber(node, 'transA', 0) ? -2 : -1) ?? 1);
}

function generalProduct(node: Node, shapeOf: ShapeOf): number | undefined {
  const left = inputShape(node, 0, shapeOf);
  const out = shapeOf(node.output);
  const inner = left?.[attrNumber(node, 'transA', 0) ? 0 : 1];
  return out && inner !== undefined ? product(out) * inner : undefined;
}

/** The product of the sizes of all labels of the equation, for two operands; one operand only sums. */
function einsum(node: Node, shapeOf: ShapeOf): number | undefined {
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
}
