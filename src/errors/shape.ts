/** Errors about sizes: what a user asks to fix, and what does not fit the model. */
import { StepfoldError } from './base.js';
import { didYouMean } from './nearest.js';

const list = (names: readonly string[]) =>
  names.length > 0 ? names.map((n) => `"${n}"`).join(', ') : 'none';

export const unknownInput = (name: string, known: readonly string[]) =>
  new StepfoldError('SHAPE_UNKNOWN_INPUT', `The model has no input "${name}".`, {
    value: name,
    data: { known },
    hint: `${didYouMean(name, known)}Its inputs: ${list(known)}.`,
  });

export const notATensor = (name: string) =>
  new StepfoldError('SHAPE_NOT_A_TENSOR', `The input "${name}" is not a tensor.`, {
    value: name,
    hint: 'Only the shapes of tensors can be fixed.',
  });

export const invalidSize = (what: string, size: number) =>
  new StepfoldError('SHAPE_INVALID_SIZE', `${size} is not a size for ${what}.`, {
    value: what,
    hint: 'Sizes are whole numbers of at least 1.',
  });

export const rankMismatch = (
  name: string,
  given: readonly (number | null)[],
  declared: readonly (string | number | null)[],
) =>
  new StepfoldError(
    'SHAPE_RANK_MISMATCH',
    `The input "${name}" has ${declared.length} axes, (${declared.map((d) => d ?? '?').join(', ')}), but ${given.length} sizes are given: ${given.map((d) => d ?? '?').join('x')}.`,
    { value: name, data: { given, declared }, hint: `Give ${declared.length} sizes.` },
  );

export const sizeConflict = (name: string, axis: number, given: number, declared: string) =>
  new StepfoldError(
    'SHAPE_CONFLICT',
    `Axis ${axis} of the input "${name}" is ${declared} in the model, so it cannot be ${given}.`,
    { value: name, data: { axis, given, declared }, hint: 'Give sizes that agree with the model.' },
  );

export const symbolConflict = (symbol: string, first: number, second: number) =>
  new StepfoldError(
    'SHAPE_CONFLICT',
    `The symbol "${symbol}" would have to be both ${first} and ${second}.`,
    {
      value: symbol,
      data: { first, second },
      hint: 'Axes that share a symbol in the model have the same size.',
    },
  );

export const unknownSymbol = (symbol: string, known: readonly string[]) =>
  new StepfoldError('SHAPE_UNKNOWN_SYMBOL', `No input of the model has a size "${symbol}".`, {
    value: symbol,
    data: { known },
    hint: `${didYouMean(symbol, known)}Its symbolic sizes: ${list(known)}.`,
  });
