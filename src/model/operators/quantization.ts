/** Quantized tensors: ONNX's linear quantization, and products of integers. */
import { dataTypeFromCode } from '../ir/types.js';
import { convolve } from './convolution.js';
import { matMulShape } from './product.js';
import type { Rule } from './rules/context.js';

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

export const QUANTIZATION: Readonly<Record<string, Rule>> = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  MatMulInteger: matMulInteger,
  ConvInteger: convInteger,
  QLinearMatMul: qLinearMatMul,
  QLinearConv: qLinearConv,
};
