/** Runs of consecutive blocks: what would fall away without one, and whether anything leaks out of it. */
import { isHeavy } from '../../cost/index.js';
import { between } from '../../ir/extract.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { liveNodes } from '../../ir/prune.js';
import type { Value } from '../../ir/value.js';
import type { Refusal } from '../unet.js';

/** A part of a residual stream. */
export interface StreamRange {
  readonly input: Value;
  readonly output: Value;
}

/**
 * Nodes that exist for the sake of a range alone: nobody needs them once its output is given. What its
 * input is made from stays.
 */
export function nodesOfRange(graph: Graph, { input, output }: StreamRange): Set<Node> {
  const rest = withoutRange(graph, { input, output });
  return new Set([...liveNodes(graph.outputs)].filter((node) => !rest.has(node)));
}

/** Why a range would still be run with its output given: somebody else reads what a layer of it makes. */
export function leakOf(graph: Graph, range: StreamRange): Refusal | undefined {
  const { input, output } = range;
  const rest = withoutRange(graph, range);
  const { nodes } = between([output], new Set([input]));
  const onWay = followersOf(input, nodes);
  const leaking = [...onWay].find((node) => isHeavy(node) && rest.has(node));
  return (
    leaking && {
      reason: `something else than "${output.name}" needs what this layer makes, so it would run all the same`,
      node: leaking.label,
    }
  );
}

const withoutRange = (graph: Graph, { input, output }: StreamRange): Set<Node> =>
  liveNodes([...graph.outputs, input], (value) => value === output);

/** Of some nodes, those that a value flows into. */
function followersOf(value: Value, nodes: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  const stack = [value];
  for (let next = stack.pop(); next; next = stack.pop())
    for (const user of next.users)
      if (nodes.has(user) && !found.has(user)) {
        found.add(user);
        for (const made of user.outputs) if (made) stack.push(made);
      }
  return found;
}
