/** Multiply-accumulates of one node, by its operator. */
import { storedTensor } from '../ir/constants.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { type Macs, NO_MACS, type ShapeOf } from '../operators/counts.js';
import { keepsNumbers, operatorOf } from '../operators/index.js';

const workOf = (node: Node) => {
  const work = operatorOf(node)?.work;
  return work === 'nothing' ? undefined : work;
};

/** Does the node multiply and accumulate? Such nodes are where a denoiser's time goes. */
export function isHeavy(node: Node): boolean {
  return workOf(node) !== undefined;
}

/** Is the node an operator that is the whole of attention: ONNX's, or one of com.microsoft's? */
export function isAttentionOperator(node: Node): boolean {
  return workOf(node)?.kind === 'attention';
}

/**
 * MACs of a node, or undefined when a shape it depends on is unknown. Nodes that hold graphs count
 * their own work only; the graphs inside are counted by model-cost.ts.
 */
export function nodeMacs(node: Node, shapeOf: ShapeOf): Macs | undefined {
  const work = workOf(node);
  if (!work) return NO_MACS;
  if (work.kind === 'attention') {
    // how many keys there are is not known where those of earlier calls come in
    const keepsKeys = work.inputs.kept.some((index) => node.inputs[index]);
    return keepsKeys ? undefined : work.macs(node, shapeOf);
  }
  const all = work.macs(node, shapeOf);
  if (all === undefined) return undefined;
  return { all, layers: multipliesWeight(node) ? all : 0 };
}

/**
 * Is the node one product of which a factor is a weight, perhaps transposed, cast or dequantized on
 * the way? Operators that are the whole of attention are none.
 */
export const multipliesWeight = (node: Node): boolean => weightsOf(node).length > 0;

/** The weights that a product multiplies by. */
export function weightsOf(node: Node): Value[] {
  const work = workOf(node);
  if (work?.kind !== 'product') return [];
  return work.factors.flatMap((index) => weightBehind(node.inputs[index]) ?? []);
}

const carriesNumbers = (node: Node): boolean =>
  keepsNumbers(node) || operatorOf(node)?.elements === 'quantized';

/** The constant a value is a rearrangement of. */
export function weightBehind(value: Value | null | undefined): Value | undefined {
  for (let v = value; v; ) {
    // an initializer that is also an input may be overridden, and is a weight all the same
    if (storedTensor(v)) return v;
    const node: Node | undefined = v.producer;
    if (!node || !carriesNumbers(node)) return undefined;
    v = node.inputs[0];
  }
  return undefined;
}
