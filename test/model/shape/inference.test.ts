/** How inference goes about it: names it makes up, what declarations add, and what it says of a value. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import { int64Tensor } from '../../../src/model/ir/tensor.js';
import { type Dim, tensorType } from '../../../src/model/ir/types.js';
import {
  bytesOf,
  bytesOfAll,
  type InferOptions,
  inferShapes,
  sizeOf,
} from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';

const said = (model: Model, names: readonly string[], options?: InferOptions) => {
  const table = inferShapes(model, options);
  return names.map(
    (name) => table.shape(named(model, name))?.join() ?? table.whyUnknown(named(model, name)),
  );
};
const declare = (model: Model, name: string, shape?: Dim[]) => {
  named(model, name).type = { kind: 'tensor', elem: 'float32', ...(shape && { shape }) };
};

describe('names that are made up', () => {
  it('are no names that the model declares, and no two are the same', () => {
    const model = modelOf(
      'g (float[y_dim_1, b] x, float[c] z) => (y, w) { y = NonZero (x)  w = NonZero (z) }',
    );
    expect(said(model, ['y', 'w'])).toEqual(['2,y_dim_1.1', '1,w_dim_1']);
  });

  it('are none of several that the model declares, and count on', () => {
    const model = modelOf(
      'g (float[y_dim_1, "y_dim_1.1"] x) => (y) { y = NonZero (x)  z = NonZero (x) }',
    );
    expect(said(model, ['y', 'z'])).toEqual(['2,y_dim_1.2', '2,z_dim_1']);
  });

  it('are none that a graph inside of a node declares', () => {
    const model = modelOf(`g (float[b] x, bool c) => (y) {
      k = NonZero (x)
      y = If (c) <
        then_branch = yes () => (int64[1, k_dim_1] p) { p = NonZero (x) },
        else_branch = no () => (int64[1, k_dim_1] q) { q = NonZero (x) }>
    }`);
    expect(said(model, ['k'])).toEqual(['1,k_dim_1.1']);
  });

  it('count on where one value has several', () => {
    const model = modelOf(
      'g (float[b, 2] x, int64[2] n) => (y, s) { y = Tile (x, n)  k = Shape (y)  s = Add (k, k) }',
    );
    const [y] = said(model, ['y']);
    expect(y).toBe('y_dim_0,y_dim_1');
    const loop = modelOf(`g (float[b] x, int64 n, bool go) => (y) {
      y = Loop (n, go, x) <body = body (int64 i, bool c, float[] a) => (bool d, float[] e) {
        d = Identity (c)
        e = Concat <axis = 0> (a, a)
      }>
    }`);
    const [size] = said(loop, ['y']);
    expect(size).toMatch(/^y_dim_0/);
  });
});

describe('what is declared', () => {
  it.each([
    ['the shape where no rule has one', [7, 'b'], '7,b'],
    ['no shape', undefined, 'no shape rule for this operator'],
  ] as [string, Dim[] | undefined, string][])('adds %s', (_, shape, expected) => {
    const model = modelOf('g (float[b, 2] x) => (z) { y = Twist (x)  z = Exp (y) }');
    declare(model, 'y', shape);
    expect(said(model, ['z'])[0]).toContain(expected);
  });

  it.each([
    ['a number for what is made up', [2, 9], '2,9'],
    ['no name for what is made up', [2, 'n'], '2,y_dim_1'],
    ['no number below zero', [2, -1], '2,y_dim_1'],
    ['zero', [2, 0], '2,0'],
    ['no size where none is stated', [2, null], '2,y_dim_1'],
    ['nothing to what is known', [3, 9], '2,9'],
    ['nothing of another rank', [2, 9, 1], '2,y_dim_1'],
    ['nothing of a smaller rank', [9], '2,y_dim_1'],
  ] as [string, Dim[], string][])('adds %s', (_, shape, expected) => {
    const model = modelOf('g (float[b, 2] x) => (z) { y = NonZero (x)  z = Neg (y) }');
    declare(model, 'y', shape);
    expect(said(model, ['z'])).toEqual([expected]);
    // what NonZero makes are whole numbers, whatever is declared
    expect(inferShapes(model).dtype(named(model, 'z'))).toBe('int64');
  });

  it('gives the type of what has no rule', () => {
    const model = modelOf('g (float[b, 2] x) => (z) { y = Twist (x)  z = Exp (y) }');
    for (const shape of [undefined, [7]]) {
      declare(model, 'y', shape);
      expect(inferShapes(model).dtype(named(model, 'z'))).toBe('float32');
    }
  });

  it('of an initializer that is sparse counts, but its elements are not known', () => {
    const model = modelOf(
      'g (int64[2] k, float[6] x) => (y, s) { s = Neg (k)  y = Reshape (x, k) }',
    );
    const k = named(model, 'k');
    model.graph.sparseInitializers.set(k, {});
    expect(said(model, ['s', 'y'])).toEqual(['2', expect.stringMatching(/^y_dim_0/)]);
    expect(said(model, ['s'], { inputs: { k: [3] } })).toEqual(['3']);
    const inner = model.graph.newValue('w', undefined, 0);
    inner.type = tensorType('int64', [2]);
    model.graph.sparseInitializers.set(inner, {});
    for (const node of model.graph.nodes) node.setInput(node.inputs.indexOf(k), inner);
    expect(said(model, ['s', 'y'])).toEqual(['2', expect.stringMatching(/^y_dim_0/)]);
  });

  it('of an input counts rather than the default that it has', () => {
    const model = modelOf('g (int64[2] k, float[6] x) => (y) { y = Reshape (x, k) }');
    const k = named(model, 'k');
    model.graph.setInitializer(k, int64Tensor([3n, 2n]));
    expect(said(model, ['y'])).toEqual([expect.stringMatching(/^y_dim_0.*,y_dim_1/)]);
    expect(said(model, ['y'], { contents: { k: [2, 3] } })).toEqual(['2,3']);
  });

  it('of an input is read as text, and without a size is a symbol', () => {
    const model = modelOf('g (float[b, 2] x) => (y) { y = Neg (x) }');
    named(model, 'x').type = tensorType('float32', [null, '', -1, 0, 3, 'b*2']);
    expect(said(model, ['y'])).toEqual(['x_dim_0,x_dim_1,x_dim_2,0,3,b*2']);
    expect(
      said(model, ['y'], {
        bindings: new Map([
          ['b', 3],
          ['x_dim_0', 5],
        ]),
      }),
    ).toEqual(['5,x_dim_1,x_dim_2,0,3,6']);
  });

  it('counts of an initializer that is an input as well', () => {
    const model = modelOf(
      'g (float[2, 3] w, float[2] x) => (y) <float[2, 3] k = {1, 2, 3, 4, 5, 6}> { y = Add (k, w) }',
    );
    expect(said(model, ['y', 'k'])).toEqual(['2,3', '2,3']);
    const both = modelOf('g (float[2, 3] w) => (y) { y = Neg (w) }');
    const w = named(both, 'w');
    w.type = undefined;
    expect(said(both, ['y'])[0]).toContain('nothing is declared about "w"');
    w.initializer = { dtype: 'float32', dims: [4, 5], data: { kind: 'none' } };
    const table = inferShapes(both);
    expect([table.dtype(w), table.shape(w)?.join()]).toEqual(['float32', '4,5']);
  });
});

describe('elements that are known beforehand', () => {
  const model = () => modelOf('g (int64[2] k, float[6] x) => (y) { y = Reshape (x, k) }');
  it('count', () => {
    expect(said(model(), ['y'], { contents: { k: [3, 2] } })).toEqual(['3,2']);
    expect(said(model(), ['y'])).toEqual([expect.stringMatching(/^y_dim_0.*,y_dim_1/)]);
  });
});

describe('of a value', () => {
  const model = modelOf(
    'g (float[b, 2] x) => (n, f, s, o) { n = Shape (x)  f = Cast <to = 1> (n)  s = SequenceConstruct (x)  o = Optional (x)  c = Cast <to = 9> (n) }',
  );
  const other = modelOf('g (float[2] x) => (y) { y = Neg (x) }');

  it('the elements are told where it holds whole numbers', () => {
    const table = inferShapes(model);
    expect(
      ['n', 'f', 's', 'c', 'x'].map((name) => table.contents(named(model, name))?.join()),
    ).toEqual(['b,2', undefined, undefined, '1,1', undefined]);
  });

  it('it is told why it cannot go from one model to another', () => {
    const table = inferShapes(model);
    expect(['x', 'n', 's', 'o'].map((name) => table.whyNoTensor(named(model, name)))).toEqual([
      undefined,
      undefined,
      'it is a sequence',
      'it is optional',
    ]);
    expect(['x', 's', 'o'].map((name) => table.holdsTensors(named(model, name)))).toEqual([
      false,
      true,
      true,
    ]);
    expect(table.holdsTensors(named(other, 'y'))).toBe(false);
    expect(table.whyNoTensor(named(other, 'y'))).toBe('the type of its elements is not known');
    expect(table.whyUnknown(named(other, 'y'))).toBe(
      '"y" is not part of the graph that was inferred',
    );
    const twisted = modelOf('g (float[2] x) => (y) { y = Twist (x) }');
    expect(inferShapes(twisted).whyNoTensor(named(twisted, 'y'))).toMatch(
      /is not known: node .*no shape rule/,
    );
  });

  it('the sizes are numbers only where all of them are', () => {
    const table = inferShapes(model);
    expect(table.concrete(named(model, 'x'), new Map([['b', 3]]))).toEqual([3, 2]);
    expect(table.concrete(named(model, 'x'), new Map())).toBeUndefined();
    expect(table.concrete(named(model, 's'), new Map([['b', 3]]))).toBeUndefined();
  });
});

describe('what is stated', () => {
  const at = new Map([['b', 3]]);
  it('comes to sizes and bytes', () => {
    expect([sizeOf(4, at), sizeOf('b*2', at), sizeOf('c', at), sizeOf(null, at)]).toEqual([
      4,
      6,
      undefined,
      undefined,
    ]);
    expect(bytesOf({ type: 'float16', shape: ['b', 5] }, at)).toBe(30);
    expect(bytesOf({ type: 'float32', shape: [] }, at)).toBe(4);
    expect(bytesOf({ type: 'float32', shape: ['b', 'c'] }, at)).toBeUndefined();
    expect(
      bytesOfAll(
        [
          { type: 'float16', shape: ['b'] },
          { type: 'int64', shape: [2] },
        ],
        at,
      ),
    ).toBe(22);
    expect(bytesOfAll([], at)).toBe(0);
    expect(
      bytesOfAll(
        [
          { type: 'float16', shape: ['b'] },
          { type: 'int64', shape: ['c'] },
        ],
        at,
      ),
    ).toBeUndefined();
  });
});
