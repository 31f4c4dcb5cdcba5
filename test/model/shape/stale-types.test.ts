/** Declarations that contradict what is inferred go; those that do not, or cannot be judged, stay. */
import { describe, expect, it } from 'vitest';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import type { Model } from '../../../src/model/ir/model.js';
import { type Dim, tensorType } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';
import { dropStaleTypes, inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';

const BODY =
  'float[batch, 4] x, float[n, 4] u) => (z) { y = Neg (x)  z = Exp (y)  k = NonZero (x)  v = Concat <axis = 0> (x, u)  w = Neg (y)';

const declared = (value: Value) =>
  value.type?.kind === 'tensor' ? (value.type.shape?.join() ?? 'no shape') : 'nothing';

function dropped(shapes: Record<string, Dim[] | undefined>, body = BODY): Record<string, string> {
  const model = modelOf(`g (${body} }`);
  for (const [name, shape] of Object.entries(shapes)) {
    const value = named(model, name);
    value.type = { kind: 'tensor', elem: 'float32', ...(shape && { shape }) };
    if (value.producer) model.graph.declared.add(value);
  }
  dropStaleTypes(model.graph, inferShapes(model));
  for (const name of Object.keys(shapes)) {
    const value = named(model, name);
    if (value.isGraphInput || value.isGraphOutput)
      expect(model.graph.declared.has(value)).toBe(false);
    else expect(model.graph.declared.has(value)).toBe(value.type !== undefined);
  }
  return Object.fromEntries(
    Object.keys(shapes).map((name) => [name, declared(named(model, name))]),
  );
}

describe('what is declared of a value', () => {
  it.each([
    ['as it is', ['batch', 4], 'batch,4'],
    ['of another number', [1, 4], 'nothing'],
    ['of another number behind', ['batch', 5], 'nothing'],
    ['of another symbol of the inputs', ['n', 4], 'nothing'],
    ['of another expression in symbols of the inputs', ['batch*2', 4], 'nothing'],
    ['of the same expression', ['batch+0', 4], 'batch+0,4'],
    ['of another rank', ['batch'], 'nothing'],
    ['of a larger rank', ['batch', 4, 1], 'nothing'],
    ['of a symbol of its own', ['other', 4], 'other,4'],
    ['of expressions in a symbol of its own', ['other*2', 4], 'other*2,4'],
    ['of no size', [null, 4], ',4'],
    ['of an empty name', ['', 4], ',4'],
    ['of -1, as some exporters write', [-1, 4], '-1,4'],
    ['of 0', [0, 4], 'nothing'],
    ['without a shape', undefined, 'no shape'],
  ] as [string, Dim[] | undefined, string][])('%s', (_, shape, expected) => {
    expect(dropped({ y: shape })).toEqual({ y: expected });
  });

  it('is judged by what a symbol of its own stood for before', () => {
    expect(dropped({ y: ['m', 4], w: ['m', 4] })).toEqual({ y: 'm,4', w: 'm,4' });
    expect(dropped({ y: ['m', 4], v: ['m', 4] })).toEqual({ y: 'm,4', v: 'nothing' });
    expect(dropped({ y: ['m', 'm'] })).toEqual({ y: 'nothing' });
  });

  it('stays where the size depends on data', () => {
    expect(dropped({ k: [2, 7] })).toEqual({ k: '2,7' });
    expect(dropped({ k: [3, 7] })).toEqual({ k: 'nothing' });
  });

  it('of an output is what is inferred', () => {
    expect(dropped({ z: [1, 4] })).toEqual({ z: 'batch,4' });
    expect(dropped({ z: ['batch', 4] })).toEqual({ z: 'batch,4' });
    expect(dropped({ k: [9, 9, 9] }, 'float[batch, 4] x) => (k) { k = NonZero (x)')).toEqual({
      k: '2,',
    });
  });

  it('of an input is believed', () => {
    expect(dropped({ x: [1, 4] })).toEqual({ x: '1,4' });
  });

  it('may be a size that an operator fails without', () => {
    const joined = (body: string, u: Dim[]) =>
      dropped({ t: u }, `float[n, a] x, float[b, 4] u, float[c] v) => (z) { ${body}`);
    // the product fails unless a equals b
    expect(joined('p = MatMul (x, u)  t = Neg (u)  z = Neg (t)', ['a', 4])).toEqual({ t: 'a,4' });
    expect(joined('p = MatMul (x, u)  t = Neg (u)  z = Neg (t)', ['n', 4])).toEqual({
      t: 'nothing',
    });
    // what is broadcast may be 1
    expect(joined('p = Add (x, v)  t = Neg (v)  z = Neg (t)', ['a'])).toEqual({ t: 'nothing' });
    // by way of a third
    const three = (t: Dim[]) =>
      dropped(
        { t },
        'float[n, a] x, float[b, 4] u, float[m, c] v, float[4, b] w) => (z) { p = MatMul (x, u)  q = MatMul (v, u)  r = MatMul (x, u)  t = Neg (v)  z = Neg (t)',
      );
    expect(three(['m', 'a'])).toEqual({ t: 'm,a' });
    expect(three(['m', 'b'])).toEqual({ t: 'm,b' });
    expect(three(['m', 'n'])).toEqual({ t: 'nothing' });
  });

  it('inside of a graph goes like any other, and its inputs and outputs take what is inferred', () => {
    const model: Model = modelOf(`g (float[batch, 4] x, int64 n, bool go) => (y) {
      y = Loop (n, go, x) <body = body (int64 i, bool c, float[1, 4] a) => (bool d, float[1, 4] b) {
        d = Identity (c)
        e = Neg (a)
        b = Exp (e)
      }>
    }`);
    const [body] = [...model.graph.nodes].flatMap((node) => [...subgraphs(node)]);
    const inner = (name: string) => [...body!.values()].find((v) => v.name === name)!;
    for (const name of ['e', 'b', 'a']) {
      inner(name).type = tensorType('float32', [1, 4]);
      body!.declared.add(inner(name));
    }
    dropStaleTypes(model.graph, inferShapes(model));
    expect(['a', 'e', 'b'].map((name) => declared(inner(name)))).toEqual([
      'batch,4',
      'nothing',
      'batch,4',
    ]);
    expect([...body!.declared]).toEqual([]);
  });
});
