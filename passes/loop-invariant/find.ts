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
import { readsNoElements } from '../../src/model/operators/index.js';

export interface Invariant {
  /** The value where it meets what changes from call to call. */
  readonly value: Value;
  /** Layers behind it. */
  readonly layers: readonly Node[];
}

/**
 * A size is invariant where that is which it is the size of, and is not kept: whoever needs it takes it of what is.
 *
 * Costs O(nodes) for each value found.
 */
export function findInvariants(graph: Graph, conditions: ReadonlySet<Value>): Invariant[] {
  const invariant = new Set<Value>(conditions);
  const sizes = new Set<Value>();
  for (const node of topologicalOrder(graph)) {
    if (!isDeterministic(node)) continue;
    const read = node.inputs.filter((v): v is Value => v !== null);
    const fixed = (v: Value) => invariant.has(v) || constantTensor(v) !== undefined;
    if (!read.every(fixed) || !read.some((v) => invariant.has(v))) continue;
    const ofSizes = read.every((v) => sizes.has(v) || !invariant.has(v));
    const isSize = readsNoElements(node) || (ofSizes && !multipliesWeight(node));
    for (const output of node.outputs)
      if (output) {
        invariant.add(output);
        if (isSize) sizes.add(output);
      }
  }
  const meetsOthers = (value: Value): boolean =>
    [...value.users].some(
      (user) =>
        !isInside(user, invariant) || user.outputs.some((v) => v && sizes.has(v) && meetsOthers(v)),
    );
  return [...invariant].flatMap((value) => {
    // what is an output already has no place where a kept value could go in
    if (!value.producer || value.isGraphOutput || sizes.has(value) || !meetsOthers(value))
      return [];
    const layers = [...liveNodes([value])].filter((node) => multipliesWeight(node));
    return layers.length > 0 ? [{ value, layers }] : [];
  });
}

const isInside = (node: Node, invariant: ReadonlySet<Value>): boolean =>
  node.outputs.some((output) => output && invariant.has(output));
