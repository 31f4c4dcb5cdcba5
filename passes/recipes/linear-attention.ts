/**
 * Attention without a Softmax (Katharopoulos et al., arXiv 2006.16236; Sana, arXiv 2410.10629): keys and values are
 * multiplied first, which sums over the tokens, and queries with what comes out. Two products in a row, all of whose
 * operands are made of the latent, with nothing but a change of layout, type or scale between them.
 */
import { isOp, type Node } from '../../src/model/ir/node.js';
import type { Value } from '../../src/model/ir/value.js';
import { keepsNumbers } from '../../src/model/operators/index.js';
import type { InputFlow } from './input-flow.js';

/** The products with the queries. */
export function linearAttentions(flow: InputFlow, latent: Value | undefined): Node[] {
  if (!latent) return [];
  const products = new Set(
    flow.order.filter(
      (node) =>
        isOp(node, 'MatMul') && node.inputs.every((value) => value && flow.of(value).has(latent)),
    ),
  );
  return [...products].filter((node) =>
    node.inputs.some((value) => {
      const before = value ? madeBy(value, flow) : undefined;
      return before !== undefined && products.has(before);
    }),
  );
}

/** What made a value, before what changes only its layout, type or scale. */
function madeBy(value: Value, flow: InputFlow): Node | undefined {
  const node = value.producer;
  if (!node) return undefined;
  if (keepsNumbers(node)) return node.inputs[0] ? madeBy(node.inputs[0], flow) : undefined;
  if (!isOp(node, 'Mul', 'Div')) return node;
  const made = node.inputs.filter((input): input is Value => !!input && flow.of(input).size > 0);
  return made.length === 1 && made[0] ? madeBy(made[0], flow) : node;
}
