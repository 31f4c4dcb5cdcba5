/** Runs of consecutive blocks: what would fall away without one, and whether anything leaks out of it. */
import { isHeavy } from '../../cost/index.js';
import { between } from '../../ir/extract.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { liveNodes } from '../../ir/prune.js';
import type { Value } from '../../ir/value.js';
import type { Refusal } from '../unet.js';

/** A part of one residual stream. */
export interface StreamPart {
  /** Which of the streams of its stage: 0 where there is but one. */
  readonly stream: number;
  readonly input: Value;
  readonly output: Value;
}

/** Blocks in a row, or one: a part of each stream that leaves them. */
export interface StreamRange {
  readonly streams: readonly StreamPart[];
}

/**
 * Nodes that exist for the sake of a range alone: nobody needs them once its output is given. What its
 * input is made from stays.
 */
export function nodesOfRange(graph: Graph, range: StreamRange): Set<Node> {
  const rest = withoutRange(graph, range);
  return new Set([...liveNodes(graph.outputs)].filter((node) => !rest.has(node)));
}

/** Why a range would still be run with its output given: somebody else reads what a layer of it makes. */
export function leakOf(graph: Graph, range: StreamRange): Refusal | undefined {
  const [inputs, outputs] = bordersOf(range);
  const rest = withoutRange(graph, range);
  const { nodes } = between(outputs, new Set(inputs));
  const onWay = followersOf(inputs, nodes);
  const leaking = [...onWay].find((node) => isHeavy(node) && rest.has(node));
  return (
    leaking && {
      reason: `something else than ${outputs.map((v) => `"${v.name}"`).join(' and ')} needs what this layer makes, so it would run all the same`,
      node: leaking.label,
    }
  );
}

const bordersOf = ({ streams }: StreamRange): [inputs: Value[], outputs: Value[]] => [
  streams.map(({ input }) => input),
  streams.map(({ output }) => output),
];

function withoutRange(graph: Graph, range: StreamRange): Set<Node> {
  const [inputs, outputs] = bordersOf(range);
  return liveNodes([...graph.outputs, ...inputs], (value) => outputs.includes(value));
}

/** Of some nodes, those that values flow into. */
function followersOf(values: readonly Value[], nodes: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  const stack = [...values];
  for (let next = stack.pop(); next; next = stack.pop())
    for (const user of next.users)
      if (nodes.has(user) && !found.has(user)) {
        found.add(user);
        for (const made of user.outputs) if (made) stack.push(made);
      }
  return found;
}
