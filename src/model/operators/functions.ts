/** Functions of one number, done to each element: what activations are made of. */
import { elementwise, type Operator, type Operators } from './operator.js';
import { sameAsFirst } from './rules/same.js';

const each = (facets: Partial<Operator> = {}) => elementwise(1, sameAsFirst, facets);

export const FUNCTIONS: Operators = {
  Round: each(),
  Sign: each(),
  Reciprocal: each(),
  Exp: each(),
  Log: each(),
  Sin: each(),
  Cos: each(),
  Tan: each(),
  Asin: each(),
  Acos: each(),
  Atan: each(),
  Sinh: each(),
  Cosh: each(),
  Tanh: each(),
  Asinh: each(),
  Acosh: each(),
  Atanh: each(),
  Erf: each(),
  Sigmoid: each(),
  HardSigmoid: each({ defaults: { alpha: 0.2, beta: 0.5 } }),
  HardSwish: each(),
  Relu: each(),
  LeakyRelu: each({ defaults: { alpha: 0.01 } }),
  ThresholdedRelu: each({ defaults: { alpha: 1 } }),
  Elu: each({ defaults: { alpha: 1 } }),
  Selu: each(),
  Celu: each({ defaults: { alpha: 1 } }),
  Gelu: each({ defaults: { approximate: 'none' } }),
  Mish: each(),
  Softplus: each(),
  Softsign: each(),
  Shrink: each({ defaults: { bias: 0, lambd: 0.5 } }),
};
