/** What holds whichever branch of an If is taken, of which types sequences and optionals are, and what loops carry. */
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';
import { runModel } from './engine.js';

const INPUTS = 'float[batch, 4] x, float[other, 4] z, bool flag';

describe('If', () => {
  const said = (yes: string, no: string, more = '', condition = 'flag') => {
    const model =
      modelOf(`g (${INPUTS}) => (y) <int64[1] last = {-1}, int64[2] pair = {0, 1}, bool on = {1}, bool off = {0}> {
      ${more}
      y = If (${condition}) <then_branch = yes () => (a) { ${yes} }, else_branch = no () => (b) { ${no} }>
    }`);
    const table = inferShapes(model);
    const y = named(model, 'y');
    return [
      table.dtype(y),
      table.shape(y)?.join() ?? table.whyUnknown(y),
      table.contents(y)?.join(),
    ];
  };

  it.each([
    ['the same shape', 'a = Neg (x)', 'b = Exp (x)', ['float32', 'batch,4', undefined]],
    ['other sizes', 'a = Neg (x)', 'b = Exp (z)', ['float32', 'y_dim_0,4', undefined]],
    [
      'another rank',
      'a = Neg (x)',
      'b = ReduceSum <keepdims = 0> (z)',
      ['float32', 'one branch makes rank 2, the other 0', undefined],
    ],
    ['another type', 'a = Shape (x)', 'b = Cast <to = 6> (pair)', [undefined, '2', undefined]],
    ['the same elements', 'a = Shape (x)', 'b = Shape (x)', ['int64', '2', 'batch,4']],
    ['other elements', 'a = Shape (x)', 'b = Shape (z)', ['int64', '2', undefined]],
    [
      'elements that are known in one',
      'a = Shape (x)',
      'b = GatherElements (pair, pair)',
      ['int64', '2', undefined],
    ],
    [
      'elements that are known in the other',
      'a = GatherElements (pair, pair)',
      'b = Shape (x)',
      ['int64', '2', undefined],
    ],
    [
      'more elements',
      'a = Shape (x)',
      'b = Size (x)',
      ['int64', 'one branch makes rank 1, the other 0', undefined],
    ],
    [
      'no shape in one',
      'a = Unknown (x)',
      'b = Neg (x)',
      [undefined, expect.stringContaining('no shape rule'), undefined],
    ],
    [
      'no shape in the other',
      'a = Neg (x)',
      'b = Unknown (x)',
      [undefined, expect.stringContaining('no shape rule'), undefined],
    ],
  ])('with %s', (_, yes, no, expected) => {
    expect(said(yes, no)).toEqual(expected);
  });

  it('of a known condition is the branch that is taken', () => {
    expect(said('a = Neg (x)', 'b = Exp (z)', '', 'on')[1]).toBe('batch,4');
    expect(said('a = Neg (x)', 'b = Exp (z)', '', 'off')[1]).toBe('other,4');
    const fits =
      's = Shape (x)  i = Constant <value_int = 0> ()  h = Gather (s, i)  big = Greater (h, i)';
    expect(said('a = Neg (x)', 'b = Exp (z)', fits, 'big')[1]).toBe('batch,4');
  });

  it('of fractions holds what is the same to the last digit', () => {
    const more = `n = Size (x)  five = Constant <value_float = 0.5> ()  quarter = Constant <value_float = 0.25> ()  f = Cast <to = 1> (n)`;
    const whole = (by: string, name: string) => `${name} = Mul (f, ${by})`;
    const shapes = (no: string) => {
      const model = modelOf(`g (${INPUTS}) => (w) { ${more}
        y = If (flag) <then_branch = yes () => (a) { ${whole('five', 'a')} }, else_branch = no () => (b) { ${whole(no, 'b')} }>
        w = Cast <to = 7> (y) }`);
      return inferShapes(model).contents(named(model, 'w'))?.join();
    };
    expect(shapes('five')).toBe('batch*2');
    expect(shapes('quarter')).toBeUndefined();
  });
});

describe('sequences and optionals', () => {
  it('are of the type that their elements have', async () => {
    const model = modelOf(
      `g (float[b] x, int64[2] k) => (at, at2, at3, at4, n, got, has, is) <int64 zero = {0}> {
      s = SequenceConstruct (k, k)  e = SequenceErase (s)  at = SequenceAt (e, zero)
      none = SequenceEmpty ()  one = SequenceInsert (none, x)  at2 = SequenceAt (one, zero)
      ints = SequenceEmpty <dtype = 7> ()  two = SequenceInsert (ints, k)  at3 = SequenceAt (two, zero)
      at4 = ConcatFromSequence <axis = 0> (s)  n = SequenceLength (s)
      o = Optional (k)  got = OptionalGetElement (o)  has = OptionalHasElement (o)  is = OptionalGetElement (x)
    }`,
      18,
    );
    const table = inferShapes(model);
    const types = (names: string[]) => names.map((name) => table.dtype(named(model, name)));
    expect(types(['at', 'at2', 'at3', 'at4', 'n', 'got', 'has', 'is'])).toEqual([
      'int64',
      'float32',
      'int64',
      'int64',
      'int64',
      'int64',
      'bool',
      'float32',
    ]);
    expect(
      ['got', 'is', 'n', 'has'].map((name) => table.shape(named(model, name))?.join()),
    ).toEqual(['2', 'b', '', '']);
    expect(['s', 'none', 'o'].map((name) => table.whyNoTensor(named(model, name)))).toEqual([
      'it is a sequence',
      'it is a sequence',
      'it is optional',
    ]);
    expect(table.whyUnknown(named(model, 'at'))).toContain('what a sequence holds is not followed');
  });
});

describe('Loop and Scan', () => {
  const said = (graph: string, names: readonly string[], opset = 17) => {
    const model = modelOf(graph, opset);
    const table = inferShapes(model);
    return names.map(
      (name) => table.shape(named(model, name))?.join() ?? table.whyUnknown(named(model, name)),
    );
  };

  it('believe what is declared of a body only where nothing is known of what comes in', () => {
    const graph = (input: string) => `g (float[b] x, int64 n, bool go, int64 zero) => (y, all) {
      none = SequenceConstruct (x)  u = SequenceAt (none, zero)
      y, all = Loop (n, go, ${input}) <body = body (int64 i, bool c, float[3, 5] a) => (bool d, float[] e, float[] s) {
        d = Identity (c)
        e = Neg (a)
        s = Exp (a)
      }>
    }`;
    expect(said(graph('x'), ['y', 'all'])).toEqual(['b', 'y_dim_0,b']);
    // after no round at all it is as it was
    expect(said(graph('u'), ['y', 'all'])[0]).toContain('what a sequence holds is not followed');
    expect(said(graph('u'), ['all'])).toEqual([expect.stringMatching(/_dim_0,3,5$/)]);
  });

  it('make sizes of their own for what a round makes up', () => {
    const [all] = said(
      `g (float[b] x, int64 n, bool go) => (y, all) {
      y, all = Loop (n, go, x) <body = body (int64 i, bool c, float[] a) => (bool d, float[] e, int64[] s) {
        d = Identity (c)
        e = Neg (a)
        s = NonZero (a)
      }>
    }`,
      ['all'],
    );
    expect(all).toMatch(/^y_dim_0(\.\d)?,1,y_dim_1(\.\d)?$/);
  });

  it('take axes apart and put them together where they are told to', () => {
    const scan = (
      attributes: string,
      inputs = 's, x',
      size = 'float[b, w, 3] x, float[3] s',
    ) => `g (${size}) => (t, y) {
      t, y = Scan <${attributes}, body = body (float[] u, float[] e) => (float[] v, float[] o) {
        v = Neg (u)
        o = Exp (e)
      }> (${inputs}) }`;
    expect(said(scan('num_scan_inputs = 1'), ['t', 'y'])).toEqual(['3', 'b,w,3']);
    expect(said(scan('num_scan_inputs = 1, scan_input_axes = [1]'), ['t', 'y'])).toEqual([
      '3',
      'w,b,3',
    ]);
    expect(
      said(scan('num_scan_inputs = 1, scan_input_axes = [-1], scan_output_axes = [1]'), ['t', 'y']),
    ).toEqual(['3', 'b,3,w']);
    expect(said(scan('num_scan_inputs = 1, scan_output_axes = [-2]'), ['t', 'y'])).toEqual([
      '3',
      'w,b,3',
    ]);
    expect(said(scan('num_scan_inputs = 1, scan_input_axes = [3]'), ['y'])[0]).toContain(
      'out of range',
    );
    expect(said(scan('num_scan_inputs = 1'), ['y'], 8)[0]).toContain(
      'Scan of opset 8 is not followed',
    );
  });
});

it('the types of what follows an unknown shape are those that onnxruntime makes', async () => {
  const lines = [
    ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((op) => `${op} (y, y)`),
    ...['And', 'Or', 'Xor'].map((op) => `${op} (p, p)`),
    'Not (p)',
    'IsInf (y)',
    'IsNaN (y)',
    'Shape (y)',
    'Size (y)',
    'NonZero (y)',
    'ArgMax (y)',
    'ArgMin (y)',
    'CastLike (y, k)',
    'Where (p, k, k)',
    'OneHot (k, five, onoff)',
    'EyeLike (y)',
    'EyeLike <dtype = 7> (y)',
    'RandomNormalLike (y)',
    'RandomUniformLike <dtype = 11> (y)',
    'Bernoulli <dtype = 9> (y)',
    'QuantizeLinear (y, half)',
    'QuantizeLinear (y, half, zero8)',
    'DequantizeLinear (q, half)',
    'MatMulInteger (q, q)',
    'Neg (k)',
    'Cast <to = 6> (y)',
    'Cast <to = 9> (y)',
  ];
  const pairs = ['MaxPool <kernel_shape = [1]> (y3)', 'TopK (y, one)', 'Dropout (y)'];
  const names = [
    ...lines.map((_, i) => `o${i}`),
    ...pairs.flatMap((_, i) => [`p${i}`, `q${i}`]),
    'm0',
    'm1',
    'm2',
  ];
  const model = modelOf(`g (float[2, 2] x) => (${names})
    <int64 at = {0}, int64[1] one = {1}, int64[1] first = {0}, float half = {0.5}, int8 zero8 = {0}, int64 five = {5}, float[2] onoff = {0.0, 1.0}> {
    s = SequenceConstruct (x)  y = SequenceAt (s, at)  y3 = Unsqueeze (y, first)
    k = Cast <to = 7> (y)  p = Cast <to = 9> (y)  q = QuantizeLinear (y, half)
    ${lines.map((line, i) => `o${i} = ${line}`).join('\n')}
    ${pairs.map((line, i) => `p${i}, q${i} = ${line}`).join('\n')}
    m0, m1, m2 = DynamicQuantizeLinear (y)
  }`);
  const table = inferShapes(model);
  const { Tensor } = await import('onnxruntime-node');
  const real = await runModel(model, { x: new Tensor('float32', [1, 2, 3, 4], [2, 2]) });
  expect(names.map((name) => `${name}: ${table.dtype(named(model, name))}`)).toEqual(
    names.map((name) => `${name}: ${real[name]!.type}`),
  );
  expect(table.shape(named(model, 'o0'))).toBeUndefined();
});
