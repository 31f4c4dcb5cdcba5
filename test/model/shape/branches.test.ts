/** What holds whichever branch of an If is taken, of which types sequences and optionals are, and what loops carry. */
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';

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
    const more = `n = Size (x)  five = Constant <value_float = 0.5> ()  quarter = Constant <value_float = 0.25> ()  one = Constant <value_float = 1.0> ()  f = Cast <to = 1> (n)`;
    const whole = (by: string, name: string) => `${name} = Mul (f, ${by})`;
    const shapes = (no: string, of = whole) => {
      const model = modelOf(`g (${INPUTS}) => (w) { ${more}
        y = If (flag) <then_branch = yes () => (a) { ${of('five', 'a')} }, else_branch = no () => (b) { ${of(no, 'b')} }>
        t = Mul (y, ${of === whole ? 'one' : 'f'})  w = Cast <to = 7> (t) }`);
      return inferShapes(model).contents(named(model, 'w'))?.join();
    };
    expect(shapes('five')).toBe('batch*2');
    expect(shapes('quarter')).toBeUndefined();
    const itself = (by: string, name: string) => `${name} = Identity (${by})`;
    expect(shapes('five', itself)).toBe('batch*2');
    expect(shapes('quarter', itself)).toBeUndefined();
  });

  it('of what is no graph has no branch', () => {
    const model = modelOf(
      'g (bool flag) => (y) { y = If <then_branch = 1, else_branch = 2> (flag) }',
    );
    expect(inferShapes(model).whyUnknown(named(model, 'y'))).toContain(
      'its else_branch is missing',
    );
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

it('a sequence is of the type of what is put in, if only that is known', () => {
  const model = modelOf(`g (seq(float[N]) s, float[b] x, bool c) => (a, d, e) <int64 zero = {0}> {
      one = SequenceInsert (s, x)  a = SequenceAt (one, zero)
      u = Unknown (x)  ints = SequenceEmpty <dtype = 7> ()  two = SequenceInsert (ints, u)  d = SequenceAt (two, zero)
      three = If (c) <then_branch = yes () => (p) { p = SequenceConstruct (x) }, else_branch = no () => (q) { q = SequenceConstruct (x, x) }>
      e = SequenceAt (three, zero)
      four = If (c) <then_branch = yes () => (p) { p = SequenceConstruct (x) }, else_branch = no () => (q) { q = SequenceEmpty <dtype = 7> () }>
      f = SequenceAt (four, zero)
    }`);
  const table = inferShapes(model);
  expect(['a', 'd', 'e', 'f'].map((name) => table.dtype(named(model, name)))).toEqual([
    'float32',
    'int64',
    'float32',
    undefined,
  ]);
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
