/**
 * Attention without a Softmax (Katharopoulos et al., arXiv 2006.16236; Sana, arXiv 2410.10629): keys and values are
 * multiplied first, which sums over the tokens, and queries with what comes out. Two products of activations in a row, with nothing
 * but a change of layout, type or scale between them; norms and divisions by the sum of the keys come behind.
 */
import { isHeavy, multipliesWeight } from '../../../model/cost/index.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { keepsNumbers } from '../../../model/operators/index.js';
import { type DimExpr, product, type ShapeTable } from '../../../model/shape/index.js';
import type { AttentionCore } from './attention.js';
import { isFusedMatMul, type ProductAxes, productAxes } from './axes.js';
import { NO_MASK } from './mask.js';
import { operand } from './operands.js';
import { reachForward } from './reach.js';
import { isOneNumber } from './way.js';

export interface LinearCore {
  readonly core: AttentionCore;
  /** What the layer behind reads: the product with the queries, normalised. */
  readonly normalised: Value;
}

/** The linear attention that ends in a product with the queries; undefined where the product is none. */
export function coreOfLinear(node: Node, shapes: ShapeTable): LinearCore | undefined {
  if (!isProduct(node)) return undefined;
  const sides = node.inputs.filter((value): value is Value => value !== null);
  const [first, second] = sides.map((side) => productBehind(side, shapes));
  // the same on both sides is no product of queries
  const inner = first && second ? undefined : (first ?? second);
  if (!inner) return undefined;
  const queries = first ? 1 : 0;
  const [a, b] = inner.inputs.map((value) => value && operand(value));
  const q = operand(sides[queries]!);
  if (!a || !b || 'reason' in a || 'reason' in b || 'reason' in q) return undefined;
  if (![a, b, q].every(({ projections }) => projections.length > 0)) return undefined;
  const [layer, other] = [...reachForward(node.output).heavy];
  if (!layer || other || !multipliesWeight(layer)) return undefined;
  const core: AttentionCore = {
    operator: undefined,
    softmax: node,
    scores: inner,
    mix: node,
    q,
    k: a,
    v: b,
    ...NO_MASK,
    causal: false,
    ...sizesOf(node, inner, queries, shapes),
  };
  return { core, normalised: layer.inputs.find((v) => v && comesFrom(v, node))! };
}

const isProduct = (node: Node): boolean =>
  (isOp(node, 'MatMul', 'Einsum') || isFusedMatMul(node)) &&
  isHeavy(node) &&
  !multipliesWeight(node);

/** The product that made a value, before what changes only its layout, type or scale. */
function productBehind(value: Value, shapes: ShapeTable): Node | undefined {
  for (let at: Value | undefined = value; at?.producer; ) {
    const node: Node = at.producer;
    if (isProduct(node)) return node;
    if (keepsNumbers(node)) at = node.inputs[0] ?? undefined;
    else if (isOp(node, 'Mul', 'Div')) {
      const made = node.inputs.filter((input) => input && !isNumber(input, shapes));
      at = made.length === 1 ? (made[0] ?? undefined) : undefined;
    } else return undefined;
  }
  return undefined;
}

const isNumber = (value: Value, shapes: ShapeTable): boolean => isOneNumber(value, 8, shapes);

/** Is a value the product, or made of it by light nodes? */
function comesFrom(value: Value, node: Node): boolean {
  return (
    value === node.output ||
    (value.producer !== undefined && reachForward(node.output).passed.has(value.producer))
  );
}

/** By the letters of both products; what cannot be told is left open. */
function sizesOf(node: Node, inner: Node, side: 0 | 1, shapes: ShapeTable) {
  const outer = productAxes(node, shapes);
  const first = productAxes(inner, shapes);
  const shape = shapes.shape(node.inputs[side]!);
  const place = (of: (axis: string) => boolean): number | undefined => {
    const at = outer?.operands[side].findIndex(of) ?? -1;
    return at < 0 ? undefined : at;
  };
  const inBoth = (axis: string) => outer!.operands.every((operand) => operand.includes(axis));
  const inResult = (axis: string) => outer!.result.includes(axis);
  const queryAxis = place((axis) => inResult(axis) && !inBoth(axis));
  const headAxis = place((axis) => !inResult(axis));
  const leading = (outer?.operands[side] ?? []).flatMap((axis, at) =>
    inBoth(axis) && inResult(axis) && shape ? [shape[at]!] : [],
  );
  const sizeAt = (at: number | undefined): DimExpr | undefined =>
    at === undefined ? undefined : shape?.[at];
  return {
    queries: sizeAt(queryAxis),
    queryAxis,
    keys: summed(first, inner, shapes),
    headSize: sizeAt(headAxis),
    lead: outer && shape ? product(leading) : undefined,
  };
}

/** The size of the axis that a product sums over. */
function summed(
  axes: ProductAxes | undefined,
  node: Node,
  shapes: ShapeTable,
): DimExpr | undefined {
  const at = axes?.operands[0].findIndex((axis) => !axes.result.includes(axis)) ?? -1;
  return at < 0 ? undefined : shapes.shape(node.inputs[0]!)?.[at];
}
