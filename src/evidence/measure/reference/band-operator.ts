/**
 * A band for attention that is one operator: the operator once more, with a mask that hides the other
 * keys, by the input that it has for masks.
 */
import type { Graph } from '../../../model/ir/graph.js';
import { isStandard, type Node } from '../../../model/ir/node.js';
import { tensorType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { type BandMask, checkWindow, lowest, type Window } from './band.js';
import { innerName, maskName } from './names.js';
import { NoReference } from './no-reference.js';

/**
 * Adds a copy of the operator that makes a value, in which each query sees a band of keys.
 * @returns the counterpart of `mixed`, and the mask that has to be fed
 * @throws NoReference
 */
export function addBandedOperator(
  graph: Graph,
  shapes: ShapeTable,
  mixed: Value,
  window: Window,
): { banded: Value; mask: BandMask } {
  const node = mixed.producer;
  const place = node && maskPlace(node);
  if (!node || place === undefined)
    throw new NoReference(`nothing in the source model hides keys from "${mixed.name}"`);
  const tokens = tokensOf(node, shapes);
  checkWindow(window, tokens);
  const dims = [1, 1, tokens, tokens];
  const mask: BandMask = { name: maskName(dims, window), dims, tokens, window };
  const seen =
    graph.inputs.find((v) => v.name === mask.name) ??
    graph.addInput(mask.name, tensorType('bool', dims));
  const hiding = lowest(graph, shapes, node.inputs[0]!);
  const zero = graph.addNode({
    opType: 'Sub',
    inputs: [hiding, hiding],
    outputs: [innerName('zero')],
  }).output;
  const band = graph.addNode({
    opType: 'Where',
    inputs: [seen, zero, hiding],
    outputs: [innerName('band')],
  }).output;
  const own = node.inputs[place];
  if (own && shapes.dtype(own) === 'bool')
    throw new NoReference(`"${node.label}" in the source model has a mask that chooses keys`);
  const inputs = [...node.inputs];
  while (inputs.length < place) inputs.push(null);
  inputs[place] = own
    ? graph.addNode({ opType: 'Add', inputs: [own, band], outputs: [innerName('masked')] }).output
    : band;
  const { opType, domain } = node;
  const copy = graph.addNode({
    opType,
    domain,
    inputs,
    outputs: [innerName(mixed.name)],
    attributes: Object.fromEntries(node.attributes),
  });
  return { banded: copy.output, mask };
}

/** Which input is added to the scores. */
function maskPlace(node: Node): number | undefined {
  if (isStandard(node)) return node.opType === 'Attention' ? 3 : undefined;
  return ['Attention', 'MultiHeadAttention'].includes(node.opType) ? 5 : undefined;
}

/** The first operand is (batch, tokens, ...), or (batch, heads, tokens, size). */
function tokensOf(node: Node, shapes: ShapeTable): number {
  const shape = shapes.shape(node.inputs[0]!);
  const tokens = shape?.[shape.length === 4 ? 2 : 1]?.constant;
  if (tokens === undefined)
    throw new NoReference(
      `the number of tokens of "${node.label}" in the source model is not known`,
    );
  return tokens;
}
