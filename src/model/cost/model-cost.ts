/** MACs, parameters and bytes of regions and models. */

import { subgraphs } from '../ir/attribute.js';
import { storedTensor } from '../ir/constants.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { nodeDependencies } from '../ir/order.js';
import { pushAll } from '../ir/push-all.js';
import { elementCount } from '../ir/tensor.js';
import { byteLength } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { addMacs, type Macs, NO_MACS, type ShapeOf } from '../operators/counts.js';
import type { ShapeTable } from '../shape/index.js';
import { nodeMacs } from './macs.js';

export interface RegionCost {
  readonly macs: Macs;
  /** Elements of the floating-point constants of rank 1 or more that the region reads. */
  readonly parameters: number;
  /** Nodes whose MACs are not known because a shape is not; their cost is missing from `macs`. */
  readonly unknown: readonly Node[];
}

/** Turns a shape table and sizes for its symbols into concrete shapes. */
export function concreteShapes(shapes: ShapeTable, bindings: ReadonlyMap<string, number>): ShapeOf {
  const known = new Map<Value, readonly number[] | undefined>();
  return (value) => {
    if (!known.has(value)) known.set(value, shapes.concrete(value, bindings));
    return known.get(value);
  };
}

/** Which graph inside a node runs; undefined where that is not known beforehand. */
export type BranchChoice = (node: Node) => Graph | undefined;

/**
 * Cost of a set of nodes. Of an `If` the branch that `choose` names counts, else the dearer one; of
 * other inner graphs one run.
 */
export function regionCost(
  nodes: Iterable<Node>,
  shapeOf: ShapeOf,
  choose: BranchChoice = () => undefined,
): RegionCost {
  const all = [...nodes];
  const weights = new Set<Value>();
  for (const node of all) {
    for (const value of nodeDependencies(node)) if (isParameter(value)) weights.add(value);
    for (const inner of counted(node, choose))
      for (const value of innerParameters(inner)) weights.add(value);
  }
  let parameters = 0;
  for (const value of weights) parameters += elementCount(storedTensor(value)?.dims ?? []);
  return { ...regionMacs(all, shapeOf, choose), parameters };
}

/** The same without its parameters, at the cost of a walk over the nodes that count. */
export function regionMacs(
  nodes: Iterable<Node>,
  shapeOf: ShapeOf,
  choose: BranchChoice = () => undefined,
): Omit<RegionCost, 'parameters'> {
  let macs = NO_MACS;
  const unknown: Node[] = [];
  for (const node of nodes) {
    const own = nodeMacs(node, shapeOf);
    if (own) macs = addMacs(macs, own);
    else unknown.push(node);
    let inside = NO_MACS;
    for (const inner of counted(node, choose)) {
      const cost = regionMacs(inner.nodes, shapeOf, choose);
      pushAll(unknown, cost.unknown);
      if (cost.macs.all > inside.all) inside = cost.macs;
    }
    macs = addMacs(macs, inside);
  }
  return { macs, unknown };
}

/** The graphs inside a node that may count. */
function counted(node: Node, choose: BranchChoice): readonly Graph[] {
  const taken = choose(node);
  return taken ? [taken] : subgraphs(node);
}

export const graphCost = (graph: Graph, shapeOf: ShapeOf, choose?: BranchChoice): RegionCost =>
  regionCost(graph.nodes, shapeOf, choose);

const PARAMETER_TYPES = new Set(['float32', 'float16', 'bfloat16', 'float64', 'int8', 'uint8']);

/** Is it a constant of floating-point or quantized numbers, of rank 1 or more? */
export function isParameter(value: Value): boolean {
  const tensor = storedTensor(value);
  return tensor !== undefined && tensor.dims.length > 0 && PARAMETER_TYPES.has(tensor.dtype);
}

/** Weights that a graph inside a node reads, its own and others. */
export function* innerParameters(graph: Graph): Generator<Value> {
  for (const node of graph.nodes)
    for (const value of nodeDependencies(node)) if (isParameter(value)) yield value;
}

/** Bytes of a value at the given sizes; undefined when its shape or type is not known. */
export function valueBytes(value: Value, shapes: ShapeTable, shapeOf: ShapeOf): number | undefined {
  const dims = shapeOf(value);
  const type = shapes.dtype(value);
  return dims && type && byteLength(type, elementCount(dims));
}
