/**
 * Finds attention by dataflow: a Softmax whose input comes from a product of two activations (the
 * scores q k^T) and whose output goes into another (with v). Everything between those products and
 * the layers around them is stepped over, so layouts, scales, casts, masks, norms and embeddings of
 * q and k may be spelled in any way. Says of each Softmax that is no attention why it is not.
 *
 * Source of the form: Vaswani et al. 2017, equation 1.
 */
import { multipliesWeight } from '../../cost/index.js';
import { constantTensor } from '../../ir/constants.js';
import type { Graph } from '../../ir/graph.js';
import { isOp, type Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import type { DimExpr, ShapeTable } from '../../shape/index.js';
import { divideExactly, product } from '../../shape/index.js';
import type { Refusal } from '../unet.js';
import { reachBack, reachForward } from './reach.js';

/** One of q, k and v. */
export interface AttentionOperand {
  /** The operand of the product, heads apart. */
  readonly value: Value;
  /** The layer that projects it; undefined when it reaches the product without one. */
  readonly projection: Node | undefined;
  /** What the projection reads. */
  readonly source: Value;
}

export interface Attention {
  readonly kind: 'self' | 'cross';
  readonly softmax: Node;
  /** The product q k^T. */
  readonly scores: Node;
  /** The product with v. */
  readonly mix: Node;
  readonly q: AttentionOperand;
  readonly k: AttentionOperand;
  readonly v: AttentionOperand;
  /** q, k and v come out of one layer. */
  readonly packed: boolean;
  /** What is added to the scores, or chooses among them, beside constants. */
  readonly mask: Value | undefined;
  /** The layer after the heads are joined, if there is one. */
  readonly outputProjection: Node | undefined;
  /** The value that leaves the module: after the output projection and its bias. */
  readonly output: Value;
  readonly queries: DimExpr | undefined;
  readonly keys: DimExpr | undefined;
  readonly heads: DimExpr | undefined;
  /** Elements of q that one score sums over. */
  readonly headSize: DimExpr | undefined;
}

export interface AttentionAnalysis {
  /** In the order of the graph. */
  readonly found: readonly Attention[];
  /** Softmax nodes that are no attention, and why. */
  readonly refused: readonly Refusal[];
}

export function findAttention(graph: Graph, shapes: ShapeTable): AttentionAnalysis {
  const found: Attention[] = [];
  const refused: Refusal[] = [];
  for (const node of graph.nodes) {
    if (!isOp(node, 'Softmax')) continue;
    const result = asAttention(node, shapes);
    if ('reason' in result) refused.push(result);
    else found.push(result);
  }
  return { found, refused };
}

function asAttention(softmax: Node, shapes: ShapeTable): Attention | Refusal {
  const refuse = (reason: string): Refusal => ({ reason, node: softmax.label });
  const before = reachBack(softmax.inputs[0]!);
  const products = [...before.heavy].filter((n) => !multipliesWeight(n));
  if (products.length === 0)
    return refuse(
      before.heavy.size > 0
        ? `its input comes from the layer "${[...before.heavy][0]!.label}", not from a product of two activations`
        : 'no matrix product lies behind its input',
    );
  if (products.length > 1)
    return refuse(`${products.length} products of activations lie behind its input, not one`);
  const scores = products[0]!;

  const after = reachForward(softmax.output);
  const mixes = [...after.heavy].filter((n) => !multipliesWeight(n));
  if (mixes.length !== 1)
    return refuse(
      mixes.length === 0
        ? 'no product of activations reads its output'
        : `${mixes.length} products read its output, not one`,
    );
  const mix = mixes[0]!;
  const sides = operands(mix);
  const probabilities = sides.find(
    (v) => v === softmax.output || (v.producer && after.passed.has(v.producer)),
  );
  const values = sides.find((v) => v !== probabilities);
  if (!probabilities || !values) return refuse(`"${mix.label}" multiplies its output with itself`);

  const [first, second] = operands(scores);
  if (!first || !second) return refuse(`"${scores.label}" does not have two operands`);
  const v = operand(values);
  if ('reason' in v) return refuse(v.reason);
  // k is the side whose projection v shares its input with, or the second where both do
  const sideA = operand(first);
  const sideB = operand(second);
  if ('reason' in sideA) return refuse(sideA.reason);
  if ('reason' in sideB) return refuse(sideB.reason);
  const [q, k] =
    sideA.source === v.source && sideB.source !== v.source ? [sideB, sideA] : [sideA, sideB];

  const end = outputOf(mix);
  return {
    kind: q.source === k.source ? 'self' : 'cross',
    softmax,
    scores,
    mix,
    q,
    k,
    v,
    packed:
      q.projection !== undefined && q.projection === k.projection && k.projection === v.projection,
    mask: maskOf(before.passed, scores),
    ...end,
    ...sizes(softmax, q.value, end.output, shapes),
  };
}

const operands = (node: Node): Value[] => node.inputs.filter((v): v is Value => v !== null);

/** Follows an operand of a product back to the one layer it comes from. */
function operand(value: Value): AttentionOperand | { readonly reason: string } {
  const { heavy, inputs } = reachBack(value);
  const layers = [...heavy];
  if (layers.length > 1)
    return {
      reason: `"${value.name}" comes from ${layers.length} layers ("${layers[0]!.label}", "${layers[1]!.label}"), not from one projection`,
    };
  const [projection] = layers;
  if (projection && multipliesWeight(projection))
    return { value, projection, source: activationOf(projection) };
  if (projection) return { reason: `"${value.name}" comes from another product of activations` };
  const [input] = inputs;
  if (inputs.size === 1 && input) return { value, projection: undefined, source: input };
  return { reason: `"${value.name}" comes from no layer and no single input` };
}

/** The input of a layer that is not its weight, before mere changes of layout. */
function activationOf(layer: Node): Value {
  let value = operands(layer).find((v) => !v.initializer && !constantTensor(v)) ?? layer.inputs[0]!;
  while (
    isOp(value.producer, 'Reshape', 'Transpose', 'Identity', 'Squeeze', 'Unsqueeze', 'Flatten')
  )
    value = value.producer.inputs[0]!;
  return value;
}

/** From the product with v over changes of layout to the output projection and its bias. */
function outputOf(mix: Node): { outputProjection: Node | undefined; output: Value } {
  let value = mix.output;
  for (let next = onlyUser(value); isOp(next, ...LAYOUT); next = onlyUser(value))
    value = next.output;
  const layer = onlyUser(value);
  if (!layer || !isOp(layer, 'MatMul', 'Gemm', 'Conv') || !multipliesWeight(layer))
    return { outputProjection: undefined, output: value };
  let output = layer.output;
  const bias = onlyUser(output);
  if (isOp(bias, 'Add') && bias.inputs.some((v) => v !== output && constantTensor(v)))
    output = bias.output;
  return { outputProjection: layer, output };
}

const LAYOUT = ['Reshape', 'Transpose', 'Identity', 'Cast', 'Squeeze', 'Unsqueeze', 'Flatten'];

function onlyUser(value: Value): Node | undefined {
  const users = [...value.users].filter((u) => !isOp(u, 'Shape', 'Size'));
  return users.length === 1 && !value.isGraphOutput ? users[0] : undefined;
}

/** The operand of an Add or a Where on the way to the Softmax that the scores do not flow through. */
function maskOf(passed: ReadonlySet<Node>, scores: Node): Value | undefined {
  for (const node of passed) {
    if (!isOp(node, 'Add', 'Sub', 'Where')) continue;
    for (const input of operands(node)) {
      const comesFromScores = reachBack(input).heavy.has(scores) || input.producer === scores;
      if (!comesFromScores && !constantTensor(input)) return input;
    }
  }
  return undefined;
}

function sizes(softmax: Node, q: Value, output: Value, shapes: ShapeTable) {
  const shape = shapes.shape(softmax.output);
  const keys = shape?.at(-1);
  const queries = shape?.at(-2);
  const batch = shapes.shape(output)?.[0];
  const heads =
    shape && keys && queries && batch
      ? divideExactly(product(shape.slice(0, -2)), batch)
      : undefined;
  const qShape = shapes.shape(q);
  const perHead = heads && batch && queries ? product([heads, batch, queries]) : undefined;
  const headSize = qShape && perHead ? divideExactly(product(qShape), perHead) : undefined;
  return { queries, keys, heads, headSize };
}
