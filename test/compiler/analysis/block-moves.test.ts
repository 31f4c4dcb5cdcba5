/** What a value was before it was moved, cut up and put together again. */
import { describe, expect, it } from 'vitest';
import { beforeMoves } from '../../../src/compiler/analysis/blocks/moves.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

describe('before its moves', () => {
  const NUMBERS = ['from', 'none', 'two', 'four', 'six', 'all', 'one', 'minus', 'back']
    .map((name, i) => `int64[1] ${name} = {${[2, 0, 2, 4, 6, 99, 1, -2, -2][i]}}`)
    .join(', ');
  const chain = (body: string, x = '[1, 6, 4]') => {
    const model = modelOf(
      `g (float${x} x, float[1, 6, 4] t, int64[1] fed) => (float q) <${NUMBERS}, int64[2] halves = {2, 4},
        int64[3] thirds = {1, 2, 3}, int64[2] flat = {6, 4}, int64[2] axes = {1, 2}, int64[2] ends = {2, 4},
        int64[2] starts = {0, 0}, float s = {0.5}, uint8 z = {3}, uint8[1, 6, 4] c = {${Array(24).fill(1)}}> { ${body} }`,
    );
    return namesOf(beforeMoves(named(model, 'q'), inferShapes(model))).join(' ');
  };

  it.each<[string, string, string]>([
    ['a layout', 'q = Reshape (x, flat)', 'q x'],
    [
      'a layout and a type',
      'a = Transpose (x)  b = Cast <to = 11> (a)  q = Identity (b)',
      'q b a x',
    ],
    ['what computes', 'a = Relu (x)  q = Transpose (a)', 'q a'],
    ['quantized and back', 'a = QuantizeLinear (x, s, z)  q = DequantizeLinear (a, s, z)', 'q x'],
    ['quantized and computed with', 'a = QuantizeLinear (x, s, z)  q = Max (a, z)', 'q'],
    ['quantized alone', 'q = QuantizeLinear (x, s, z)', 'q'],
    ['back from what was never quantized', 'q = DequantizeLinear (c, s, z)', 'q'],
    ['two parts', 'a, b = Split <axis = 1> (x, halves)  q = Concat <axis = 1> (a, b)', 'q x'],
    [
      'two parts, counted from behind',
      'a, b = Split <axis = -2> (x, halves)  q = Concat <axis = -2> (a, b)',
      'q x',
    ],
    [
      'three parts',
      'a, b, d = Split <axis = 1> (x, thirds)  q = Concat <axis = 1> (a, b, d)',
      'q x',
    ],
    [
      'parts of what was moved',
      't1 = Identity (x)  a, b = Split <axis = 1> (t1, halves)  q = Concat <axis = 1> (a, b)',
      'q t1 x',
    ],
    [
      'three parts, two of which change places',
      'a, b, d = Split <axis = 1> (x, thirds)  q = Concat <axis = 1> (a, d, b)',
      'q',
    ],
    [
      'the first two of three',
      'a, b, d = Split <axis = 1> (x, thirds)  q = Concat <axis = 1> (a, b)',
      'q',
    ],
    [
      'the last two of three',
      'a, b, d = Split <axis = 1> (x, thirds)  q = Concat <axis = 1> (b, d)',
      'q',
    ],
    [
      'a part twice',
      'a, b, d = Split <axis = 1> (x, thirds)  q = Concat <axis = 1> (a, b, d, d)',
      'q',
    ],
    [
      'parts of two values',
      'a, b = Split <axis = 1> (x, halves)  d, e = Split <axis = 1> (t, halves)  q = Concat <axis = 1> (a, e)',
      'q',
    ],
    [
      'a part and what is none',
      'a, b = Split <axis = 1> (x, halves)  q = Concat <axis = 1> (a, t)',
      'q',
    ],
    [
      'parts along another axis',
      'a, b = Split <axis = 0, num_outputs = 1> (x)  q = Concat <axis = 1> (a, a)',
      'q',
    ],
    [
      'slices',
      'a = Slice (x, none, two, one)  b = Slice (x, two, all, one)  q = Concat <axis = 1> (a, b)',
      'q x',
    ],
    [
      'slices of step 1',
      'a = Slice (x, none, two, one, one)  b = Slice (x, two, all, one, one)  q = Concat <axis = 1> (a, b)',
      'q x',
    ],
    [
      'slices, counted from behind',
      'a = Slice (x, none, two, minus)  b = Slice (x, two, all, minus)  q = Concat <axis = 1> (a, b)',
      'q x',
    ],
    [
      'slices that begin so many before the end',
      'a = Slice (x, none, four, one)  b = Slice (x, back, all, one)  q = Concat <axis = 1> (a, b)',
      'q x',
    ],
    [
      'slices that end and begin so many before the end',
      'a = Slice (x, none, back, one)  b = Slice (x, back, all, one)  q = Concat <axis = 1> (a, b)',
      'q x',
    ],
    [
      'slices that overlap, counted from the end',
      'a = Slice (x, none, two, one)  b = Slice (x, back, all, one)  d = Slice (x, back, all, one)  q = Concat <axis = 1> (a, b, d)',
      'q',
    ],
    [
      'slices with a gap, counted from the end',
      'a = Slice (x, none, two, one)  b = Slice (x, back, all, one)  q = Concat <axis = 1> (a, b)',
      'q',
    ],
    [
      'slices of two steps',
      'a = Slice (x, none, four, one, two)  b = Slice (x, two, all, one, one)  q = Concat <axis = 1> (a, b)',
      'q',
    ],
    [
      'slices of steps that are fed',
      'a = Slice (x, none, two, one, fed)  b = Slice (x, two, all, one)  q = Concat <axis = 1> (a, b)',
      'q',
    ],
    [
      'slices along axes that are fed',
      'a = Slice (x, none, two, fed)  b = Slice (x, two, all, fed)  q = Concat <axis = 1> (a, b)',
      'q',
    ],
    [
      'slices along two axes',
      'a = Slice (x, starts, ends, axes)  b = Slice (x, two, all, one)  q = Concat <axis = 1> (a, b)',
      'q',
    ],
    [
      'slices along no axis that is said',
      'a = Slice (x, none, one)  q = Concat <axis = 0> (a)',
      'q',
    ],
    [
      'slices with a gap',
      'a = Slice (x, none, two, one)  b = Slice (x, four, all, one)  q = Concat <axis = 1> (a, b)',
      'q',
    ],
  ])('%s', (_, body, expected) => expect(chain(body)).toBe(expected));

  it('no parts of what has no known shape', () => {
    const parts =
      'a = Slice (x, none, two, one)  b = Slice (x, two, all, one)  q = Concat <axis = 1> (a, b)';
    expect(chain(parts, '')).toBe('q');
  });

  it('parts of which nobody knows how many come before the end', () => {
    const model = modelOf(`g (float[1, n, 4] image, float[1, m, 4] text) => (float q) <
        int64[1] none = {0}, int64[1] all = {9223372036854775807}, int64[1] one = {1}, int64[1] minus = {-1}> {
      x = Concat <axis = 1> (image, text)
      sizes = Shape <start = 1, end = 2> (text)
      before = Mul (sizes, minus)
      a = Slice (x, none, before, one)
      b = Slice (x, before, all, one)
      q = Concat <axis = 1> (a, b)
    }`);
    expect(namesOf(beforeMoves(named(model, 'q'), inferShapes(model)))).toEqual(['q', 'x']);
  });

  it('parts along the first axis', () => {
    const parts = 'a, b = Split <axis = 0> (x, halves)  q = Concat <axis = 0> (a, b)';
    expect(chain(parts, '[6, 1, 4]')).toBe('q x');
  });
});
