/** Functions of one number, done to each element: what activations are made of. */
import { elementwise, type Operator, type Operators } from './operator.js';
import { sameAsFirst } from './rules/same.js';

const each = (facets: Partial<Operator> = {}) => elementwise(1, sameAsFirst, facets);

const UNKNOWN_BATCH = { batch: 'unknown' } as const;

export const FUNCTIONS: Operators = {
  Round: each(),
  Sign: each(),
  Reciprocal: each(),
  Exp: each(),
  Log: each(),
  Sin: each(),
  Cos: each(),
  Tan: each(UNKNOWN_BATCH),
  Asin: each(UNKNOWN_BATCH),
  Acos: each(UNKNOWN_BATCH),
  Atan: each(UNKNOWN_BATCH),
  Sinh: each(UNKNOWN_BATCH),
  Cosh: each(UNKNOWN_BATCH),
  Tanh: each(),
  Asinh: each(UNKNOWN_BATCH),
  Acosh: each(UNKNOWN_BATCH),
  Atanh: each(UNKNOWN_BATCH),
  Erf: each(),
  Sigmoid: each(),
  HardSigmoid: each({ defaults: { alpha: 0.2, beta: 0.5 } }),
  HardSwish: each(),
  Relu: each(),
  LeakyRelu: each({ defaults: { alpha: 0.01 } }),
  ThresholdedRelu: each({ defaults: { alpha: 1 }, ...UNKNOWN_BATCH }),
  Elu: each({ defaults: { alpha: 1 } }),
  Selu: each(UNKNOWN_BATCH),
  Celu: each({ defaults: { alpha: 1 }, ...UNKNOWN_BATCH }),
  Gelu: each({ defaults: { approximate: 'none' } }),
  Mish: each(UNKNOWN_BATCH),
  Softplus: each(),
  Softsign: each(UNKNOWN_BATCH),
  Shrink: each({ defaults: { bias: 0, lambd: 0.5 }, ...UNKNOWN_BATCH }),
};
