/**
 * Whether a graph holds a denoising loop, or several calls of a denoiser, rather than one: unrolled by an exporter, so that
 * each step multiplies the same weights again, or in the body of a Loop or a Scan. What is kept between calls is then kept
 * between loops, which is not what anybody wants of it.
 */

import { weightsOf } from '../../model/cost/index.js';
import { subgraphs } from '../../model/ir/attribute.js';
import { storedTensor } from '../../model/ir/constants.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp, type Node } from '../../model/ir/node.js';
import { elementCount } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';

/** So much of the weights has to be multiplied again: beside a loop a graph may hold an encoder and a decoder. */
const MOST = 0.5;

/** By weight, how often one run of a graph multiplies it. */
type Uses = Map<Value, number>;

/** A sentence without a full stop where it does. */
export function findWholeLoop(graph: Graph): string | undefined {
  const bodies = new Map<Node, Uses>();
  const uses = usesIn(graph, bodies);
  const all = elementsOf(uses.keys());
  const found = (weights: Iterable<Value>, how: string) => {
    const share = elementsOf(weights) / all;
    if (!(share > MOST)) return undefined;
    return `${Math.round(100 * share)} % of its weights are multiplied ${how}; what is kept between its calls would be kept between whole loops: export one step alone`;
  };
  for (const [loop, inside] of bodies) {
    const note = found(inside.keys(), `in the body of "${loop.label}", as in a loop over steps`);
    if (note) return note;
  }
  for (const [times, weights] of byTimes(uses)) {
    const note = times > 1 && found(weights, `${times} times each, as where ${whatIs(times)}`);
    if (note) return note;
  }
  return undefined;
}

const whatIs = (times: number): string =>
  times === 2
    ? 'two steps, or the halves of a guidance pair, follow each other in one graph'
    : `a loop of ${times} steps is unrolled`;

/** @param bodies what is multiplied in the body of each outermost loop comes in here */
function usesIn(graph: Graph, bodies: Map<Node, Uses>): Uses {
  const uses: Uses = new Map();
  for (const node of graph.nodes) {
    add(uses, new Map(weightsOf(node).map((weight) => [weight, 1])));
    const inner: Uses = new Map();
    // one of the branches runs
    const join = isOp(node, 'If') ? most : add;
    const isLoop = isOp(node, 'Loop', 'Scan');
    for (const body of subgraphs(node)) join(inner, usesIn(body, isLoop ? new Map() : bodies));
    if (isLoop) bodies.set(node, inner);
    add(uses, inner);
  }
  return uses;
}

function add(uses: Uses, more: Uses): void {
  for (const [weight, times] of more) uses.set(weight, (uses.get(weight) ?? 0) + times);
}

function most(uses: Uses, other: Uses): void {
  for (const [weight, times] of other) uses.set(weight, Math.max(uses.get(weight) ?? 0, times));
}

function byTimes(uses: Uses): Map<number, Value[]> {
  const lists = new Map<number, Value[]>();
  for (const [weight, times] of uses) {
    const list = lists.get(times);
    if (list) list.push(weight);
    else lists.set(times, [weight]);
  }
  return lists;
}

function elementsOf(weights: Iterable<Value>): number {
  let sum = 0;
  for (const weight of weights) sum += elementCount(storedTensor(weight)?.dims ?? []);
  return sum;
}
