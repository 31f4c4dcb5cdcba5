/**
 * What analyses and rewrites rely on, and loading does not ask for, since a file is kept as it is: standard
 * operators have the inputs that they cannot do without, which are read by their place, and tensors have
 * no negative sizes. onnxruntime refuses such models too. Operators that are not listed are not looked into.
 */
import { missingInput, missingOutput, negativeDimension } from '../../errors/index.js';
import { subgraphs } from './attribute.js';
import type { Graph } from './graph.js';
import { isStandard, type Node } from './node.js';
import type { Tensor } from './tensor.js';

/** By number of inputs; where versions of an operator differ, the smallest. */
const REQUIRED: readonly (readonly [number, string])[] = [
  [0, 'Constant RandomNormal RandomUniform'],
  [
    1,
    `Abs Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BitwiseNot Cast Ceil Celu Clip
    Concat ConstantOfShape Cos Cosh DepthToSpace Dropout Einsum Elu Erf Exp EyeLike Flatten Floor Gelu
    GlobalAveragePool GlobalLpPool GlobalMaxPool HardSigmoid HardSwish Hardmax Identity If IsInf IsNaN
    LRN LeakyRelu Log LogSoftmax LpNormalization LpPool Max MaxPool Mean MeanVarianceNormalization Min
    Mish Neg NonZero Not Pad RandomNormalLike RandomUniformLike Reciprocal ReduceL1 ReduceL2
    ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
    Reshape Resize Round Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign
    SpaceToDepth Split Sqrt Squeeze Sum Tan Tanh ThresholdedRelu TopK Transpose Trilu Unsqueeze Upsample`,
  ],
  [
    2,
    `Add And BitShift BitwiseAnd BitwiseOr BitwiseXor CastLike Conv ConvTranspose CumSum Div Equal
    Expand Gather GatherElements GatherND Gemm Greater GreaterOrEqual LayerNormalization Less
    LessOrEqual DequantizeLinear MatMul MatMulInteger Mod Mul Or Pow PRelu RMSNormalization Sub Tile Xor`,
  ],
  [
    3,
    'Attention GroupNormalization InstanceNormalization OneHot Range ScatterElements ScatterND Where',
  ],
  [5, 'BatchNormalization'],
];

/** The same for the com.microsoft operators that onnxruntime's optimizer writes. */
const REQUIRED_MICROSOFT: typeof REQUIRED = [
  [1, 'BiasSplitGelu FastGelu Gelu MultiHeadAttention QuickGelu'],
  [2, 'Attention BiasGelu FusedMatMul SkipSimplifiedLayerNormalization'],
  [3, 'BiasAdd GroupNorm SkipLayerNormalization'],
];

const byName = (table: typeof REQUIRED): ReadonlyMap<string, number> =>
  new Map(table.flatMap(([count, names]) => names.split(/\s+/).map((name) => [name, count])));

const STANDARD = byName(REQUIRED);
const MICROSOFT = byName(REQUIRED_MICROSOFT);

function requiredInputs(node: Node): number | undefined {
  if (isStandard(node)) return STANDARD.get(node.opType);
  return node.domain === 'com.microsoft' ? MICROSOFT.get(node.opType) : undefined;
}

/**
 * Checks a graph and the graphs inside it.
 * @throws GRAPH_MISSING_INPUT, GRAPH_MISSING_OUTPUT, TENSOR_DIMENSION
 */
export function checkRequirements(graph: Graph): void {
  for (const { initializer, name } of graph.initializers)
    if (initializer) checkDimensions(initializer, name);
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values())
      if (attribute.type === 'tensor') checkDimensions(attribute.value, node.label);
    for (const inner of subgraphs(node)) checkRequirements(inner);
    checkNode(node);
  }
}

function checkNode(node: Node): void {
  const required = requiredInputs(node);
  if (required === undefined) return;
  for (let index = 0; index < required; index++)
    if (!node.inputs[index]) throw missingInput(node, index, required);
  if (!node.outputs[0]) throw missingOutput(node);
}

/** @throws TENSOR_DIMENSION */
export function checkDimensions({ dims }: Tensor, name: string): void {
  const wrong = dims.find((dim) => dim < 0);
  if (wrong !== undefined) throw negativeDimension(name, wrong);
}
