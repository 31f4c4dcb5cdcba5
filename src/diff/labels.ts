/** Text that says what a node does by itself: operator, attributes, constants; no names, no neighbours. */
import type { AttributeValue } from '../ir/attribute.js';
import { constantTensor } from '../ir/constants.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import type { Value } from '../ir/value.js';
import { tensorKey } from './contents.js';

export interface Labels {
  /** All of it. */
  strict(node: Node): string;
  /** Operator and number of inputs and outputs: nodes that may be one another, changed. */
  loose(node: Node): string;
  /** Of a constant value; undefined of any other. */
  constant(value: Value): string | undefined;
}

export function makeLabels(): Labels {
  const tensors = new Map<Tensor, string>();
  const strict = new Map<Node, string>();
  const keyOf = (tensor: Tensor) => {
    const key = tensors.get(tensor) ?? tensorKey(tensor);
    tensors.set(tensor, key);
    return key;
  };
  const constant = (value: Value) => {
    const tensor = constantTensor(value);
    return tensor && keyOf(tensor);
  };
  const make = (node: Node) => {
    const inputs = node.inputs.map((value) => (value ? (constant(value) ?? '.') : '_'));
    return [
      loose(node),
      ...attributesOf(node).map(([name, value]) => `${name}=${attributeText(value, keyOf)}`),
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

const loose = ({ opType, domain, inputs, outputs }: Node): string =>
  `${domain === 'ai.onnx' ? '' : domain}:${opType}/${inputs.length}/${outputs.length}`;

/** In the order of their names. */
export const attributesOf = (node: Node): (readonly [string, AttributeValue])[] =>
  [...node.attributes].sort(([a], [b]) => (a < b ? -1 : 1));

/** Graphs are looked into node by node, so here they are all alike. */
export function attributeText(attribute: AttributeValue, keyOf = tensorKey): string {
  switch (attribute.type) {
    case 'tensor':
      return keyOf(attribute.value);
    case 'tensors':
      return attribute.value.map(keyOf).join(';');
    case 'string':
      return text.decode(attribute.value);
    case 'strings':
      return attribute.value.map((value) => text.decode(value)).join(';');
    case 'graph':
    case 'graphs':
      return 'graph';
    case 'opaque':
      return JSON.stringify(attribute.value, (_, v) => (typeof v === 'bigint' ? String(v) : v));
    default:
      return String(attribute.value);
  }
}

const text = new TextDecoder();
