/**
 * Constant sub-graphs, evaluated by onnxruntime: all of them in one model and one session. Reads only
 * small tensors that lie in memory or in the model file; a result may not be larger than what it
 * is computed from, or 64 KiB, and all that is made, on the way as well, not larger than a bound or than
 * what is read. Without onnxruntime, or when it cannot run them, they stay.
 */
import { cloneAttribute } from '../../model/ir/clone.js';
import { constantTensor } from '../../model/ir/constants.js';
import { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { topologicalOrder } from '../../model/ir/order.js';
import { elementCount, tensorBytes } from '../../model/ir/tensor.js';
import { byteLength } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { type Engine, evaluate } from '../../runtime/ort/index.js';
import { isDeterministic } from './deterministic.js';
import type { Rewrite } from './rewrite.js';
import { isAtHand } from './tensors.js';

/** Results up to here are worth it however small their inputs. */
const SMALL = 64 * 1024;
/** Tensors beyond this are weights: not read. */
const MAX_LEAF = 1024 * 1024;
/**
 * All that may be made, in one session that holds it: twice what is read, or this. The largest model of
 * the corpus makes a thousandth of it.
 */
const MOST_MADE = 128 * 1024 * 1024;

/** What can be evaluated of a graph. */
export interface Foldable {
  /** In order. */
  readonly nodes: ReadonlySet<Node>;
  /** Bytes of all that they make. */
  readonly bytes: number;
  /** Nodes that are left since all together would make too much. */
  readonly tooMuch: number;
}

/**
 * Nodes of the main graph that can be evaluated now.
 * @param inferred shapes of the graph as it is; asked for only when there are candidates
 * @param before bytes that were made of the same model before
 */
export function constantNodes(graph: Graph, inferred: () => ShapeTable, before = 0): Foldable {
  const nodes = new Set<Node>();
  const leaves = new Set<Value>();
  let [read, bytes, tooMuch] = [0, 0, 0];
  let shapes: ShapeTable | undefined;
  const sizes = new Map<Value, number>();
  const sizeOf = (value: Value): number | undefined => {
    const tensor = constantTensor(value);
    if (!tensor) return sizes.get(value);
    const bytes = tensorBytes(tensor);
    return isAtHand(tensor) && bytes <= MAX_LEAF ? bytes : undefined;
  };
  for (const node of topologicalOrder(graph)) {
    if (node.opType === 'Constant' || !isDeterministic(node)) continue;
    // each once: a tensor that is joined to itself is no larger for that
    const inputs = new Map([...new Set(node.inputs)].flatMap((v) => (v ? [[v, sizeOf(v)]] : [])));
    if ([...inputs.values()].some((size) => size === undefined)) continue;
    const budget = Math.max(SMALL, sum(inputs.values()));
    const outputs = node.outputs.filter((v) => v !== null);
    shapes ??= inferred();
    const table = shapes;
    const made = outputs.map((value) => resultBytes(value, table));
    if (made.some((size) => size > budget)) continue;
    const fresh = [...inputs].filter(([v]) => constantTensor(v) && !leaves.has(v));
    const readThen = read + sum(fresh.map(([, size]) => size));
    if (before + bytes + sum(made) > Math.max(MOST_MADE, 2 * readThen)) {
      tooMuch++;
      continue;
    }
    for (const [v] of fresh) leaves.add(v);
    read = readThen;
    bytes += sum(made);
    nodes.add(node);
    outputs.forEach((value, i) => {
      sizes.set(value, made[i]!);
    });
  }
  return { nodes, bytes, tooMuch };
}

function sum(sizes: Iterable<number | undefined>): number {
  let total = 0;
  for (const size of sizes) total += size ?? 0;
  return total;
}

/** Infinite where the size is not known. */
function resultBytes(value: Value, shapes: ShapeTable): number {
  const dims = shapes.concrete(value, new Map());
  const dtype = shapes.dtype(value);
  const bytes = dims && dtype ? byteLength(dtype, elementCount(dims)) : undefined;
  return bytes ?? Number.POSITIVE_INFINITY;
}

/**
 * Rewrites that put constants in the place of what the given nodes make for others.
 * @throws what the engine says when it cannot run one of the nodes
 */
export async function foldNodes(
  model: Model,
  nodes: ReadonlySet<Node>,
  engine: Engine,
): Promise<Rewrite[]> {
  const border = [...nodes].flatMap((node) =>
    node.outputs.flatMap((from) => (from && isReadOutside(from, nodes) ? [{ node, from }] : [])),
  );
  if (border.length === 0) return [];
  const outputs = border.map(({ from }) => from);
  const results = await evaluate(standalone(model, nodes, outputs), engine);
  return border.map(({ node, from }) => {
    const replace = [{ from, to: { tensor: results.get(from.name)! } }];
    return { rule: 'fold-constants', node, why: 'it depends on constants only', replace };
  });
}

/** A graph output that is constant keeps its node, as an output has to be made by one. */
function isReadOutside(value: Value, nodes: ReadonlySet<Node>): boolean {
  return [...value.users].some((user) => !nodes.has(user));
}

function standalone(model: Model, nodes: ReadonlySet<Node>, outputs: readonly Value[]): Model {
  const graph = new Graph('constants');
  const values = new Map<Value, Value>();
  const map = { values, nodes: new Map<Node, Node>() };
  for (const node of nodes) {
    for (const input of node.inputs) {
      // what is no constant was made by a node before
      if (input && !values.has(input))
        values.set(input, graph.addInitializer(input.name, constantTensor(input)!));
    }
    const copy = graph.addNode({
      opType: node.opType,
      inputs: node.inputs.map((v) => v && (values.get(v) as Value)),
      outputs: node.outputs.map((v) => v?.name ?? null),
      attributes: Object.fromEntries(
        [...node.attributes].map(([name, a]) => [name, cloneAttribute(a, graph, map)]),
      ),
    });
    node.outputs.forEach((value, i) => {
      const twin = copy.outputs[i];
      if (value && twin) values.set(value, twin);
    });
  }
  for (const value of outputs) graph.addOutput(values.get(value) as Value);
  return {
    graph,
    irVersion: model.irVersion,
    opsets: model.opsets,
    producerName: undefined,
    producerVersion: undefined,
    metadata: new Map(),
    extra: undefined,
  };
}
