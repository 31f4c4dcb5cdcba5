/** Small questions that the rules ask about a node's inputs and outputs. */
import { constantTensor } from '../../../model/ir/constants.js';
import type { Node } from '../../../model/ir/node.js';
import { elementCount, type Tensor } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import { uniformConstant } from '../../canonicalize/tensors.js';

/** The one node that reads a value, when nothing else does and it is no output of the graph. */
export function soleUser(value: Value): Node | undefined {
  if (value.uses.size !== 1) return undefined;
  // none where the one use is an output of the graph
  const [user] = value.users;
  // a value that only a graph inside a node reads stays where it is
  return user?.graph === value.graph ? user : undefined;
}

/** The single number that a constant holds, whatever its rank. */
export function scalarConstant(value: Value | null | undefined): number | undefined {
  const tensor = constantTensor(value);
  return tensor && elementCount(tensor.dims) === 1 ? uniformConstant(value) : undefined;
}

/** The two inputs of a commutative operator, the one that is a constant second. */
export function withConstant(
  node: Node,
): { readonly value: Value; readonly constant: Tensor } | undefined {
  for (const [a, b] of [[0, 1] as const, [1, 0] as const]) {
    const value = node.inputs[a];
    const constant = constantTensor(node.inputs[b]);
    if (value && constant && !constantTensor(value)) return { value, constant };
  }
  return undefined;
}
