/** What lies between the ends of a range, and which sums bring an attention back, by hand on smallest graphs. */
import { describe, expect, it } from 'vitest';
import { Ancestry } from '../../../src/compiler/analysis/ancestry.js';
import { findAttention } from '../../../src/compiler/analysis/attention/index.js';
import { findLeak } from '../../../src/compiler/analysis/blocks/between.js';
import { groupAttentions } from '../../../src/compiler/analysis/blocks/groups.js';
import { Readers } from '../../../src/compiler/analysis/blocks/readers.js';
import { residuals } from '../../../src/compiler/analysis/blocks/residual.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { attention, blockModel } from '../../helpers/block-text.js';
import { modelOf, named } from '../../helpers/text.js';

describe('a leak of a range', () => {
  const leakOf = (
    body: string,
    streams: readonly (readonly [from: string, to: string])[],
    outputs: string,
  ) => {
    const model = modelOf(`g (float[b, 4] x, float[4] g) => (${outputs}) { ${body} }`);
    const range = {
      streams: streams.map(([from, to], stream) => ({
        stream,
        input: named(model, from),
        output: named(model, to),
      })),
    };
    const leak = findLeak(range, new Readers(model.graph), inferShapes(model));
    return leak && [leak.value.name, leak.reader?.output.name];
  };
  const LONG = 'a = Neg (x)  b = Abs (a)  c = Sin (b)  y = Exp (c)';

  it.each([
    ['is none where nobody else reads', LONG, 'y', undefined],
    ['is what the graph gives out', LONG, 'y, b', ['b', undefined]],
    ['is the first of several', `${LONG}  r = Cos (a)  s = Cos (c)`, 'y, r, s', ['a', 'r']],
    ['is the first of several, given out', LONG, 'y, a, b, c', ['a', undefined]],
    [
      'is none through an output that is left out',
      'm, , w = LayerNormalization (x, g)  n = Neg (m)  v = Abs (w)  y = Add (n, v)',
      'y',
      undefined,
    ],
    [
      'is what is read beside an output that is left out',
      'm, , w = LayerNormalization (x, g)  n = Neg (m)  v = Abs (w)  y = Add (n, v)  r = Cos (w)',
      'y, r',
      ['w', 'r'],
    ],
  ] as [string, string, string, unknown][])('%s', (_, body, outputs, expected) => {
    expect(leakOf(body, [['x', 'y']], outputs)).toEqual(expected);
  });

  // the second stream enters at h, which is computed from where the first one does
  it.each([
    [
      'is none before where another stream enters',
      'q = Neg (x)  h = Abs (q)  y = Exp (x)  z = Sqrt (h)  r = Cos (q)',
      'y, z, r',
      undefined,
    ],
    [
      'is none where another stream enters',
      'h, m = Split <axis = 1> (x)  y = Exp (m)  z = Sqrt (h)  r = Cos (h)',
      'y, z, r',
      undefined,
    ],
    [
      'is what is read on the way to one of the streams',
      'h = Abs (x)  y = Exp (x)  q = Neg (h)  z = Sqrt (q)  r = Cos (q)',
      'y, z, r',
      ['q', 'r'],
    ],
  ] as [string, string, string, unknown][])('%s', (_, body, outputs, expected) => {
    const streams = [
      ['x', 'y'],
      ['h', 'z'],
    ] as const;
    expect(leakOf(body, streams, outputs)).toEqual(expected);
  });
});

describe('attentions', () => {
  const grouped = (body: string, constants = '') => {
    const model = blockModel(body, constants);
    const shapes = inferShapes(model);
    const ancestry = new Ancestry(model.graph);
    const { found } = findAttention(model.graph, shapes);
    const { groups, refused } = groupAttentions(
      found,
      residuals(ancestry, shapes),
      ancestry,
      new Readers(model.graph),
      shapes,
    );
    return [
      groups.map(({ mixes, sums }) => [
        mixes.map((node) => node.label),
        sums.map(({ to }) => to.name),
      ]),
      refused.length,
    ];
  };

  it('that come back by one sum are one group, which has the sum once', () => {
    const both = attention('a', 'x', 'one') + attention('b', 'x', 'two');
    expect(grouped(`${both}  all = Mul (one, two)  y = Add (x, all)`)).toEqual([
      [[['a_mix', 'b_mix'], ['y']]],
      0,
    ]);
  });

  it('that come back by sums of their own are groups of their own', () => {
    const [a, b] = [attention('a', 'x', 'one'), attention('b', 'h', 'two')];
    expect(grouped(`${a}  h = Add (x, one)  ${b}  y = Add (h, two)`)).toEqual([
      [
        [['a_mix'], ['h']],
        [['b_mix'], ['y']],
      ],
      0,
    ]);
  });

  it('come back through a node of which one output is left out', () => {
    const body = `${attention('a', 'x', 'one')}
      normed, , spread = LayerNormalization (one, gains)  scaled = Mul (normed, spread)  y = Add (x, normed)`;
    expect(grouped(body, 'float[4] gains = {1, 1, 1, 1}')).toEqual([[[['a_mix'], ['y']]], 0]);
  });

  it('that come back by no sum are refused', () => {
    expect(grouped(`${attention('a', 'x', 'one')}  y = Mul (x, one)`)).toEqual([[], 1]);
  });
});
