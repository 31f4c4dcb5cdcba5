/** Text that says what a node does by itself: operator, attributes, constants; no names, no neighbours. */
import { constantTensor } from '../ir/constants.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import type { Value } from '../ir/value.js';
import { attributeKey, attributesOf, messageText } from './attributes.js';

export interface Labels {
  /** All of it. */
  strict(node: Node): string;
  /** The operator alone: nodes that may be one another, changed. */
  loose(node: Node): string;
  /** Of a constant value; undefined of any other. */
  constant(value: Value): string | undefined;
}

/** @param keyOf equal for tensors that count as equal */
export function makeLabels(keyOf: (tensor: Tensor) => string): Labels {
  const strict = new Map<Node, string>();
  const constant = (value: Value) => {
    const tensor = constantTensor(value);
    return tensor ? keyOf(tensor) : sparseKey(value);
  };
  const make = (node: Node) => {
    const inputs = given(node.inputs).map((value) => (value ? (constant(value) ?? '.') : '_'));
    return [
      `${loose(node)}/${inputs.length}/${given(node.outputs).length}`,
      ...attributesOf(node).map(([name, value]) => `${name}=${attributeKey(value, keyOf)}`),
      ...inputs,
    ].join('\n');
  };
  return {
    constant,
    loose,
    strict(node) {
      const label = strict.get(node) ?? make(node);
      strict.set(node, label);
      return label;
    },
  };
}

const loose = ({ opType, domain }: Node): string =>
  `${domain === 'ai.onnx' ? '' : domain}:${opType}`;

/** Of a sparse initializer, which the graph carries as the file has it, but for its name. */
function sparseKey(value: Value): string | undefined {
  const message = value.graph.sparseInitializers.get(value);
  if (!message) return undefined;
  const text = messageText(message, ['name']);
  // large data are left where they lie, and what they are cannot be told from here
  return text.includes('"rawRange"') ? undefined : text;
}

/** Without those at the end that are left out, which may be written or not. */
export const given = (values: readonly (Value | null)[]): readonly (Value | null)[] =>
  values.slice(0, values.findLastIndex((value) => value !== null) + 1);
