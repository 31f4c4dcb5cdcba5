/**
 * Attributes that say what holds without them: some exporters write them out, others do not. Only defaults
 * that are the same in every version of an operator.
 *
 * Source: the ONNX operator reference.
 */
import type { AttributeValue } from '../ir/attribute.js';
import { isStandard, type Node } from '../ir/node.js';

type Default = number | string | readonly [number];

const AXIS = { axis: 0 };
const NORM = { epsilon: 1e-5, stash_type: 1 };
const REDUCE = { keepdims: 1, noop_with_empty_axes: 0 };
const WINDOWS = { auto_pad: 'NOTSET', pads: [0], strides: [1], dilations: [1] } as const;
const CONV = { ...WINDOWS, group: 1 } as const;

const DEFAULTS: Readonly<Record<string, Readonly<Record<string, Default>>>> = {
  ArgMax: { ...AXIS, keepdims: 1, select_last_index: 0 },
  ArgMin: { ...AXIS, keepdims: 1, select_last_index: 0 },
  Attention: { is_causal: 0, qk_matmul_output_mode: 0, softcap: 0 },
  AveragePool: { ...WINDOWS, ceil_mode: 0, count_include_pad: 0 },
  Cast: { saturate: 1 },
  CastLike: { saturate: 1 },
  Conv: CONV,
  ConvInteger: CONV,
  ConvTranspose: { ...CONV, output_padding: [0] },
  CumSum: { exclusive: 0, reverse: 0 },
  DepthToSpace: { mode: 'DCR' },
  DequantizeLinear: { axis: 1 },
  Elu: { alpha: 1 },
  Flatten: { axis: 1 },
  Gather: AXIS,
  GatherElements: AXIS,
  GatherND: { batch_dims: 0 },
  Gelu: { approximate: 'none' },
  Gemm: { alpha: 1, beta: 1, transA: 0, transB: 0 },
  GroupNormalization: NORM,
  HardSigmoid: { alpha: 0.2, beta: 0.5 },
  InstanceNormalization: { epsilon: 1e-5 },
  LayerNormalization: { ...NORM, axis: -1 },
  LeakyRelu: { alpha: 0.01 },
  LpNormalization: { axis: -1, p: 2 },
  MaxPool: { ...WINDOWS, ceil_mode: 0, storage_order: 0 },
  Mod: { fmod: 0 },
  OneHot: { axis: -1 },
  Pad: { mode: 'constant' },
  QLinearConv: CONV,
  QuantizeLinear: { axis: 1, saturate: 1 },
  ReduceL1: REDUCE,
  ReduceL2: REDUCE,
  ReduceLogSum: REDUCE,
  ReduceLogSumExp: REDUCE,
  ReduceMax: REDUCE,
  ReduceMean: REDUCE,
  ReduceMin: REDUCE,
  ReduceProd: REDUCE,
  ReduceSum: REDUCE,
  ReduceSumSquare: REDUCE,
  Reshape: { allowzero: 0 },
  Resize: {
    antialias: 0,
    coordinate_transformation_mode: 'half_pixel',
    cubic_coeff_a: -0.75,
    exclude_outside: 0,
    extrapolation_value: 0,
    keep_aspect_ratio_policy: 'stretch',
    mode: 'nearest',
    nearest_mode: 'round_prefer_floor',
  },
  RMSNormalization: { ...NORM, axis: -1 },
  ScatterElements: { ...AXIS, reduction: 'none' },
  ScatterND: { reduction: 'none' },
  Shape: { start: 0 },
  Split: AXIS,
  ThresholdedRelu: { alpha: 1 },
  TopK: { axis: -1, largest: 1, sorted: 1 },
  Trilu: { upper: 1 },
  Upsample: { mode: 'nearest' },
};

const utf8 = new TextDecoder();

/** Would the node do the same without it? */
export function isDefault(node: Node, name: string, attribute: AttributeValue): boolean {
  if (!isStandard(node) || !Object.hasOwn(DEFAULTS, node.opType)) return false;
  const defaults = DEFAULTS[node.opType]!;
  const value = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
  if (value === undefined) return false;
  switch (attribute.type) {
    case 'int':
      return Number(attribute.value) === value;
    case 'float':
      return typeof value === 'number' && Math.fround(attribute.value) === Math.fround(value);
    case 'string':
      return utf8.decode(attribute.value) === value;
    case 'ints':
      return Array.isArray(value) && attribute.value.every((each) => Number(each) === value[0]);
    default:
      return false;
  }
}
