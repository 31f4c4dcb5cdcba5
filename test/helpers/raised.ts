/**
 * A model whose attention is computed from its raised form: what the form claims, in nodes, so that an
 * engine can say whether it is true.
 */
import {
  type Attention,
  type RaisedCore,
  raiseCore,
} from '../../src/compiler/analysis/attention/index.js';
import type { SiteBuilder } from '../../src/compiler/plan/index.js';
import { int } from '../../src/model/ir/attribute.js';
import { cloneModel } from '../../src/model/ir/clone.js';
import type { Model } from '../../src/model/ir/model.js';
import { sortNodes } from '../../src/model/ir/order.js';
import { removeDeadNodes } from '../../src/model/ir/prune.js';
import { int64Tensor } from '../../src/model/ir/tensor.js';
import type { Value } from '../../src/model/ir/value.js';
import type { ShapeTable } from '../../src/model/shape/index.js';

/** The raised form; a refusal fails the test. */
export function raised(attention: Attention, shapes: ShapeTable): RaisedCore {
  const core = raiseCore(attention, shapes);
  if ('reason' in core) throw new Error(`not raised: ${core.reason}`);
  return core;
}

export interface RaisedModel {
  readonly model: Model;
  /** Operators of the nodes that the form added, sorted; the Softmax and the two products left out. */
  readonly added: readonly string[];
}

/** The model with `mixed` computed as lower(weights(softmax(scale(q k))) v). */
export function raisedModel(source: Model, attention: Attention, shapes: ShapeTable): RaisedModel {
  const core = raised(attention, shapes);
  const { model, map } = cloneModel(source);
  const { graph } = model;
  const made: string[] = [];
  const b: SiteBuilder = {
    graph,
    value: (v) => map.values.get(v)!,
    state: () => {
      throw new Error('raised attention has no state');
    },
    add: (spec) => {
      made.push(spec.opType);
      return graph.addNode(spec).output;
    },
    constant: (name, values) => graph.addInitializer(name, int64Tensor(values)),
  };
  const { q, k, v } = core.operands(b);
  const product = (left: Value, right: Value) =>
    graph.addNode({ opType: 'MatMul', inputs: [left, right] }).output;
  const probabilities = graph.addNode({
    opType: 'Softmax',
    inputs: [core.scale(b, product(q, k))],
    attributes: { axis: int(-1) },
  }).output;
  const mixed = core.lower(b, product(core.weights(b, probabilities), v));
  graph.replaceUses(map.values.get(attention.mixed)!, mixed);
  removeDeadNodes(graph);
  sortNodes(graph);
  return { model, added: made.sort() };
}
