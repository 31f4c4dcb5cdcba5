/** GELU by tanh, spelled out in many ways, and what is nearly that. */
import { expect, test } from 'vitest';
import { ort } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { expectLeft, rewrite, tensor } from './rewrite.js';

const gelu = (body: string, input = 'float[batch,n,4] x') =>
  modelOf(`gelu (${input}) => (float[] y)
<float three = {3}, int64 whole3 = {3}, float c1 = {0.044715}, float c2 = {0.7978845608}, float by2 = {1.2533141373}, float one = {1}, float half = {0.5}, float two = {2}, float third = {0.33333333}, float c1x4 = {0.17886}, float c2by4 = {0.1994711402}, float quarter = {0.25},
 float four = {4}, float nought = {0}, float[1] oneOfOneAxis = {1}, float[4] halves = {0.5, 0.5, 0.5, 0.5}, float[4] ones = {1, 1, 1, 1}, float[4] b = {0.5, -1, 2, 0}, float[4] c = {1, 2, 3, 4}, float[3,1] rows = {1, 2, 3}, float c1near = {0.04472}, float[1] narrow = {0.5}, float[1,4] row = {1, 2, 3, 4}, float[1,1,1] half3 = {0.5}, float[1,1,1,1] half4 = {0.5}> {
  ${body}
}`);

const feeds = [
  { x: tensor(1, 3, 4) },
  { x: tensor(2, 3, 4) },
  { x: tensor(0, 3, 4) },
  {
    x: new ort.Tensor(
      Float32Array.from([
        Number.NaN,
        Number.POSITIVE_INFINITY,
        -0,
        0,
        1e20,
        -1e20,
        1e-41,
        -1e-41,
        30,
        -30,
        0.5,
        -3,
      ]),
      [1, 3, 4],
    ),
  },
];

/** x + 0.044715 x^3 and on to 1 + tanh. */
const BY_POWER = `p = Pow (v, three)
  a = Mul (p, c1)
  s = Add (v, a)
  d = Mul (s, c2)
  t = Tanh (d)
  e = Add (t, one)`;
const BY_PRODUCTS = `vv = Mul (v, v)
  vvv = Mul (v, vv)
  a = Mul (c1, vvv)
  s = Add (a, v)
  d = Mul (c2, s)
  t = Tanh (d)
  e = Add (one, t)`;
const END = '\n  f = Mul (v, e)\n  y = Mul (f, half)';
const swapped = (from: string, to: string, text = BY_POWER) => {
  if (!text.includes(from)) throw new Error(`no ${from}`);
  return text.replace(from, to);
};

test.each<[string, string, string?]>([
  ['by Pow, halved last', `v = Relu (x)\n${BY_POWER}${END}`],
  ['by products, halved first', `v = Neg (x)\n${BY_PRODUCTS}\n h = Mul (v, half)\n y = Mul (h, e)`],
  ['divided by 2', `v = Neg (x)\n${BY_PRODUCTS}\n f = Mul (e, v)\n y = Div (f, two)`],
  ['halved before x', `v = Neg (x)\n${BY_PRODUCTS}\n f = Mul (half, e)\n y = Mul (f, v)`],
  [
    'halved in two steps',
    `v = Neg (x)\n${BY_PRODUCTS}\n f = Mul (quarter, e)\n g = Mul (f, v)\n y = Mul (two, g)`,
  ],
  [
    'by the power of a whole number',
    `v = Neg (x)\n${swapped('Pow (v, three)', 'Pow (v, whole3)')}${END}`,
  ],
  [
    'by a square',
    `v = Neg (x)\n${swapped('vv = Mul (v, v)', 'vv = Pow (v, two)', BY_PRODUCTS)}${END}`,
  ],
  ['the angle by a quotient', `v = Neg (x)\n${swapped('Mul (s, c2)', 'Div (s, by2)')}${END}`],
  [
    'the angle in two steps',
    `v = Neg (x)\n${swapped('d = Mul (s, c2)', 'g = Div (s, four)\n h = Div (g, quarter)\n d = Mul (c2, h)')}${END}`,
  ],
  [
    'the cube in two steps',
    `v = Neg (x)\n${swapped('a = Mul (p, c1)', 'g = Mul (p, c1x4)\n a = Div (g, four)')}${END}`,
  ],
  ['one of one axis', `v = Neg (x)\n${swapped('Add (t, one)', 'Add (t, oneOfOneAxis)')}${END}`],
  ['a half of as many axes as x', `v = Neg (x)\n${BY_POWER}\n f = Mul (v, e)\n y = Mul (f, half3)`],
  ['behind a bias', `v = Add (x, b)\n${BY_POWER}${END}`],
  ['behind a bias on the left', `v = Add (b, x)\n${BY_PRODUCTS}${END}`],
  ['behind a bias of rows', `v = Add (rows, x)\n${BY_POWER}${END}`],
  ['behind a bias for all', `v = Add (x, half)\n${BY_POWER}${END}`],
  ['of a product', `v = Mul (x, b)\n${BY_PRODUCTS}${END}`],
  ['of what is fed', `${BY_POWER.replaceAll('v', 'x')}\n f = Mul (x, e)\n y = Mul (f, half)`],
  ['of a sum of two constants', `v0 = Add (b, c)\n v = Mul (v0, x)\n${BY_POWER}${END}`],
  [
    'a cube that is read elsewhere',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (v, e)\n g = Mul (f, half)\n y = Sub (g, p)`,
  ],
])('%s', async (_, body) => {
  const { rules, reasons, model } = await rewrite(gelu(body), ...feeds);
  expect({ rules, reasons }).toEqual({ rules: ['tanh-gelu'], reasons: [] });
  expect(model.opsets.get('com.microsoft')).toBe(1);
});

/** What FastGelu is given, by the names of the values. */
const inputsOf = async (body: string, input?: string, ...given: typeof feeds) => {
  const { model, rules } = await rewrite(gelu(body, input), ...given);
  expect(rules).toEqual(['tanh-gelu']);
  const node = [...model.graph.nodes].find(({ opType }) => opType === 'FastGelu')!;
  return node.inputs.map((value) => value!.name).join(' ');
};

test.each<[string, string, string, string?, typeof feeds?]>([
  ['is added in the same pass', `v = Add (x, b)\n${BY_POWER}${END}`, 'x b'],
  ['is, from the left', `v = Add (b, x)\n${BY_PRODUCTS}${END}`, 'x b'],
  [
    'is, of a value on three ways',
    `v = Add (x, b)\n${BY_PRODUCTS}\n h = Mul (v, half)\n y = Mul (h, e)`,
    'x b',
  ],
  ['is not, of two axes', `v = Add (x, row)\n${BY_POWER}${END}`, 'v'],
  ['is not, of rows', `v = Add (rows, x)\n${BY_POWER}${END}`, 'v'],
  ['is not, of one number', `v = Add (x, half)\n${BY_POWER}${END}`, 'v'],
  ['is not, of one number on an axis', `v = Add (x, narrow)\n${BY_POWER}${END}`, 'v'],
  [
    'is not, where it widens',
    `v = Add (x, b)\n${BY_POWER}${END}`,
    'v',
    'float[batch,n,1] x',
    [{ x: tensor(2, 3, 1) }],
  ],
  [
    'is not, where it adds an axis',
    `v = Add (x, b)\n${BY_POWER}${END}`,
    'v',
    'float x',
    [{ x: tensor() }],
  ],
  ['is not, of what is fed', `v = Add (x, x)\n${BY_POWER}${END}`, 'v'],
  ['is not, where it is taken off', `v = Sub (x, b)\n${BY_POWER}${END}`, 'v'],
  [
    'is not, where others read the sum',
    `v = Add (x, b)\n${BY_POWER}\n f = Mul (v, e)\n g = Mul (f, half)\n y = Add (g, v)`,
    'v',
  ],
])('a bias %s', async (_, body, inputs, input, given = feeds) => {
  expect(await inputsOf(body, input, ...given)).toBe(inputs);
});

test('a bias is not added in the same pass where the sum is given out', async () => {
  const model = gelu(`v = Add (x, b)\n${BY_POWER}${END}`);
  model.graph.addOutput(model.graph.find('v')!);
  const { model: after } = await rewrite(model, ...feeds);
  const node = [...after.graph.nodes].find(({ opType }) => opType === 'FastGelu')!;
  expect(node.inputs.map((value) => value!.name)).toEqual(['v']);
});

const CUBE = /what it takes is not x \+ 0.044715 x\^3/;
const PRODUCT = /1 \+ tanh is not multiplied by x and 0.5/;
const ONE = /1 is not what is added to it/;

test.each<[string, string, RegExp | undefined, string?, typeof feeds?]>([
  ['another cube', `v = Neg (x)\n${swapped('Mul (p, c1)', 'Mul (p, half)')}${END}`, CUBE],
  ['nearly that cube', `v = Neg (x)\n${swapped('Mul (p, c1)', 'Mul (p, c1near)')}${END}`, CUBE],
  [
    'halved in more steps than are looked at',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (quarter, e)\n g = Mul (f, v)\n h = Mul (four, g)\n y = Mul (half, h)`,
    PRODUCT,
  ],
  [
    'a square in place of the cube',
    `v = Neg (x)\n${swapped('Pow (v, three)', 'Pow (v, two)')}${END}`,
    CUBE,
  ],
  [
    'a fourth power in place of the cube',
    `v = Neg (x)\n${swapped('a = Mul (p, c1)', 'g = Mul (p, v)\n a = Mul (g, c1)')}${END}`,
    CUBE,
  ],
  ['a power of 4', `v = Neg (x)\n${swapped('Pow (v, three)', 'Pow (v, four)')}${END}`, CUBE],
  ['a root', `v = Relu (x)\n${swapped('Pow (v, three)', 'Pow (v, third)')}${END}`, CUBE],
  ['a power of x', `v = Neg (x)\n${swapped('Pow (v, three)', 'Pow (three, v)')}${END}`, CUBE],
  [
    'a cube of another value',
    `v = Neg (x)\n${swapped('Pow (v, three)', 'Pow (x, three)')}${END}`,
    CUBE,
  ],
  [
    'a cube of two values',
    `v = Neg (x)\n${swapped('vvv = Mul (v, vv)', 'vvv = Mul (x, vv)', BY_PRODUCTS)}${END}`,
    CUBE,
  ],
  [
    'a cube by x',
    `v = Neg (x)\n${swapped('a = Mul (p, c1)', 'g = Div (c1, p)\n a = Mul (g, one)')}${END}`,
    CUBE,
  ],
  ['a cube that is taken off', `v = Neg (x)\n${swapped('s = Add', 's = Sub')}${END}`, CUBE],
  ['another angle', `v = Neg (x)\n${swapped('Mul (s, c2)', 'Mul (s, c1)')}${END}`, undefined],
  ['no angle', `v = Neg (x)\n${swapped('d = Mul (s, c2)', 'd = Neg (s)')}${END}`, undefined],
  [
    'an angle by something else',
    `v = Neg (x)\n${swapped('d = Mul (s, c2)', 'd0 = Mul (s, c2)\n d = Mul (d0, v)')}${END}`,
    undefined,
  ],
  ['another sigmoid', `v = Neg (x)\n${swapped('t = Tanh', 't = Sigmoid')}${END}`, undefined],
  ['two added', `v = Neg (x)\n${swapped('Add (t, one)', 'Add (t, two)')}${END}`, ONE],
  ['one for each place', `v = Neg (x)\n${swapped('Add (t, one)', 'Add (t, ones)')}${END}`, ONE],
  ['one taken off', `v = Neg (x)\n${swapped('Add (t, one)', 'Sub (t, one)')}${END}`, ONE],
  [
    'a tanh that is read elsewhere',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (v, e)\n g = Mul (f, half)\n y = Add (g, t)`,
    ONE,
  ],
  [
    'multiplied by another value',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (x, e)\n y = Mul (f, half)`,
    PRODUCT,
  ],
  [
    'multiplied by itself',
    `v = Neg (x)\n${BY_POWER}\n f = Pow (e, two)\n y = Mul (f, half)`,
    PRODUCT,
  ],
  ['not halved', `v = Neg (x)\n${BY_POWER}\n y = Mul (v, e)`, PRODUCT],
  ['quartered', `v = Neg (x)\n${BY_POWER}\n f = Mul (v, e)\n y = Mul (f, quarter)`, PRODUCT],
  [
    'halved for each place',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (v, e)\n y = Mul (f, halves)`,
    PRODUCT,
  ],
  [
    'a half of more axes than x',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (v, e)\n y = Mul (f, half4)`,
    /its result is not known to have the shape of x/,
  ],
  [
    'multiplied twice',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (v, e)\n g = Mul (f, v)\n y = Mul (g, half)`,
    PRODUCT,
  ],
  [
    'multiplied by something else as well',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (x, e)\n g = Mul (f, v)\n y = Mul (g, half)`,
    PRODUCT,
  ],
  ['x by it', `v = Neg (x)\n${BY_POWER}\n f = Div (v, e)\n y = Mul (f, half)`, PRODUCT],
  ['added to', `v = Neg (x)\n${BY_POWER}\n f = Add (v, e)\n y = Mul (f, half)`, PRODUCT],
  [
    'a product that is read elsewhere',
    `v = Neg (x)\n${BY_POWER}\n f = Mul (v, e)\n g = Mul (f, half)\n y = Add (g, f)`,
    PRODUCT,
  ],
  [
    'an unknown rank',
    `v = Reshape (x, sizes)\n${BY_POWER}${END}`,
    /its result is not known to have the shape of x/,
    'float[batch,n,4] x, int64[k] sizes',
    feeds
      .slice(0, 1)
      .map((feed) => ({ ...feed, sizes: new ort.Tensor('int64', BigInt64Array.of(3n, 4n), [2]) })),
  ],
])('%s is left', async (_, body, reason, input, given = feeds) => {
  await expectLeft(gelu(body, input), reason, ...given);
});

test('a double is left', async () => {
  const model = modelOf(`gelu (double[n] x) => (double[] y)
<double three = {3}, double c1 = {0.044715}, double c2 = {0.7978845608}, double one = {1}, double half = {0.5}> {
  v = Neg (x)
  ${BY_POWER}${END}
}`);
  await expectLeft(model, /type float64, not float32/, {
    x: new ort.Tensor(Float64Array.of(-2, 0.5, 3), [3]),
  });
});
