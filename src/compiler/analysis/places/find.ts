/**
 * Follows the axes of a graph's inputs through it: of each axis of each value, which places of which
 * inputs lie along it. Where an operator is not followed, or axes mix, that is left open.
 */
import type { Graph } from '../../../model/ir/graph.js';
import type { Node } from '../../../model/ir/node.js';
import { topologicalOrder } from '../../../model/ir/order.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { type Along, unknownAlong } from './along.js';
import { flowOf, type Known, type PlacesStep } from './through.js';

/** What lies along each axis of a value; none of a value of unknown rank. */
export type Places = ReadonlyMap<Value, readonly Along[]>;

/** Costs one walk over the graph. */
export function findPlaces(graph: Graph, shapes: ShapeTable): Places {
  const places = new Map<Value, readonly Along[]>();
  for (const input of graph.inputs) {
    const sizes = shapes.shape(input);
    if (!sizes) continue;
    const axes = sizes.map((size, axis): Along => [[{ size, of: { input, axis }, isWhole: true }]]);
    places.set(input, axes);
  }
  for (const node of topologicalOrder(graph)) {
    const inputs = node.inputs.map((value) => known(value, places, shapes));
    // what is made of constants and sizes has no place of an input
    if (!inputs.some((input) => input && places.has(input.value))) continue;
    const step: PlacesStep = { node, inputs, shapes };
    for (const output of outputsOf(node)) {
      const sizes = shapes.shape(output);
      if (sizes) places.set(output, flowOf(node)(step, sizes, output));
    }
  }
  return places;
}

const outputsOf = (node: Node): Value[] => node.outputs.filter((value) => value !== null);

function known(value: Value | null, places: Places, shapes: ShapeTable): Known | undefined {
  const sizes = value ? shapes.shape(value) : undefined;
  if (!value || !sizes) return undefined;
  return { value, sizes, axes: places.get(value) ?? sizes.map(unknownAlong) };
}
