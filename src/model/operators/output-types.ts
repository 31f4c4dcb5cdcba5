/**
 * Element types of outputs whose shape could not be inferred: most operators hand on the type of their
 * first input, and this is the list of those that do not. A wrong type would make a model whose
 * inputs no engine accepts.
 */
import { attrNumber, attrTensor } from '../ir/attribute.js';
import type { Node } from '../ir/node.js';
import { type DataType, dataTypeFromCode } from '../ir/types.js';

/** Type of an output, by its place; `input` gives that of an input. */
type OutputType = (
  node: Node,
  output: number,
  input: (index: number) => DataType | undefined,
) => DataType | undefined;

const always =
  (type: DataType): OutputType =>
  () =>
    type;

const like =
  (index: number): OutputType =>
  (_, __, input) =>
    input(index);

const first = like(0);

/** The values are of the input's type, what lies behind them of another. */
const then =
  (type: DataType): OutputType =>
  (_, output, input) =>
    output === 0 ? input(0) : type;

const attribute =
  (name: string, otherwise: OutputType): OutputType =>
  (node, output, input) => {
    const code = attrNumber(node, name, 0);
    return code > 0 ? dataTypeFromCode(code) : otherwise(node, output, input);
  };

/** Statistics lie behind the values, of a type of their own. */
const normalized: OutputType = (node, output, input) =>
  output === 0 ? input(0) : attribute('stash_type', float32)(node, output, input);

/** Between the values and the sum that they are of lie statistics. */
const skipNormalized: OutputType = (_, output, input) =>
  output === 0 || output === 3 ? input(0) : 'float32';

/** What such a node makes follows from more than its inputs' types. */
const unknown: OutputType = () => undefined;

const bool = always('bool');
const int64 = always('int64');
const float32 = always('float32');

const OTHERS: Readonly<Record<string, OutputType>> = {
  And: bool,
  Or: bool,
  Xor: bool,
  Not: bool,
  Equal: bool,
  Greater: bool,
  GreaterOrEqual: bool,
  Less: bool,
  LessOrEqual: bool,
  IsInf: bool,
  IsNaN: bool,
  OptionalHasElement: bool,
  Shape: int64,
  Size: int64,
  NonZero: int64,
  ArgMax: int64,
  ArgMin: int64,
  SequenceLength: int64,
  NonMaxSuppression: int64,
  MaxPool: then('int64'),
  TopK: then('int64'),
  Unique: then('int64'),
  Dropout: then('bool'),
  Cast: attribute('to', unknown),
  CastLike: like(1),
  Where: like(1),
  OneHot: like(2),
  EyeLike: attribute('dtype', first),
  RandomNormalLike: attribute('dtype', first),
  RandomUniformLike: attribute('dtype', first),
  Bernoulli: attribute('dtype', first),
  RandomNormal: attribute('dtype', float32),
  RandomUniform: attribute('dtype', float32),
  Multinomial: attribute('dtype', always('int32')),
  HannWindow: attribute('output_datatype', float32),
  HammingWindow: attribute('output_datatype', float32),
  BlackmanWindow: attribute('output_datatype', float32),
  Constant: unknown,
  ConstantOfShape: (node) => attrTensor(node, 'value')?.dtype ?? 'float32',
  QuantizeLinear: (node, output, input) =>
    input(2) ?? attribute('output_dtype', always('uint8'))(node, output, input),
  DequantizeLinear: attribute('output_dtype', like(1)),
  DynamicQuantizeLinear: (_, output) => (output === 1 ? 'float32' : 'uint8'),
  MatMulInteger: always('int32'),
  ConvInteger: always('int32'),
  QLinearMatMul: like(7),
  QLinearConv: like(7),
  BatchNormalization: (_, output, input) => input(output === 0 ? 0 : 3),
  LayerNormalization: normalized,
  SimplifiedLayerNormalization: normalized,
  If: unknown,
  Loop: unknown,
  Scan: unknown,
  // com.microsoft
  MatMulIntegerToFloat: like(2),
  SkipLayerNormalization: skipNormalized,
  SkipSimplifiedLayerNormalization: skipNormalized,
};

/**
 * The element type of an output, as far as the operator and the types of its inputs say. To be asked of
 * operators that have a shape rule; no two of them share a name and differ in this.
 */
export const outputType: OutputType = (node, output, input) =>
  ((Object.hasOwn(OTHERS, node.opType) && OTHERS[node.opType]) || first)(node, output, input);
