/**
 * Constants that all strategies of a graph share. A transformer has dozens of layers with several copies of
 * a band each, and every copy needs the same rows and masks. They are stored rather than worked out by
 * nodes, which, shared, would tie layers together that an emitted form wants apart. Costs one map per
 * graph, which goes with it.
 */
import type { Graph } from '../../model/ir/graph.js';
import { int64Tensor, type Tensor } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';

const values = new WeakMap<Graph, Map<string, Value>>();

/** One initializer for all tensors under this key. */
export function stored(graph: Graph, key: string, tensor: () => Tensor): Value {
  const known = values.get(graph) ?? new Map<string, Value>();
  values.set(graph, known);
  const before = known.get(key);
  // pruning may have taken away what was stored before
  if (before && graph.initializers.has(before)) return before;
  const value = graph.addInitializer('stepfold.band.constant', tensor());
  known.set(key, value);
  return value;
}

/** One initializer for all equal lists of a few integers; `dims` may be `[]` for a single one. */
export function integers(graph: Graph, list: readonly number[], dims = [list.length]): Value {
  return stored(graph, `int64[${dims}] ${list}`, () => int64Tensor(list, dims));
}
