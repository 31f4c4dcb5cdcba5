/**
 * Attention as a Softmax between two products of activations: the scores q k^T before it, the product
 * with v behind it. Everything between those products and the layers around them is stepped over, so
 * layouts, scales, casts, masks, norms and embeddings of q and k may be spelled in any way.
 *
 * Source of the form: Vaswani et al. 2017, equation 1.
 */
import { isAttentionOperator, multipliesWeight } from '../../../model/cost/index.js';
import { attrNumber } from '../../../model/ir/attribute.js';
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import {
  type DimExpr,
  divideExactly,
  product,
  type ShapeTable,
} from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import type { AttentionCore } from './attention.js';
import { type Axes, productAxes } from './axes.js';
import { maskOnWay } from './mask.js';
import { operand } from './operands.js';
import { reachBack, reachForward } from './reach.js';
import { axesAtEnd, wayBetween } from './way.js';

/** The attention around a Softmax, or why there is none. */
export function coreOfProducts(softmax: Node, shapes: ShapeTable): AttentionCore | Refusal {
  const refuse = (reason: string): Refusal => ({ reason, node: softmax.label });
  const softmaxInput = softmax.inputs[0]!;
  const before = reachBack(softmaxInput);
  const behind = [...before.heavy].filter((n) => !multipliesWeight(n));
  const [scores] = behind;
  if (!scores)
    return refuse(
      before.heavy.size > 0
        ? `its input comes from the layer "${[...before.heavy][0]!.label}", not from a product of two activations`
        : 'no matrix product lies behind its input',
    );
  if (behind.length > 1)
    return refuse(`${behind.length} products of activations lie behind its input, not one`);
  if (isAttentionOperator(scores))
    return refuse(`its input comes from "${scores.label}", which is attention itself`);

  const after = reachForward(softmax.output);
  const mixes = [...after.heavy].filter((n) => !multipliesWeight(n));
  const [mix] = mixes;
  if (!mix) return refuse('no product of activations reads its output');
  if (mixes.length > 1) return refuse(`${mixes.length} products read its output, not one`);
  if (isAttentionOperator(mix))
    return refuse(`its output goes into "${mix.label}", which is attention itself`);

  const [first, second] = operandsOf(scores);
  if (!first || !second) return refuse(`"${scores.label}" does not have two operands`);
  const sides = operandsOf(mix);
  const isMade = (v: Value) =>
    v === softmax.output || (v.producer !== undefined && after.passed.has(v.producer));
  const probabilities = sides.find(isMade);
  const values = sides.find((v) => v !== probabilities);
  if (!probabilities || !values) return refuse(`"${mix.label}" multiplies its output with itself`);
  if (isMade(values)) return refuse(`both operands of "${mix.label}" come from its output`);

  const found = scoreAxes(softmax, scores, shapes);
  if (found === 'shared')
    return refuse('it normalises over an axis that q and k share, not over keys');
  const isSwapped = found?.keysFirst ?? false;
  const operands = [isSwapped ? second : first, isSwapped ? first : second, values].map(operand);
  for (const side of operands) if ('reason' in side) return refuse(side.reason);
  const [q, k, v] = operands as [AttentionCore['q'], AttentionCore['k'], AttentionCore['v']];
  return {
    operator: undefined,
    softmax,
    scores,
    mix,
    q,
    k,
    v,
    ...maskOnWay(scores.output, softmaxInput, shapes),
    causal: false,
    ...sizes(softmax, q.value, found, shapes),
  };
}

const operandsOf = (node: Node): Value[] => node.inputs.filter((v): v is Value => v !== null);

/** What the axes of the scores are to the Softmax. */
interface ScoreAxes {
  /** The first operand of the product holds the keys. */
  readonly keysFirst: boolean;
  readonly queries: DimExpr | undefined;
  /** The axis of q along which the queries lie. */
  readonly queryAxis: number | undefined;
  readonly keys: DimExpr | undefined;
  readonly headSize: DimExpr | undefined;
}

/** Undefined where the axes cannot be followed to the Softmax, `shared` where it is not over keys. */
function scoreAxes(
  softmax: Node,
  scores: Node,
  shapes: ShapeTable,
): ScoreAxes | 'shared' | undefined {
  const axes = productAxes(scores, shapes);
  const way = wayBetween(scores.output, softmax.inputs[0]!);
  const there = axes && axesAtEnd(axes.result, way, shapes);
  // before opset 13 no axis meant all but the first, flattened, which no attention normalises over
  const key = there?.at(attrNumber(softmax, 'axis', -1));
  const holders = axes?.operands.map((operand) => key !== undefined && operand.includes(key));
  if (!axes || key === undefined || !holders?.includes(true)) return undefined;
  if (!holders.includes(false)) return 'shared';
  const keysFirst = holders[0]!;
  const [q, k] = keysFirst ? ([1, 0] as const) : ([0, 1] as const);
  const place = (side: 0 | 1, of: (axis: string) => boolean): number | undefined => {
    const at = axes.operands[side].filter(of);
    return at.length === 1 ? axes.operands[side].indexOf(at[0]!) : undefined;
  };
  const size = (side: 0 | 1, of: (axis: string) => boolean): DimExpr | undefined => {
    const at = place(side, of);
    return at === undefined ? undefined : shapes.shape(scores.inputs[side]!)?.[at];
  };
  const inResult = (axis: string) => axes.result.includes(axis);
  const isQuery = (axis: string) => inResult(axis) && !axes.operands[k].includes(axis);
  const inBoth = (axis: string) => axes.operands.every((operand: Axes) => operand.includes(axis));
  return {
    keysFirst,
    queries: size(q, isQuery),
    queryAxis: place(q, isQuery),
    keys: size(k, (axis) => axis === key),
    headSize: size(q, (axis) => inBoth(axis) && !inResult(axis)),
  };
}

function sizes(softmax: Node, q: Value, found: ScoreAxes | undefined, shapes: ShapeTable) {
  const shape = shapes.shape(softmax.output);
  const { queries, queryAxis, keys, headSize } = found ?? {
    queries: shape?.at(-2),
    queryAxis: undefined,
    keys: shape?.at(-1),
    headSize: shapes.shape(q)?.at(-1),
  };
  const others = queries && keys && product([queries, keys]);
  const lead = shape && others && divideExactly(product(shape), others);
  return { queries, queryAxis, keys, headSize, lead };
}
