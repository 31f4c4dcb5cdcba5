/**
 * Constant sub-graphs, evaluated by onnxruntime: all of them in one model and one session. Reads only
 * small tensors that lie in memory or in the model file; a result may not be larger than what it
 * is computed from, or 64 KiB. Without onnxruntime, or when it cannot run them, they stay.
 */
import { cloneAttribute } from '../../src/ir/clone.js';
import { constantTensor } from '../../src/ir/constants.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { topologicalOrder } from '../../src/ir/order.js';
import { elementCount, tensorBytes } from '../../src/ir/tensor.js';
import { byteLength } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { type Engine, evaluate } from '../../src/ort/index.js';
import type { ShapeTable } from '../../src/shape/index.js';
import { isDeterministic } from './deterministic.js';
import type { Rewrite } from './rewrite.js';
import { isAtHand } from './tensors.js';

/** Results up to here are worth it however small their inputs. */
const SMALL = 64 * 1024;
/** Tensors beyond this are weights: not read. */
const MAX_LEAF = 1024 * 1024;

/**
 * Nodes of the main graph that can be evaluated now, in order.
 * @param inferred shapes of the graph as it is; asked for only when there are candidates
 */
export function constantNodes(graph: Graph, inferred: () => ShapeTable): Set<Node> {
  const foldable = new Set<Node>();
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
    const inputs = node.inputs.filter((v) => v !== null).map(sizeOf);
    if (inputs.some((bytes) => bytes === undefined)) continue;
    const budget = Math.max(
      SMALL,
      inputs.reduce<number>((n, bytes) => n + (bytes ?? 0), 0),
    );
    const outputs = node.outputs.filter((v) => v !== null);
    shapes ??= inferred();
    const table = shapes;
    const made = outputs.map((value) => resultBytes(value, table));
    if (!made.every((bytes) => bytes !== undefined && bytes <= budget)) continue;
    foldable.add(node);
    outputs.forEach((value, i) => {
      sizes.set(value, made[i] as number);
    });
  }
  return foldable;
}

function resultBytes(value: Value, shapes: ShapeTable): number | undefined {
  const dims = shapes.concrete(value, new Map());
  const dtype = shapes.dtype(value);
  return dims && dtype ? byteLength(dtype, elementCount(dims)) : undefined;
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
    node.outputs.filter((v) => v !== null).filter((v) => isReadOutside(v, nodes)),
  );
  if (border.length === 0) return [];
  const results = await evaluate(standalone(model, nodes, border), engine);
  return border.flatMap((from) => {
    const tensor = results.get(from.name);
    if (!tensor || !from.producer) return [];
    const replace = [{ from, to: { tensor } }];
    return [
      { rule: 'fold-constants', node: from.producer, why: 'it depends on constants only', replace },
    ];
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
      const tensor = constantTensor(input);
      if (input && tensor && !values.has(input))
        values.set(input, graph.addInitializer(input.name, tensor));
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
