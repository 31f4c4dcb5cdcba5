/**
 * Constants that all bands of a graph share. A transformer has dozens of layers with several copies of
 * a band each, and every copy needs the same rows and masks. Costs one map per graph, which goes with
 * it.
 */
import type { Graph } from '../../../src/ir/graph.js';
import { int64Tensor, type Tensor } from '../../../src/ir/tensor.js';
import type { Value } from '../../../src/ir/value.js';

const values = new WeakMap<Graph, Map<string, Value>>();

/**
 * What was made under this key in this graph, or what `make` gives. Only for what depends on constants
 * alone: a value made of one layer's tensors would keep that layer alive for all others.
 */
export function shared(graph: Graph, key: string, make: () => Value): Value {
  const known = values.get(graph) ?? new Map<string, Value>();
  values.set(graph, known);
  const before = known.get(key);
  if (before && isIn(graph, before)) return before;
  const value = make();
  known.set(key, value);
  return value;
}

/** One initializer for all equal lists of a few integers; `dims` may be `[]` for a single one. */
export function integers(graph: Graph, list: readonly number[], dims = [list.length]): Value {
  return stored(graph, `int64[${dims}] ${list}`, () => int64Tensor(list, dims));
}

/** One initializer for all tensors under this key. */
export function stored(graph: Graph, key: string, tensor: () => Tensor): Value {
  return shared(graph, key, () => graph.addInitializer('stepfold.band.constant', tensor()));
}

/** Pruning may have taken away what was shared before. */
function isIn(graph: Graph, value: Value): boolean {
  return value.producer ? graph.nodes.has(value.producer) : graph.initializers.has(value);
}
