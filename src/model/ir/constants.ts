/** What is constant in a graph: initializers that no caller can override, and Constant nodes. */
import { attrNumber, attrNumbers, attrTensor } from './attribute.js';
import { isOp, type Node } from './node.js';
import { float32Tensor, int64Tensor, type Tensor } from './tensor.js';
import type { Value } from './value.js';

/** The tensor of a constant value; undefined for everything computed or fed. Reads no data. */
export function constantTensor(value: Value | null | undefined): Tensor | undefined {
  if (!value) return undefined;
  // an initializer that is also an input is a default the caller may override
  if (value.initializer) return value.isGraphInput ? undefined : value.initializer;
  return isOp(value.producer, 'Constant') ? constantNodeTensor(value.producer) : undefined;
}

/** The tensor of a Constant node, in any of the forms ONNX allows but strings and sparse tensors. */
export function constantNodeTensor(node: Node): Tensor | undefined {
  const tensor = attrTensor(node, 'value');
  if (tensor) return tensor;
  const one = node.attributes.get('value_int') ?? node.attributes.get('value_float');
  if (one?.type === 'int') return int64Tensor([one.value], []);
  if (one?.type === 'float') return float32Tensor([attrNumber(node, 'value_float', 0)], []);
  const many = node.attributes.get('value_ints') ?? node.attributes.get('value_floats');
  if (many?.type === 'ints') return int64Tensor(many.value);
  if (many?.type === 'floats') return float32Tensor(attrNumbers(node, 'value_floats') ?? []);
  return undefined;
}

/**
 * Type and sizes of what the file itself holds: an initializer, also one that the caller may override or that
 * is sparse, or a Constant node.
 */
export function storedTensor(value: Value): Pick<Tensor, 'dtype' | 'dims'> | undefined {
  const tensor = value.initializer ?? constantTensor(value);
  if (tensor || !value.graph.sparseInitializers.has(value)) return tensor;
  const { type } = value;
  const isKnown = type?.kind === 'tensor' && type.shape?.every((size) => typeof size === 'number');
  return isKnown ? { dtype: type.elem, dims: type.shape as readonly number[] } : undefined;
}
