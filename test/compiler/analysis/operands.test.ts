/** Where an operand of attention comes from: the layer that projects it, and what that layer reads. */
import { expect, test } from 'vitest';
import { operand } from '../../../src/compiler/analysis/attention/operands.js';
import { modelOf, named } from '../../helpers/text.js';

const WEIGHT = `float[6, 6] w = {${Array(36).fill(1).join()}}`;

const MORE = `${WEIGHT}, uint8[6, 6] w8 = {${Array(36).fill(1).join()}}, uint8 z8 = {0}, float c = {2}`;

function follow(body: string) {
  const model = modelOf(
    `g (float[batch, 6, 6] x, float[batch, 6, 6] t) => (float[batch, 6, 6] q) <${MORE}> { ${body} }`,
  );
  return operand(named(model, 'q'));
}

/** Names of the layers behind q, and of what they read. */
function behind(body: string): { layers: string[]; sources: string[] } {
  const found = follow(body);
  if ('reason' in found) throw new Error(found.reason);
  return {
    layers: found.projections.map((node) => node.name),
    sources: found.sources.map((value) => value.name),
  };
}

test.each([
  ['on the right', '[project] q = MatMul (x, w)'],
  ['on the left, as over channels first', '[project] q = MatMul (w, x)'],
  ['on the left, turned', 't1 = Transpose (w)  [project] p = MatMul (t1, x)  q = Identity (p)'],
  ['on the right, of a layout that changes', 't1 = Transpose (x)  [project] q = MatMul (t1, w)'],
])('a weight %s', (_, body) => {
  expect(behind(body)).toEqual({ layers: ['project'], sources: ['x'] });
});

const TWO = '[a] ka = MatMul (x, w)  [b] kb = MatMul (t, w)';
/** A layer between integers: what it reads was made by another layer. */
const INTEGERS = `[first] h = MatMul (x, w)
  hq, hs, hz = DynamicQuantizeLinear (h)
  [project] qi = MatMulInteger (hq, w8, hz, z8)
  qf = Cast <to = 1> (qi)`;

test.each<[string, string, string[], string[]]>([
  ['no layer, of one input', 'q = Relu (x)', [], ['x']],
  ['no layer, of one input and a number', 'q = Mul (x, c)', [], ['x']],
  ['a layer, and an input beside it', '[a] k = MatMul (x, w)  q = Add (k, t)', ['a'], ['x']],
  ['two layers that are joined', `${TWO}  q = Concat <axis = 1> (ka, kb)`, ['a', 'b'], ['x', 't']],
  ['two layers, the text first', `${TWO}  q = Concat <axis = 1> (kb, ka)`, ['b', 'a'], ['t', 'x']],
  [
    'two layers and an input that are joined',
    `${TWO}  q = Concat <axis = 1> (ka, x, kb)`,
    ['a', 'b'],
    ['x', 't'],
  ],
  [
    'two layers that are joined, and go on',
    `${TWO}  j = Concat <axis = 1> (ka, kb)  r = Neg (j)  q = Concat <axis = -1> (j, r)`,
    ['a', 'b'],
    ['x', 't'],
  ],
  [
    'a layer whose size is that of another',
    `${TWO}  n = Shape (kb)  q = Expand (ka, n)`,
    ['a'],
    ['x'],
  ],
  [
    'a layer whose count is that of another',
    `${TWO}  n = Size (kb)  m = Cast <to = 1> (n)  q = Mul (ka, m)`,
    ['a'],
    ['x'],
  ],
  [
    'a layer that is turned by angles of another',
    `${TWO}  u = Sin (kb)  v = Cos (kb)  w1 = Mul (ka, u)  w2 = Mul (ka, v)  q = Add (w1, w2)`,
    ['a'],
    ['x'],
  ],
  [
    'a layer of integers, and the scale of what it reads',
    `${INTEGERS}  q = Mul (qf, hs)`,
    ['project'],
    ['h'],
  ],
  [
    'a layer that is quantized and back',
    '[a] h = MatMul (x, w)  hq, hs, hz = DynamicQuantizeLinear (h)  q = DequantizeLinear (hq, hs, hz)',
    ['a'],
    ['x'],
  ],
])('behind %s', (_, body, layers, sources) => {
  expect(behind(body)).toEqual({ layers, sources });
});

test.each<[string, string, RegExp]>([
  ['a product of two activations', '[a] q = MatMul (x, t)', /comes from "a", which is no layer/],
  [
    'a product beside a layer',
    '[a] k = MatMul (x, w)  [b] l = MatMul (x, t)  q = Concat <axis = 1> (k, l)',
    /comes from "b", which is no layer/,
  ],
  [
    'two layers that are added',
    `${TWO}  q = Add (ka, kb)`,
    /comes from 2 layers \(".", "."\), not from one/,
  ],
  [
    'a Concat of one layer, added to another',
    `${TWO}  j = Concat <axis = 1> (ka, x)  q = Add (j, kb)`,
    /comes from 2 layers/,
  ],
  [
    'a Concat of two layers, and a third',
    `${TWO}  [c] kc = MatMul (x, w)
    j = Concat <axis = 1> (ka, kb)  q = Add (j, kc)`,
    /comes from 3 layers/,
  ],
  // one input, two layers
  [
    'a Concat of two layers that are added, and a third',
    `${TWO}  [c] kc = MatMul (x, w)
    both = Add (ka, kb)  q = Concat <axis = 1> (both, kc)`,
    /comes from 3 layers/,
  ],
  ['two inputs', 'q = Add (x, t)', /no layer and no single input/],
  ['numbers alone', 'n = Add (w, c)  q = Relu (n)', /no layer and no single input/],
])('refused: %s', (_, body, reason) => {
  expect(follow(body)).toMatchObject({ reason: expect.stringMatching(reason) });
});
