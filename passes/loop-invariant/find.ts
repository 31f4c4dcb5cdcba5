/**
 * What a graph makes of its condition alone: values that are the same at every call of an image, as long
 * as the condition is. Constants and the shapes of conditions count as such; the latent and the timestep,
 * and everything that meets them, do not.
 */

import { isDeterministic } from '../../src/compiler/canonicalize/deterministic.js';
import { multipliesWeight } from '../../src/model/cost/index.js';
import { constantTensor } from '../../src/model/ir/constants.js';
import type { Graph } from '../../src/model/ir/graph.js';
import { liveNodes, topologicalOrder } from '../../src/model/ir/index.js';
import type { Node } from '../../src/model/ir/node.js';
import type { Value } from '../../src/model/ir/value.js';

export interface Invariant {
  /** The value where it meets what changes from call to call. */
  readonly value: Value;
  /** Layers behind it. */
  readonly layers: readonly Node[];
}

/** Costs O(nodes) for each value found. */
export function findInvariants(graph: Graph, conditions: ReadonlySet<Value>): Invariant[] {
  const invariant = new Set<Value>(conditions);
  for (const node of topologicalOrder(graph)) {
    if (!isDeterministic(node)) continue;
    const read = node.inputs.filter((v): v is Value => v !== null);
    const fixed = (v: Value) => invariant.has(v) || constantTensor(v) !== undefined;
    if (!read.every(fixed) || !read.some((v) => invariant.has(v))) continue;
    for (const output of node.outputs) if (output) invariant.add(output);
  }
  return [...invariant].flatMap((value) => {
    // what is an output already has no place where a kept value could go in
    if (!value.producer || value.isGraphOutput) return [];
    const meetsOthers = [...value.users].some((user) => !isInside(user, invariant));
    if (!meetsOthers) return [];
    const layers = [...liveNodes([value])].filter((node) => multipliesWeight(node));
    return layers.length > 0 ? [{ value, layers }] : [];
  });
}

const isInside = (node: Node, invariant: ReadonlySet<Value>): boolean =>
  node.outputs.some((output) => output && invariant.has(output));
