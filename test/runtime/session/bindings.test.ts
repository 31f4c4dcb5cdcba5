/** Which change of a feed's shape concerns which state. */
import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import type { Port, Shape } from '../../../src/runtime/schedule/index.js';
import { bind, changedSymbol } from '../../../src/runtime/session/bindings.js';

const INPUTS: Port[] = [
  { name: 'sample', type: 'float32', shape: ['batch', 4, 'height', null] },
  { name: 'steps', type: 'float32', shape: ['steps'] },
];
const zeros = (dims: number[]) =>
  new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
const at = (sample: number[], steps: number) =>
  bind(INPUTS, { sample: zeros(sample), steps: zeros([steps]) });

describe('bindings', () => {
  it('names a dimension without a symbol by its place', () => {
    expect(Object.fromEntries(at([2, 4, 8, 6], 1))).toEqual({
      batch: 2,
      height: 8,
      'sample[3]': 6,
      steps: 1,
    });
  });

  it('takes the first input at its word where two disagree, as one of 1 that is broadcast', () => {
    const inputs: Port[] = [
      { name: 'sample', type: 'float32', shape: ['batch', 4] },
      { name: 'context', type: 'float32', shape: ['batch', 7] },
    ];
    const bindings = bind(inputs, { sample: zeros([3, 4]), context: zeros([1, 7]) });
    expect(Object.fromEntries(bindings)).toEqual({ batch: 3 });
  });

  const before = at([1, 4, 8, 6], 1);
  const cases: [string, Shape, ReturnType<typeof at>, string | undefined][] = [
    ['the symbol itself', ['batch', 8], at([2, 4, 8, 6], 1), 'batch'],
    ['a symbol within an expression', [1, 'floor(height/2)'], at([1, 4, 16, 6], 1), 'height'],
    ['a symbol that the state does not depend on', ['batch', 8], at([1, 4, 16, 6], 1), undefined],
    ['fixed shapes', [1, 8], at([2, 4, 16, 6], 9), undefined],
    ['an unknown dimension: anything may matter', [1, null], at([1, 4, 8, 7], 1), 'sample[3]'],
    ['an unrelated symbol: anything may matter', ['u0', 1], at([2, 4, 8, 6], 1), 'batch'],
  ];
  it.each(cases)('%s', (_name, shape, now, changed) => {
    expect(changedSymbol(shape, before, now)).toBe(changed);
  });
});
