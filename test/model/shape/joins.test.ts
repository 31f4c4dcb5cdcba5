/** Sizes that a node joins, against what numpy's broadcasting and equality say of the numbers behind them. */
import { describe, expect, it } from 'vitest';
import { type Dim, tensorType } from '../../../src/model/ir/types.js';
import { RuleContext, readSmall } from '../../../src/model/operators/rules/context.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { hasFreshSymbol } from '../../../src/model/sizes/dim.js';
import { parseDim } from '../../../src/model/sizes/parse.js';
import { evaluate } from '../../../src/model/sizes/substitute.js';
import { modelOf, named } from '../../helpers/text.js';

const SIZES: readonly Dim[] = [1, 2, 3, 'a', 'b', 'a*2'];
const PAIRS = SIZES.flatMap((x) => SIZES.map((y) => [x, y] as const));
const BINDINGS = [1, 2, 3].flatMap((a) => [1, 2, 3].map((b) => new Map(Object.entries({ a, b }))));

const sizeOf = (size: Dim, at: ReadonlyMap<string, number>) => evaluate(parseDim(`${size}`), at)!;

const joined = (node: string, x: readonly Dim[], y: readonly Dim[]) => {
  const model = modelOf(`g (float[1] x, float[1] y) => (z) { z = ${node} }`);
  named(model, 'x').type = tensorType('float32', x);
  named(model, 'y').type = tensorType('float32', y);
  const table = inferShapes(model);
  return { table, shape: table.shape(named(model, 'z')), why: table.whyUnknown(named(model, 'z')) };
};

const broadcast = (m: number, n: number) => (m === n || n === 1 ? m : m === 1 ? n : undefined);

describe('sizes that are joined', () => {
  it.each(PAIRS)('broadcast: %s and %s', (x, y) => {
    const { table, shape, why } = joined('Add (x, y)', [x], [y]);
    for (const at of BINDINGS) {
      const real = broadcast(sizeOf(x, at), sizeOf(y, at));
      // two sizes of which neither is a number are taken to be the same
      const taken = table.equalities.every(
        ({ kept, other }) =>
          kept.constant !== undefined || evaluate(kept, at) === evaluate(other, at),
      );
      if (real === undefined || !taken) continue;
      expect(why).toBeUndefined();
      expect(evaluate(shape![0]!, at)).toBe(real);
    }
    if (typeof x === 'number' && typeof y === 'number' && broadcast(x, y) === undefined)
      expect(why).toContain(`the sizes ${x} and ${y} do not broadcast`);
  });

  it.each(PAIRS)('must be equal: %s and %s', (x, y) => {
    const { table, shape, why } = joined('Concat <axis = 0> (x, y)', [1, x], [1, y]);
    const fits = BINDINGS.filter((at) => sizeOf(x, at) === sizeOf(y, at));
    for (const at of fits) expect(evaluate(shape![1]!, at)).toBe(sizeOf(x, at));
    if (why) expect(fits).toEqual([]);
    expect(table.equalities).toHaveLength(why || x === y ? 0 : 1);
  });

  it.each([
    [2, 3],
    ['a', 'a*2'],
  ])('must be equal: never are %s and %s', (x, y) => {
    const { why } = joined('Concat <axis = 0> (x, y)', [1, x], [1, y]);
    expect(why).toContain(`the sizes ${x} and ${y} must be equal`);
  });

  it.each([
    ['a', 'b', 'a', 'b'],
    ['b', 'a', 'b', 'a'],
    ['a*2', 'b', 'b', 'a*2'],
    ['b', 'a*2', 'b', 'a*2'],
    ['a', 3, '3', 'a'],
    [3, 'a', '3', 'a'],
    ['a*2', 3, '3', 'a*2'],
    [3, 'a*2', '3', 'a*2'],
    ['a', 100, '100', 'a'],
  ] as [Dim, Dim, string, string][])('of %s and %s %s stays', (x, y, kept, other) => {
    for (const [node, kind, more] of [
      ['Add (x, y)', 'broadcast', []],
      ['Concat <axis = 0> (x, y)', 'required', [1]],
    ] as [string, string, Dim[]][]) {
      const { table, shape } = joined(node, [...more, x], [...more, y]);
      expect(`${shape?.at(-1)}`).toBe(kept);
      expect(table.equalities.map((e) => `${e.kept} = ${e.other}: ${e.kind}`)).toEqual([
        `${kept} = ${other}: ${kind}`,
      ]);
    }
  });

  it.each([
    [[2, 3], ['a', 1, 3], 'a,2,3'],
    [['a', 1, 3], [2, 3], 'a,2,3'],
    [[], ['a'], 'a'],
    [['a'], [], 'a'],
    [['a', 1], [1, 'b'], 'a,b'],
    [[0], [1], '0'],
  ] as [Dim[], Dim[], string][])('of the shapes [%s] and [%s]', (x, y, expected) => {
    expect(joined('Add (x, y)', x, y).shape?.join()).toBe(expected);
  });

  it('of no inputs at all are none', () => {
    expect(joined('Sum ()', [1], [1]).why).toContain('it has no inputs');
  });
});

it('of an output beyond those that an operator has nothing is known', () => {
  const model = modelOf('g (float[b] x) => (z) { y, more = Neg (x)  z = Exp (more) }');
  expect(inferShapes(model).whyUnknown(named(model, 'z'))).toContain(
    'the shape of its input "more" is not known',
  );
});

it('an element that is too long to make is made up, and nothing but the element', () => {
  const model = modelOf('g (float[1] x) => (y) { n = Shape (x)  y = Mul (n, n) }');
  const terms = Array.from({ length: 33 }, (_, i) => `s${i}`);
  named(model, 'x').type = tensorType('float32', [terms.join('+'), 3]);
  const table = inferShapes(model);
  expect(table.shape(named(model, 'y'))?.join()).toBe('2');
  const [long, short] = table.contents(named(model, 'y'))!;
  expect([hasFreshSymbol(long!), short!.constant]).toEqual([true, 9]);

  const context = new RuleContext([...model.graph.nodes][0]!, 17, undefined as never);
  const fault = () => {
    throw new RangeError('of another kind');
  };
  expect(() => context.element(fault)).toThrow('of another kind');
});

describe('a small tensor', () => {
  const bytes = (count: number) => ({ kind: 'bytes', bytes: new Uint8Array(count) }) as const;
  it.each([
    ['in memory', 'uint8', [2, 3], bytes(6), 6],
    ['of as many elements as the limit', 'uint8', [16, 16], bytes(256), 256],
    ['of one more', 'uint8', [257], bytes(257), undefined],
    ['of more along several axes', 'uint8', [3, 100], bytes(300), undefined],
    ['in a typed field', 'int32', [2], { kind: 'typed', field: 'int32Data', values: [4, 5] }, 2],
    [
      'in the model file',
      'uint8',
      [3],
      {
        kind: 'range',
        source: { size: 9, read: (_: number, length: number) => new Uint8Array(length) },
        offset: 4,
        length: 3,
      },
      3,
    ],
    [
      'in another file',
      'uint8',
      [3],
      { kind: 'external', location: 'w', offset: 0, length: 3, files: undefined },
      undefined,
    ],
    ['of strings', 'string', [1], { kind: 'strings', values: [new Uint8Array(1)] }, undefined],
    ['without data', 'uint8', [1], { kind: 'none' }, undefined],
    ['of what are no numbers', 'string', [1], bytes(1), undefined],
  ] as [string, 'uint8', number[], never, number | undefined][])(
    '%s is read or not',
    (_, dtype, dims, data, count) => {
      expect(readSmall({ dtype, dims, data })?.length).toBe(count);
    },
  );
});
