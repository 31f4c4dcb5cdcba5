/** Text that says what a node does by itself: operator, attributes, constants; no names, no neighbours. */
import { constantTensor } from '../ir/constants.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import type { Value } from '../ir/value.js';
import { attributeKey, attributesOf } from './attributes.js';

export interface Labels {
  /** All of it. */
  strict(node: Node): string;
  /** Operator and number of inputs and outputs: nodes that may be one another, changed. */
  loose(node: Node): string;
  /** Of a constant value; undefined of any other. */
  constant(value: Value): string | undefined;
}

/** @param keyOf equal for tensors that count as equal */
export function makeLabels(keyOf: (tensor: Tensor) => string): Labels {
  const strict = new Map<Node, string>();
  const constant = (value: Value) => {
    const tensor = constantTensor(value);
    return tensor && keyOf(tensor);
  };
  const make = (node: Node) => {
    const inputs = given(node.inputs).map((value) => (value ? (constant(value) ?? '.') : '_'));
    return [
      loose(node),
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

const loose = ({ opType, domain, inputs, outputs }: Node): string =>
  `${domain === 'ai.onnx' ? '' : domain}:${opType}/${given(inputs).length}/${given(outputs).length}`;

/** Without those at the end that are left out, which may be written or not. */
export const given = (values: readonly (Value | null)[]): readonly (Value | null)[] =>
  values.slice(0, values.findLastIndex((value) => value !== null) + 1);
