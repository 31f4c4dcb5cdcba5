/** Inputs and outputs of a model as Triton's configuration has them: types by its names, open sizes as -1. */
import { tritonShape, tritonType } from '../../../errors/index.js';
import type { Graph } from '../../../model/ir/graph.js';
import type { DataType, Dim } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';

/** DataType of model_config.proto, of those that its onnxruntime backend knows. */
const TYPES: Partial<Record<DataType, string>> = {
  bool: 'TYPE_BOOL',
  uint8: 'TYPE_UINT8',
  uint16: 'TYPE_UINT16',
  uint32: 'TYPE_UINT32',
  uint64: 'TYPE_UINT64',
  int8: 'TYPE_INT8',
  int16: 'TYPE_INT16',
  int32: 'TYPE_INT32',
  int64: 'TYPE_INT64',
  float16: 'TYPE_FP16',
  float32: 'TYPE_FP32',
  float64: 'TYPE_FP64',
  bfloat16: 'TYPE_BF16',
};

export interface Tensor {
  readonly name: string;
  /** TYPE_FP32 */
  readonly type: string;
  readonly shape: readonly Dim[];
}

/** @throws TRITON_TYPE, TRITON_SHAPE */
export function tensorOf({ name, type }: Value): Tensor {
  const tensor = type?.kind === 'tensor' ? type : undefined;
  const known = tensor && TYPES[tensor.elem];
  if (!known) throw tritonType(name, tensor?.elem ?? type?.kind ?? 'undefined');
  if (!tensor.shape) throw tritonShape(name);
  return { name, type: known, shape: tensor.shape };
}

/** What is fed. @throws TRITON_TYPE, TRITON_SHAPE */
export const inputsOf = (graph: Graph): Tensor[] =>
  graph.inputs.filter((value) => !value.initializer).map(tensorOf);

/** @throws TRITON_TYPE, TRITON_SHAPE */
export const outputsOf = (graph: Graph): Tensor[] => graph.outputs.map(tensorOf);

/** Triton has no tensors of no axes: a scalar is one of [1]. */
export const dimsOf = (shape: readonly Dim[], open = -1): number[] =>
  shape.length === 0 ? [1] : shape.map((dim) => (typeof dim === 'number' ? dim : open));
