/** Quantized tensors: ONNX's linear quantization, and products of integers. */
import { dataTypeFromCode } from '../ir/types.js';
import { toDim } from '../sizes/dim.js';
import { CONVOLUTION_DEFAULTS, convolve } from './convolution.js';
import {
  type BatchFlow,
  type Operator,
  type Operators,
  operator,
  type Product,
  product,
} from './operator.js';
import { matMul, matMulShape } from './product.js';
import type { Rule } from './rules/context.js';
import { convolutionMacs, matrixMacs } from './rules/macs.js';
import { always, byAttribute, like, type OutputType } from './rules/types.js';

/** The zero point tells the type; without one the attribute does, or it is uint8. */
const quantizeLinear: Rule = (c) => {
  const asked = c.number('output_dtype', 0);
  const dtype = c.dtype(2) ?? (asked > 0 ? dataTypeFromCode(asked) : 'uint8');
  return { dtype, shape: c.shape(0) };
};

const dequantizeLinear: Rule = (c) => ({ dtype: c.dtype(1), shape: c.shape(0) });

const dynamicQuantizeLinear: Rule = (c) => [
  { dtype: 'uint8', shape: c.shape(0) },
  { dtype: 'float32', shape: [] },
  { dtype: 'uint8', shape: [] },
];

const matMulInteger: Rule = (c) => ({
  dtype: 'int32',
  shape: matMulShape(c, c.shape(0), c.shape(1)),
});

const convInteger: Rule = (c) => ({ dtype: 'int32', shape: convolve(c, c.shape(0), c.shape(1)) });

/** Operands, each with scale and zero point: a 0 to 2, b 3 to 5, the result's scale and zero point 6, 7. */
const qLinearMatMul: Rule = (c) => ({
  dtype: c.dtype(7),
  shape: matMulShape(c, c.shape(0), c.shape(3)),
});

const qLinearConv: Rule = (c) => ({
  dtype: c.dtype(7),
  shape: convolve(c, c.shape(0), c.shape(3)),
});

/** A weight in blocks of few bits, (N, blocks, bytes of a block), over (..., K). */
const matMulNBits: Rule = (c) => {
  const columns = c.number('N') ?? c.fail('its attribute N is missing');
  return { dtype: c.dtype(0), shape: [...c.shape(0).slice(0, -1), toDim(columns)] };
};

/** Integers in, floats out; the scale of the first operand tells the type. */
const matMulIntegerToFloat: Rule = (c) => ({
  dtype: c.dtype(2),
  shape: matMulShape(c, c.shape(0), c.shape(1)),
});

const typeOfQuantized: OutputType = (node, output, input) =>
  input(2) ?? byAttribute('output_dtype', always('uint8'))(node, output, input);

const STEPS = { batch: 'scaled', elements: 'quantized' } as const;

const integers = (
  shape: Rule,
  macs: Product['macs'],
  batch: BatchFlow,
  facets: Partial<Operator> = {},
) => product(macs, { required: 2, shape, batch, types: always('int32'), ...facets });

const LINEAR = { types: like(7) };

export const QUANTIZATION: Operators = {
  QuantizeLinear: operator({
    required: 2,
    defaults: { axis: 1, block_size: 0, output_dtype: 0, precision: 0, saturate: 1 },
    shape: quantizeLinear,
    types: typeOfQuantized,
    ...STEPS,
  }),
  DequantizeLinear: operator({
    required: 2,
    defaults: { axis: 1, block_size: 0, output_dtype: 0 },
    shape: dequantizeLinear,
    types: byAttribute('output_dtype', like(1)),
    ...STEPS,
  }),
  DynamicQuantizeLinear: operator({
    required: 1,
    shape: dynamicQuantizeLinear,
    types: (_, output) => (output === 1 ? 'float32' : 'uint8'),
    ...STEPS,
    // one scale for the whole tensor
    batch: 'together',
  }),
  MatMulInteger: integers(matMulInteger, matrixMacs, 'matrix-product'),
  ConvInteger: integers(convInteger, convolutionMacs(), 'outermost', {
    defaults: CONVOLUTION_DEFAULTS,
  }),
  QLinearMatMul: product(
    matrixMacs,
    { required: 8, shape: qLinearMatMul, batch: 'matrix-product', ...LINEAR },
    [0, 3],
  ),
  QLinearConv: product(
    convolutionMacs(3),
    {
      required: 8,
      defaults: CONVOLUTION_DEFAULTS,
      shape: qLinearConv,
      batch: 'outermost',
      ...LINEAR,
    },
    [0, 3],
  ),
};

export const MICROSOFT_QUANTIZATION: Operators = {
  QuantizeLinear: operator({
    required: 2,
    shape: quantizeLinear,
    types: typeOfQuantized,
    ...STEPS,
  }),
  DequantizeLinear: operator({
    required: 2,
    shape: dequantizeLinear,
    types: byAttribute('output_dtype', like(1)),
    ...STEPS,
  }),
  MatMulIntegerToFloat: product(matrixMacs, {
    required: 4,
    shape: matMulIntegerToFloat,
    types: like(2),
    batch: 'unknown',
  }),
  DynamicQuantizeMatMul: product(matrixMacs, { required: 3, shape: matMul, batch: 'together' }),
  MatMulNBits: product(matrixMacs, { required: 3, shape: matMulNBits, batch: 'rows' }),
};
