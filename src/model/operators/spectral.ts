/** Fourier transforms. */
import { add, constant } from '../sizes/dim.js';
import { floorDivide } from '../sizes/divide.js';
import { type Operators, operator } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';

const REAL = 1;
const COMPLEX = 2;

/** By attribute before opset 20, else by an input; the last before real and imaginary parts where none is told, and before the second one. */
function axisOf(c: RuleContext, rank: number): number {
  const given = c.opset < 20 ? c.number('axis', 1) : c.has(2) ? c.constants(2)?.[0] : -2;
  return c.axis(given ?? c.fail('its axis is not known'), rank);
}

/** Real or complex by the last axis. One-sided ones keep the first half of the frequencies, and that of the middle. */
const fourier: Rule = (c) => {
  const input = c.shape(0);
  const axis = axisOf(c, input.length);
  const isOneSided = c.number('onesided', 0) === 1;
  const isInverse = c.number('inverse', 0) === 1;
  const given = c.has(1) ? c.integers(1)?.[0] : input[axis];
  const size = given ?? c.freshSize(axis);
  const half = isOneSided && !isInverse ? add(floorDivide(size, constant(2)), constant(1)) : size;
  const parts = constant(isOneSided && isInverse ? REAL : COMPLEX);
  const shape = input.with(axis, half).with(-1, parts);
  return { dtype: c.dtype(0), shape };
};

export const SPECTRAL: Operators = {
  DFT: operator({
    required: 1,
    defaults: { inverse: 0, onesided: 0 },
    shape: fourier,
    batch: 'along-axis',
    elements: 'computed',
  }),
};
