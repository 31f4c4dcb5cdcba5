/**
 * Half precision by the letter. onnxruntime's CPU provider has no kernels in float16 for most operators: it
 * computes them in float32, and takes the two casts between such nodes away, but not where a value goes in or
 * out of a model. What a program keeps is therefore rounded where the source's is not. Two copies behind every
 * value of float16, which need no casts, keep each rounding, in the source and in programs alike; a single one
 * between nodes that compute in float32 would be computed there too.
 */
import { subgraphs } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import type { Value } from '../../model/ir/value.js';
import { inferShapes, type ShapeTable } from '../../model/shape/index.js';

export function keepRoundings(model: Model): void {
  keepIn(model.graph, inferShapes(model));
}

function keepIn(graph: Graph, shapes: ShapeTable): void {
  for (const node of [...graph.nodes]) {
    for (const inner of subgraphs(node)) keepIn(inner, shapes);
    for (const value of node.outputs) {
      if (!value || !mayBeHalf(value, shapes)) continue;
      // at an output it is rounded
      const uses = [...value.uses].filter(({ user }) => 'opType' in user);
      if (uses.length === 0) continue;
      const copied = copy(graph, copy(graph, value));
      graph.replaceUses(value, copied, (use) => uses.includes(use));
    }
  }
}

const copy = (graph: Graph, value: Value): Value =>
  graph.addNode({ opType: 'Identity', inputs: [value], outputs: [`${value.name}.rounded`] }).output;

/** Of a type that is not known too: the copy changes nothing in another one. */
const mayBeHalf = (value: Value, shapes: ShapeTable): boolean =>
  (shapes.dtype(value) ?? 'float16') === 'float16' && !shapes.holdsTensors(value);
