/**
 * Attention under a window, by its definition: a query sees a key where their places are no more than
 * so many tokens apart, or on a grid no more than so far on each axis, and every other score is too low to count. In the probe the nodes from the
 * scores to the product with v stand a second time behind such a mask, beside the source's own.
 * Costs what the attention costs, and a byte for each score of one head.
 */
import { attrNumber, int } from '../../../model/ir/attribute.js';
import { between } from '../../../model/ir/extract.js';
import type { Graph } from '../../../model/ir/graph.js';
import { type Model, opsetVersion } from '../../../model/ir/model.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { topologicalOrder } from '../../../model/ir/order.js';
import { float32Tensor } from '../../../model/ir/tensor.js';
import { dataTypeCode, tensorType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Site } from '../../../runtime/schedule/index.js';
import { innerName, maskName } from './names.js';
import { NoReference } from './no-reference.js';

export type Window = NonNullable<Site['attention']>['window'];

/** Which keys each query sees: an input of the probe, the same at every call. */
export interface BandMask {
  readonly name: string;
  /** That of the scores, with 1 for all axes but those of queries and keys. */
  readonly dims: readonly number[];
  readonly tokens: number;
  readonly window: Window;
}

/** Keys on each side: as many as given, or a fraction of all tokens, rounded down, 1 at least. */
const widthOf = (window: Window, tokens: number): number =>
  window.tokens ?? Math.max(1, Math.floor(tokens * (window.fraction ?? 0)));

/** 1 where query i sees key j, in row-major order of [tokens, tokens]. */
export function seenKeys({ tokens, window }: Pick<BandMask, 'tokens' | 'window'>): Uint8Array {
  const sees = seesIn(window, tokens);
  const seen = new Uint8Array(tokens * tokens);
  for (let query = 0; query < tokens; query++)
    for (let key = 0; key < tokens; key++) seen[query * tokens + key] = sees(query, key) ? 1 : 0;
  return seen;
}

function seesIn(window: Window, tokens: number): (query: number, key: number) => boolean {
  if (!window.grid) {
    const width = widthOf(window, tokens);
    return (query, key) => Math.abs(query - key) <= width;
  }
  const { from, sizes, extents } = window.grid;
  const count = sizes.reduce((a, b) => a * b, 1);
  const isPlaced = (token: number) => token >= from && token < from + count;
  return (query, key) => {
    // what is beside the grid sees all and is seen by all
    if (!isPlaced(query) || !isPlaced(key)) return true;
    let [a, b] = [query - from, key - from];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const size = sizes[axis]!;
      if (2 * Math.abs((a % size) - (b % size)) > (extents[axis] ?? 0)) return false;
      [a, b] = [Math.floor(a / size), Math.floor(b / size)];
    }
    return true;
  };
}

/** @throws NoReference where a grid does not lie in the sequence */
export function checkWindow({ grid }: Window, tokens: number): void {
  if (!grid) return;
  const { from, sizes, extents } = grid;
  if (extents.length !== sizes.length)
    throw new NoReference(
      `the window has ${extents.length} extents, and its grid ${sizes.length} axes`,
    );
  const end = from + sizes.reduce((a, b) => a * b, 1);
  if (end > tokens)
    throw new NoReference(`the grid of a window ends at token ${end}, and there are ${tokens}`);
}

/**
 * Adds a copy of the attention that ends in a value, in which each query sees a band of keys.
 * @param scores what the Softmax over the keys reads, or reads through operators that change nothing
 * @param mixed what the product with v gives
 * @returns the counterpart of `mixed`, and the mask that has to be fed
 * @throws NoReference
 */
export function addBanded(
  model: Model,
  shapes: ShapeTable,
  scores: Value,
  mixed: Value,
  window: Window,
): { banded: Value; mask: BandMask } {
  const { graph } = model;
  const logits = softmaxBehind(scores, mixed, shapes, opsetVersion(model)).inputs[0]!;
  const mask = maskFor(logits, shapes, window);
  const input =
    graph.inputs.find((v) => v.name === mask.name) ??
    graph.addInput(mask.name, tensorType('bool', [...mask.dims]));
  const nodes = nodesFrom(logits, mixed);
  const hidden = graph.addNode({
    opType: 'Where',
    inputs: [input, logits, lowest(graph, shapes, logits)],
    outputs: [innerName(logits.name)],
  }).output;
  const copies = new Map<Value, Value>([[logits, hidden]]);
  for (const node of nodes) {
    const copy = graph.addNode({
      opType: node.opType,
      domain: node.domain,
      inputs: node.inputs.map((v) => v && (copies.get(v) ?? v)),
      outputs: node.outputs.map((v) => v && innerName(v.name)),
      attributes: Object.fromEntries(node.attributes),
    });
    node.outputs.forEach((v, i) => {
      if (v) copies.set(v, copy.outputs[i]!);
    });
  }
  return { banded: copies.get(mixed)!, mask };
}

/** The nodes between two values that depend on the first, in topological order. */
function nodesFrom(from: Value, to: Value): Node[] {
  const needed = between([to], new Set([from])).nodes;
  const made = new Set<Value>([from]);
  return topologicalOrder(from.graph).filter((node) => {
    const isOnWay = needed.has(node) && node.inputs.some((v) => v && made.has(v));
    if (isOnWay) for (const v of node.outputs) if (v) made.add(v);
    return isOnWay;
  });
}

/** The one Softmax on the way, which must be over the keys as the last axis. */
function softmaxBehind(scores: Value, mixed: Value, shapes: ShapeTable, opset: number): Node {
  const [softmax, second] = nodesFrom(scores, mixed).filter((node) => isOp(node, 'Softmax'));
  if (!softmax || second)
    throw new NoReference(
      `no single Softmax stands between "${scores.name}" and "${mixed.name}" in the source model`,
    );
  const rank = shapes.shape(softmax.inputs[0]!)?.length;
  // before opset 13 all axes from the second on were one, unless told otherwise
  const axis = attrNumber(softmax, 'axis', opset < 13 ? 1 : -1);
  if (axis !== -1 && axis + 1 !== rank)
    throw new NoReference(`"${softmax.label}" in the source model is not over the last axis`);
  return softmax;
}

function maskFor(scores: Value, shapes: ShapeTable, window: Window): BandMask {
  const sizes = shapes.shape(scores)?.map((size) => size.constant) ?? [];
  const tokens = sizes.at(-1);
  const key = sizes.length - 1;
  // beside the keys', the axis of that size; the one before it where there are several
  const query = sizes.lastIndexOf(tokens, key - 1);
  if (tokens === undefined || key < 1 || query < 0)
    throw new NoReference(
      `"${scores.name}" in the source model has not as many queries as keys, or their number is not known`,
    );
  const dims = sizes.map((_, axis) => (axis === key || axis === query ? tokens : 1));
  checkWindow(window, tokens);
  return { name: maskName(dims, window), dims, tokens, window };
}

/** So low a score that its weight is exactly 0, in the type of the scores. */
export function lowest(graph: Graph, shapes: ShapeTable, scores: Value): Value {
  const type = shapes.dtype(scores);
  const isHalf = type === 'float16';
  const value = graph.addInitializer(
    innerName('lowest'),
    float32Tensor([isHalf ? -65504 : -3e38], []),
  );
  if (type === 'float32') return value;
  if (!isHalf) throw new NoReference(`the scores "${scores.name}" are of type ${type}`);
  return graph.addNode({
    opType: 'Cast',
    inputs: [value],
    outputs: [innerName('lowest')],
    attributes: { to: int(dataTypeCode(type)) },
  }).output;
}
