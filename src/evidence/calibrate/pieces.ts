/**
 * The models that the segment search runs, cut from the instrumented graph: one for each segment with
 * every site computed, and one for each mode of each site that makes or keeps something of its own.
 */

import { dropUnusedInputs } from '../../compiler/lower/outputs.js';
import { constantTensor } from '../../model/ir/constants.js';
import { extract } from '../../model/ir/extract.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { nodeDependencies } from '../../model/ir/order.js';
import { removeDeadNodes } from '../../model/ir/prune.js';
import type { ValueType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';

/** A model with the values of the instrumented graph that it takes and gives, under their names. */
export interface Piece {
  readonly model: Model;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Nodes of the instrumented graph that it runs. */
  readonly nodes: ReadonlySet<Node>;
}

export interface PieceSource {
  readonly model: Model;
  readonly typeOf: (value: Value) => ValueType | undefined;
}

/** What nodes read from outside, weights and small constants aside: these are copied. */
export function inputsOf(nodes: ReadonlySet<Node>): Set<Value> {
  const inputs = new Set<Value>();
  for (const node of nodes)
    for (const value of nodeDependencies(node)) {
      const outside = value.producer ? !nodes.has(value.producer) : !value.initializer;
      if (outside && !constantTensor(value)) inputs.add(value);
    }
  return inputs;
}

/** @param wanted what is needed of the nodes elsewhere */
export function segmentPiece(
  source: PieceSource,
  name: string,
  nodes: ReadonlySet<Node>,
  wanted: ReadonlySet<Value>,
): Piece {
  const inputs = [...inputsOf(nodes)];
  const outputs = [...nodes].flatMap((node) =>
    node.outputs.filter((value): value is Value => value !== null && wanted.has(value)),
  );
  declareTypes(source, [...inputs, ...outputs]);
  const { model } = extract(source.model, { name, inputs, outputs });
  return { model, inputs, outputs, nodes };
}

/**
 * What a site makes and keeps in one mode, from values at the borders of segments.
 * @param borders where to stop
 * @param instead what stands for a value in this mode
 * @param wanted the site's values, and those to keep
 * @returns undefined when all that is wanted is at the borders already
 */
export function modePiece(
  source: PieceSource,
  name: string,
  borders: readonly Value[],
  instead: ReadonlyMap<Value, Value>,
  wanted: readonly Value[],
): Piece | undefined {
  const given = new Set(borders);
  const outputs = [...new Set(wanted.map((value) => actual(value, instead)))].filter(
    (value) => !given.has(value),
  );
  if (outputs.length === 0) return undefined;
  const replaced = [...instead.keys()];
  const made = [...instead.values()];
  declareTypes(source, [...borders, ...outputs]);
  const stops = borders.filter((value) => !instead.has(value));
  const { model, map } = extract(source.model, {
    name,
    inputs: [...stops, ...replaced],
    outputs: [...outputs, ...made],
  });
  const { graph } = model;
  graph.filterOutputs((_, index) => index < outputs.length);
  for (const [value, other] of instead) {
    const input = map.values.get(value);
    if (!input || !graph.inputs.includes(input)) continue;
    graph.replaceUses(input, map.values.get(other)!);
    graph.removeInput(input);
  }
  removeDeadNodes(graph);
  dropUnusedInputs(graph, new Set());
  const left = new Set(graph.inputs);
  return {
    model,
    inputs: stops.filter((value) => left.has(map.values.get(value)!)),
    outputs,
    nodes: new Set([...map.nodes].flatMap(([node, copy]) => (graph.nodes.has(copy) ? [node] : []))),
  };
}

/** What really stands for a value in a mode. */
export function actual(value: Value, instead: ReadonlyMap<Value, Value>): Value {
  return instead.get(value) ?? value;
}

/** The engine must know the types of a model's inputs. */
function declareTypes({ typeOf }: PieceSource, values: readonly Value[]): void {
  for (const value of values) value.type ??= typeOf(value);
}
