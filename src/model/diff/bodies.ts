import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';

/** Graphs inside two nodes that are one another: those of one attribute, such as `then_branch`. */
export function bodyPairs(
  before: Node,
  after: Node,
): { name: string; body: Graph; other: Graph }[] {
  return [...before.attributes].flatMap(([name, attribute]) => {
    const same = after.attributes.get(name);
    return attribute.type === 'graph' && same?.type === 'graph'
      ? [{ name, body: attribute.value, other: same.value }]
      : [];
  });
}
