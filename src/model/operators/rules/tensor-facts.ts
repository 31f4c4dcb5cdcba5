/** Facts of a constant tensor. Elements are read only from memory or the model file, and few at that. */
import type { Tensor } from '../../ir/tensor.js';
import { readBigInts } from '../../ir/tensor.js';
import { constant } from '../../sizes/dim.js';
import { readSmall } from './context.js';
import {
  type Facts,
  type Fraction,
  fromFloat,
  isFloat,
  isInteger,
  MAX_CONTENTS,
  whole,
} from './facts.js';

/** Float tensors beyond this are weights and tables. */
const MAX_FLOATS = 16;

export function tensorFacts(tensor: Tensor): Facts {
  return {
    dtype: tensor.dtype,
    shape: tensor.dims.map((d) => constant(d)),
    contents: elementsOf(tensor),
  };
}

function elementsOf(tensor: Tensor): readonly Fraction[] | undefined {
  if (isFloat(tensor.dtype)) {
    const numbers = readSmall(tensor, MAX_FLOATS);
    const fractions = numbers?.map(fromFloat);
    return fractions?.every((f) => f !== undefined) ? (fractions as Fraction[]) : undefined;
  }
  if (!isInteger(tensor.dtype) && tensor.dtype !== 'bool') return undefined;
  if (!readSmall(tensor, MAX_CONTENTS)) return undefined;
  return readBigInts(tensor).map(whole);
}
