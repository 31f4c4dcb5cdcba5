/** Runs of consecutive blocks: what would fall away without one, and whether it may be replaced. */
import { isHeavy } from '../../../model/cost/index.js';
import { between } from '../../../model/ir/extract.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { Node } from '../../../model/ir/node.js';
import { nodeDependencies } from '../../../model/ir/order.js';
import { liveNodes } from '../../../model/ir/prune.js';
import type { Value } from '../../../model/ir/value.js';
import { keepsNumbers } from '../../../model/operators/index.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import { findLeak, neededParts } from './between.js';
import { beforeMoves } from './moves.js';
import { Readers } from './readers.js';
import { entryOf, summands } from './residual.js';
import type { StreamPart, StreamRange } from './stream-range.js';

/**
 * Nodes that exist for the sake of a range alone: nobody needs them once its outputs are given. What its
 * inputs are made from stays. Costs a walk over the range.
 */
export function nodesOfRange(graph: Graph, range: StreamRange): Set<Node> {
  return ownNodes(graph, range).own;
}

/**
 * Blocks in a row as one range. A stream that ends before the last of them may go on behind them; one that leaves in another
 * layout than it enters is followed to where it is in that one again.
 */
export function rangeOf(
  graph: Graph,
  shapes: ShapeTable,
  blocks: readonly StreamRange[],
): StreamRange {
  const parts = new Map<number, StreamPart>();
  for (const part of blocks.flatMap(({ streams }) => streams)) {
    const { input } = parts.get(part.stream) ?? part;
    parts.set(part.stream, { ...part, input });
  }
  const readers = new Readers(graph);
  for (const [stream, part] of parts)
    parts.set(stream, { ...part, output: inLayoutOf(part, readers, shapes) });
  const last = blocks.at(-1)!.streams.map(({ stream }) => parts.get(stream)!);
  const ended = [...parts.values()].filter((part) => !last.includes(part));
  if (ended.length === 0) return { streams: last };
  return { streams: neededParts([...last, ...ended], readers, shapes) };
}

/** What a stream leaves as, in the layout in which it enters; as it is where nobody reads it so. */
function inLayoutOf({ input, output }: StreamPart, readers: Readers, shapes: ShapeTable): Value {
  const open = [output];
  for (let value = open.pop(); value; value = open.pop()) {
    if (entryOf([input], value, shapes)) return value;
    for (const node of readers.of(value))
      if (keepsNumbers(node) && node.inputs[0] === value) open.push(node.output);
  }
  return output;
}

/**
 * Why what a range does cannot be put in the place of its ends, proved from the graph whoever found the
 * range; undefined where it can. Each stream must leave it as what sums have made of it; whatever lies
 * between must reach the outputs of the graph through the streams that leave; and none of its layers
 * may be needed all the same. What enters may be read by anybody, since it is there in any case.
 */
export function refusalOf(
  graph: Graph,
  shapes: ShapeTable,
  range: StreamRange,
): Refusal | undefined {
  for (const { input, output } of range.streams) {
    const reason = !isSumOf(output, input, shapes)
      ? `"${output.name}" is not what sums alone make of "${input.name}"`
      : !entryOf([input], output, shapes)
        ? `"${output.name}" and "${input.name}" have not the same shape and type`
        : undefined;
    if (reason) return { reason, node: output.producer?.label ?? output.name };
  }
  return layerStillNeeded(graph, range) ?? wayAround(graph, shapes, range);
}

/** Is a value made of another by sums alone, one at least? */
function isSumOf(value: Value, of: Value, shapes: ShapeTable): boolean {
  const [first] = beforeMoves(of, shapes).slice(-1);
  const open = beforeMoves(value, shapes)
    .slice(-1)
    .flatMap((v) => summands(v, shapes));
  const seen = new Set<Value>();
  for (let next = open.pop(); next; next = open.pop()) {
    if (next === first) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...summands(next, shapes));
  }
  return false;
}

const namesOf = (values: readonly Value[]) => values.map((v) => `"${v.name}"`).join(' and ');

/** A layer that would run with the range's outputs given: somebody else reads what it makes. */
function layerStillNeeded(graph: Graph, range: StreamRange): Refusal | undefined {
  const { inputs, outputs, nodes, own } = ownNodes(graph, range);
  const leaking = followersOf(inputs, nodes).find((node) => isHeavy(node) && !own.has(node));
  return (
    leaking && {
      reason: `something else than ${namesOf(outputs)} needs what this layer makes, so it would run all the same`,
      node: leaking.label,
    }
  );
}

/** Somebody who reads what lies between by another way than through the range's outputs. */
function wayAround(graph: Graph, shapes: ShapeTable, range: StreamRange): Refusal | undefined {
  const leak = findLeak(range, new Readers(graph), shapes);
  if (!leak) return undefined;
  const { value, reader } = leak;
  const outputs = namesOf(range.streams.map(({ output }) => output));
  return {
    reason: `"${value.name}" lies between, and ${reader ? `is read here by another way than through ${outputs}` : 'is an output of the graph'}`,
    node: (reader ?? value.producer)?.label,
  };
}

/** The nodes between the borders of a range, and those of them that nobody else needs. */
function ownNodes(graph: Graph, { streams }: StreamRange) {
  const inputs = streams.map(({ input }) => input);
  const outputs = streams.map(({ output }) => output);
  const { nodes } = between(outputs, new Set(inputs));
  const own = neededWithin(nodes, outputs) ?? neededWithout(graph, nodes, inputs, outputs);
  return { inputs, outputs, nodes, own };
}

/**
 * Of some nodes, those whose every use is one of theirs, or by an output of the range: from the outputs
 * back, a node joins when the last of its users has. Undefined where a user lies in a graph inside a node,
 * which does not say which node that is.
 */
function neededWithin(nodes: ReadonlySet<Node>, outputs: readonly Value[]): Set<Node> | undefined {
  const users = new Map<Node, Set<object>>();
  for (const node of nodes) {
    const reading = new Set<object>();
    for (const value of node.outputs)
      if (value && !outputs.includes(value)) for (const user of value.users) reading.add(user);
    for (const user of reading)
      if ('opType' in user && (user as Node).graph !== node.graph) return undefined;
    if (node.outputs.some((value) => value?.isGraphOutput && !outputs.includes(value)))
      reading.add(node.graph);
    users.set(node, reading);
  }
  const own = new Set<Node>();
  const stack = [...nodes].filter((node) => users.get(node)!.size === 0);
  for (let node = stack.pop(); node; node = stack.pop()) {
    own.add(node);
    for (const { producer } of nodeDependencies(node)) {
      const left = producer && users.get(producer);
      if (left?.delete(node) && left.size === 0) stack.push(producer!);
    }
  }
  return own;
}

/** The same, by what is left of the whole graph. */
function neededWithout(
  graph: Graph,
  nodes: ReadonlySet<Node>,
  inputs: readonly Value[],
  outputs: readonly Value[],
): Set<Node> {
  const rest = liveNodes([...graph.outputs, ...inputs], (value) => outputs.includes(value));
  return new Set([...nodes].filter((node) => !rest.has(node)));
}

/** Of some nodes, those that values flow into. */
function followersOf(values: readonly Value[], nodes: ReadonlySet<Node>): Node[] {
  const found = new Set<Node>();
  const stack = [...values];
  for (let next = stack.pop(); next; next = stack.pop())
    for (const user of next.users)
      if (nodes.has(user) && !found.has(user)) {
        found.add(user);
        for (const made of user.outputs) if (made) stack.push(made);
      }
  return [...found];
}
