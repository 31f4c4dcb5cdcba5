/** Joining, cutting and picking: shapes and elements against onnxruntime, for bounds on every side of an axis. */
import { describe, expect, it } from 'vitest';
import { type Dim, tensorType } from '../../../src/model/ir/types.js';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { modelOf, named } from '../../helpers/text.js';
import { casesOn, checkCase, checkRefusal, nodes } from './cases.js';

const X = 'float[batch, 6, height, width] x';
const SIZES = [
  { batch: 1, height: 2, width: 3 },
  { batch: 3, height: 5, width: 1 },
] as const;
const CONSTANTS = `
  int64[5] list = {10, 11, 12, 13, 14}, int64[3, 2] pairs = {1, 2, 3, 4, 5, 6}, int64[3, 1] column = {7, 8, 9}, int64[2, 2] square = {1, 2, 3, 4},
  int64[2] two = {2, 2}, int64[2] three = {2, 3}, int64[3] parts = {1, 2, 2}, int64[1] last = {-1}, int64[1] first = {0}, int64[1] one = {1},
  int64[2] ends = {0, -1}, int64 at = {0}, int64 back = {-2}, int64[2, 3] order = {0, 4, -1, 2, 2, -5}, int64[5] same = {0, 1, 2, 3, 4},
  int64[2] same2 = {0, 1}, int64[2] both = {0, 1}, int64[1] four = {4}`;

const { listed, refusal } = casesOn(X, CONSTANTS, SIZES);

describe('known in full', () => {
  it.each([
    listed(
      'Concat',
      [
        'Concat <axis = 0> (list, one, s)',
        'Concat <axis = 0> (s, list)',
        'Concat <axis = 0> (s)',
        'Concat <axis = 0> (pairs, square)',
        'Concat <axis = 1> (pairs, column)',
        'Concat <axis = 1> (column, pairs, column)',
        'Concat <axis = -1> (pairs, column)',
        'Concat <axis = -2> (square, pairs)',
        'Concat <axis = 2> (x, x, x)',
      ],
      {},
      's = Shape (x)',
    ),
    listed('Split', [], {
      body: `
        a, b, c = Split (list, parts)
        d, e = Split <axis = 1> (pairs, both1)
        f, g, h = Split <axis = -2> (pairs)
        i, j = Split <axis = 1> (x)`,
      constants: `${CONSTANTS}, int64[2] both1 = {1, 1}`,
      outputs: 'a, b, c, d, e, f, g, h, i, j',
    }),
    listed('Split by attributes', [], {
      opset: 11,
      body: 'a, b, c = Split <split = [1, 0, 4]> (list)  d, e = Split <axis = 1> (pairs)',
      outputs: 'a, b, c, d, e',
    }),
    listed('Split into parts of which the last is smaller', [], {
      opset: 18,
      body: 'a, b, c = Split <num_outputs = 3> (list)  d, e = Split <axis = -1, num_outputs = 2> (x)  f, g = Split <num_outputs = 2> (pairs)',
      outputs: 'a, b, c, d, e, f, g',
      sizes: [2, 3, 7, 8].map((width) => ({ batch: 1, height: 1, width })),
    }),
    listed(
      'Gather',
      [
        'Gather (list, order)',
        'Gather (list, at)',
        'Gather (list, back)',
        'Gather (pairs, at)',
        'Gather <axis = 1> (pairs, square01)',
        'Gather <axis = -1> (pairs, last)',
        'Gather <axis = 2> (x, last)',
        'Gather <axis = 1> (x, at)',
        'Gather <axis = -4> (x, first)',
      ],
      { constants: `${CONSTANTS}, int64[2, 2] square01 = {1, 0, -1, -2}` },
    ),
    listed(
      'Gather by tuples, and scattering',
      [
        'GatherND (x, tuples)',
        'GatherND <batch_dims = 1> (u, single)',
        'GatherND (u, deep)',
        'GatherElements <axis = 1> (u, places)',
        'ScatterElements <axis = 1> (u, places, update)',
        'ScatterND (u, single, u)',
      ],
      {
        inputs: `${X}, float[2, 3, 4] u`,
        constants:
          'int64[3, 2, 2] tuples = {0, 1, 0, 5, -1, 2, 0, 0, 0, 4, 0, 3}, int64[2, 1] single = {1, 0}, int64[1, 3] deep = {1, 2, 3}, int64[2, 1, 4] places = {0, 1, 2, 0, 1, 1, 2, 2}, float[2, 1, 4] update = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0}',
      },
    ),
    listed('Gather by one tuple', ['GatherND (u, single)', 'GatherND (u, deep)'], {
      inputs: 'float[2, height, 4] u',
      constants: 'int64[1] single = {1}, int64[2] deep = {1, 0}',
    }),
    listed('Scatter', ['Scatter <axis = 0> (u, places, update)'], {
      opset: 10,
      inputs: `${X}, float[batch, 2] u`,
      constants: 'int64[1, 2] places = {0, 0}, float[1, 2] update = {1.0, 2.0}',
    }),
    listed('Pad', ['Pad (y, p)', 'Pad (y, cut)', 'Pad <mode = "edge"> (y, p)', 'Pad (y, q)'], {
      inputs: 'float[height, width] y',
      constants: 'int64[4] p = {1, 0, 2, 5}, int64[4] cut = {-1, 2, 0, -1}, int64[2] h0 = {0, 0}',
      ...nodes(
        ['Pad (y, p)', 'Pad (y, cut)', 'Pad <mode = "edge"> (y, p)', 'Pad (y, q)'],
        's = Shape (y)  q = Concat <axis = 0> (s, h0)',
      ),
      sizes: [
        { height: 2, width: 3 },
        { height: 4, width: 2 },
      ],
    }),
    listed('Pad of some axes', ['Pad (y, p, "", last)', 'Pad (y, q, "", turned)', 'Pad (y, q)'], {
      opset: 18,
      inputs: 'float[height, width] y',
      constants: `int64[2] p = {3, 1}, int64[4] q = {1, 2, 3, 4}, int64[1] last = {-1}, int64[2] turned = {1, 0}`,
      sizes: [{ height: 2, width: 3 }],
    }),
    listed('Pad by inputs since opset 11', ['Pad (y, p)'], {
      opset: 11,
      inputs: 'float[height, width] y',
      constants: 'int64[4] p = {1, 0, 2, 5}',
      sizes: [{ height: 2, width: 3 }],
    }),
    listed('Pad by attributes', ['Pad <pads = [1, 0, 2, 5]> (y)'], {
      opset: 10,
      inputs: 'float[height, width] y',
      sizes: [{ height: 2, width: 3 }],
    }),
  ])('$name', checkCase);
});

/** Elements that no rule follows, though they are those of a constant. */
const HIDDEN = `k = GatherElements (two, same2)  k1 = GatherElements (one, first)  k3 = GatherElements (parts, same3)`;

it.each(
  [
    listed(
      'Concat of lists that are known in part',
      [
        'Concat <axis = 0> (k, s, k1)',
        'Concat <axis = 1> (pairs, p2)',
        'Concat <axis = 0> (k, k1)',
      ],
      {},
      `${HIDDEN}  s = Shape (x)  p2 = GatherElements <axis = 1> (pairs, places)`,
    ),
    listed('Split into parts that are not known', [], {
      ...nodes(['Identity (b)'], `${HIDDEN}  a, b, c = Split (list, k3)`),
    }),
    listed(
      'Gather and Pad by what is not known',
      ['Gather (list, k)', 'Gather (pairs, k1)', 'Gather (k, first)', 'Pad (list, k)'],
      {},
      HIDDEN,
    ),
  ].map((test) => ({
    ...test,
    constants: `${CONSTANTS}, int64[3] same3 = {0, 1, 2}, int64[3, 2] places = {0, 1, 0, 1, 0, 1}, int64[1] i2 = {2}, int64[1] i3 = {3}`,
    open: true,
  })),
)('$name', checkCase);

it.each([
  refusal('Concat of other ranks', 'y = Concat <axis = 0> (list, pairs)', 'differ in rank'),
  refusal(
    'Concat of other sizes',
    'y = Concat <axis = 0> (pairs, column)',
    'the sizes 2 and 1 must be equal',
  ),
  refusal(
    'Concat of a third of another size',
    'y = Concat <axis = 0> (pairs, pairs, column)',
    'must be equal',
  ),
  refusal(
    'Concat along no axis',
    'y = Concat <axis = 1> (list, list)',
    'axis 1 is out of range for rank 1',
  ),
  refusal(
    'Concat along an axis before the first',
    'y = Concat <axis = -2> (list, list)',
    'out of range',
  ),
  refusal('Concat of nothing', 'y = Concat <axis = 0> ()', 'no inputs'),
  refusal(
    'more parts than Split has elements for',
    'y, b, c, d = Split <num_outputs = 4> (list)',
    'a size is negative',
    { opset: 18, outputs: 'y, b, c, d' },
  ),
  refusal('Gather along no axis', 'y = Gather <axis = 2> (pairs, at)', 'out of range'),
  refusal('too few pads', 'y = Pad (pairs, two)', 'pads are too few for 2 axes'),
])('refuses $name', checkRefusal);

describe('the elements of a Concat', () => {
  const said = (signature: string, body: string, sizes: Record<string, Dim[]> = {}) => {
    const model = modelOf(`g (${signature}) => (y) { ${body} }`);
    for (const [name, shape] of Object.entries(sizes))
      named(model, name).type = tensorType('int64', shape);
    const table = inferShapes(model);
    return [
      table.shape(named(model, 'y'))?.join(),
      table.contents(named(model, 'y'))?.map((e) => e.constant),
    ] as const;
  };
  const ones = (name: string, ...sizes: number[]) =>
    `n${name} = Constant <value_ints = [${sizes}]> ()  ${name} = ConstantOfShape <value = int64[1] {1}> (n${name})`;

  it.each([
    ['as many as are followed', '256', ones('a', 254), ones('b', 2), 256],
    ['one more', '257', ones('a', 255), ones('b', 2), undefined],
    ['more in rows', '4,100', ones('a', 2, 100), ones('b', 2, 100), undefined],
  ])('are known or not: %s', (_, shape, a, b, count) => {
    const [size, contents] = said('', `${a}  ${b}  y = Concat <axis = 0> (a, b)`);
    expect([size, contents?.length]).toEqual([shape, count]);
  });

  it('are those of the lists that are known', () => {
    const pair = 'pair = Constant <value_ints = [4, 5]> ()';
    expect(said('int64[1] k', `${pair} y = Concat <axis = 0> (pair, k)`)).toEqual([
      '3',
      [4, 5, undefined],
    ]);
    expect(said('int64[1] k', `${pair} y = Concat <axis = 0> (k, pair)`)).toEqual([
      '3',
      [undefined, 4, 5],
    ]);
  });

  it('are not known where sizes cancel', () => {
    const sizes: Record<string, Dim[]> = { k: ['n'], l: ['4-n'] };
    const inputs = 'int64[1] k, int64[1] l';
    expect(said(inputs, 'y = Concat <axis = 0> (k, l)', sizes)).toEqual(['4', undefined]);
    const pair = 'pair = Constant <value_ints = [4, 5]> ()';
    expect(said(inputs, `${pair} y = Concat <axis = 0> (k, pair, l)`, sizes)).toEqual([
      '6',
      undefined,
    ]);
  });
});
