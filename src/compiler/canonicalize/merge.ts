/**
 * Common sub-expressions: of nodes with the same operator, attributes and inputs only the first
 * stays; equal small constants that canonicalization made are one. Exporters repeat shape arithmetic
 * and the activation of the time embedding dozens of times. Costs O(nodes).
 */
import type { Attribute } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { topologicalOrder } from '../../model/ir/order.js';
import { readBytes, type Tensor, tensorBytes } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';
import { isDeterministic } from './deterministic.js';
import type { Rewrite } from './rewrite.js';
import { isAtHand } from './tensors.js';

/** Constants beyond this many bytes are not compared. */
const MAX_COMPARED = 256;

/**
 * Yields a rewrite for each node that repeats an earlier one. Each has to be applied before the next
 * is asked for, since merging two nodes makes their users equal.
 */
export function* repeatedNodes(graph: Graph): Generator<Rewrite> {
  const ids = new Map<Value, number>();
  const first = new Map<string, Node>();
  const idOf = (value: Value) => {
    let id = ids.get(value);
    if (id === undefined) {
      id = ids.size;
      ids.set(value, id);
    }
    return id;
  };
  for (const node of topologicalOrder(graph)) {
    if (node.opType === 'Constant' || !isDeterministic(node)) continue;
    const attributes = attributesKey(node);
    if (attributes === undefined) continue;
    const inputs = node.inputs.map((value) => (value ? idOf(value) : '-'));
    const outputs = node.outputs.map((value) => (value ? 1 : 0));
    const key = `${node.opType}(${inputs})>${outputs}{${attributes}}`;
    const earlier = first.get(key);
    if (!earlier) {
      first.set(key, node);
      continue;
    }
    const replace = node.outputs.flatMap((from, i) => {
      const value = earlier.outputs[i];
      return from && value ? [{ from, to: { value } }] : [];
    });
    yield { rule: 'common-subexpression', node, why: `it repeats "${earlier.label}"`, replace };
  }
}

/**
 * Lets equal constants be one value. Only made ones are touched: weights keep their names.
 * @returns how many were equal to others
 */
export function mergeConstants(graph: Graph, isMade: (value: Value) => boolean): number {
  let merged = 0;
  const first = new Map<string, Value>();
  for (const value of [...graph.initializers]) {
    if (!isMade(value) || !value.initializer) continue;
    const key = tensorKey(value.initializer);
    if (key === undefined) continue;
    const earlier = first.get(key);
    if (!earlier) {
      first.set(key, value);
      continue;
    }
    graph.replaceUses(value, earlier, (use) => 'opType' in use.user);
    if (value.uses.size === 0) graph.removeInitializer(value);
    merged++;
  }
  return merged;
}

function attributesKey(node: Node): string | undefined {
  const parts: string[] = [];
  for (const [name, attribute] of [...node.attributes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = attributeKey(attribute);
    if (key === undefined) return undefined;
    // a text may hold whatever stands between two
    parts.push(JSON.stringify([name, attribute.type, key]));
  }
  return parts.join(';');
}

/** Text that tells attributes apart; undefined for those that are not compared. */
function attributeKey(attribute: Attribute): string | undefined {
  switch (attribute.type) {
    case 'int':
    case 'ints':
    case 'string':
      return String(attribute.value);
    case 'float':
      return floatKey(attribute.value);
    case 'floats':
      return attribute.value.map(floatKey).join();
    case 'strings':
      return JSON.stringify(attribute.value);
    case 'tensor':
      return tensorKey(attribute.value);
    case 'tensors':
    case 'graph':
    case 'graphs':
    case 'opaque':
      return undefined;
  }
}

/** Zeros of either sign are two numbers. */
const floatKey = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function tensorKey(tensor: Tensor): string | undefined {
  if (!isAtHand(tensor) || tensorBytes(tensor) > MAX_COMPARED) return undefined;
  return `${tensor.dtype}[${tensor.dims}]${readBytes(tensor)}`;
}
