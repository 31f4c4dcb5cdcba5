/** Reductions, and what picks along an axis: shapes against onnxruntime, in each way to name the axes. */
import { describe, it } from 'vitest';
import { type Case, checkCase, nodes } from './cases.js';

const X = 'float[batch, 6, height, width] x';
const SIZES = [
  { batch: 1, height: 2, width: 3 },
  { batch: 3, height: 5, width: 1 },
  { batch: 1, height: 10, width: 7 },
];
const CONSTANTS = `
  int64 zero = {0}, int64 one = {1}, int64 two = {2}, int64 five = {5}, int64 minus = {-2}, int64[2] pair = {2, 3}, int64[2] large = {20, 20},
  int64[1] none = {0}, int64[3] at = {0, 2, -1}, int64[1] first = {0}, int64[2] same = {0, 1}, float f0 = {0.0}, float f1 = {1.0}, float f3 = {3.0}, float half = {0.5},
  float[2] onoff = {0.0, 1.0}, int64[2] onoff64 = {0, 1}, int64[4] sizes = {1, 6, 7, 4}, int64[2] both = {9, 4}, int64[1] i0 = {0},
  float[4] twice = {1.0, 1.0, 2.0, 1.5}, float[4] odd = {1.0, 1.0, 0.7, 0.3}, float[4] third = {1.0, 1.0, 0.33333334, 1.1}, float[4] up = {1.0, 1.0, 1.1, 1.7}, float[2] two2 = {0.5, 3.0}, float[8] roi = {0.0, 0.0, 0.2, 0.2, 1.0, 1.0, 0.8, 0.8}, float[0] noscale = {}`;

const listed = (
  name: string,
  lines: readonly string[],
  more: Partial<Case> = {},
  first = '',
): Case => ({
  name,
  inputs: X,
  constants: CONSTANTS,
  ...nodes(lines, first),
  sizes: SIZES,
  ...more,
});

describe('reductions', () => {
  it.each([
    listed('TopK', [], {
      body: 'a, b = TopK (x, one1)  c, d = TopK <axis = 1, largest = 0> (x, two1)  e, f = TopK <axis = -2> (x, one1)',
      constants: 'int64[1] one1 = {1}, int64[1] two1 = {2}',
      outputs: 'a, b, c, d, e, f',
      data: true,
    }),
    listed('TopK by an attribute', [], {
      opset: 9,
      body: 'a, b = TopK <k = 2, axis = 1> (x)',
      outputs: 'a, b',
      data: true,
    }),
    listed('TopK of a number that is not known', [], {
      body: 'k = GatherElements (first1, first)  a, b = TopK (x, k)',
      constants: `${CONSTANTS}, int64[1] first1 = {1}`,
      outputs: 'a, b',
      open: true,
    }),
    listed(
      'ArgMax and ArgMin',
      [
        'ArgMax (x)',
        'ArgMin <axis = 2> (x)',
        'ArgMax <axis = -1, keepdims = 0> (x)',
        'ArgMin <axis = -4, keepdims = 1> (x)',
      ],
      { data: true },
    ),
    ...[13, 18].map((opset) =>
      listed(
        `reductions in opset ${opset}`,
        [
          ...[
            'Mean',
            'L1',
            'L2',
            'LogSum',
            'LogSumExp',
            'SumSquare',
            'Prod',
            'Max',
            'Min',
            'Sum',
          ].flatMap((op) => {
            const asInput = op === 'Sum' || opset === 18;
            const reduce = (more: string, axes: string, list: string) => {
              const attributes = [more, asInput || !axes ? '' : `axes = [${axes}]`]
                .filter(Boolean)
                .join();
              return `Reduce${op} ${attributes && `<${attributes}>`} (x${asInput && axes ? `, ${list}` : ''})`;
            };
            return [
              reduce('', '', ''),
              reduce('keepdims = 0', '', ''),
              reduce('', '1, -1', 'mixed'),
              reduce('keepdims = 0', '1, -1', 'mixed'),
              reduce('keepdims = 1', '2', 'i2'),
              reduce('keepdims = 0', '0', 'i0'),
              ...(asInput
                ? [
                    reduce('noop_with_empty_axes = 1', '', ''),
                    `Reduce${op} <noop_with_empty_axes = 1> (x, i2)`,
                  ]
                : []),
            ];
          }),
        ],
        { opset, constants: `${CONSTANTS}, int64[2] mixed = {1, -1}, int64[1] i2 = {2}` },
      ),
    ),
    listed(
      'reductions of axes that are not known',
      ['ReduceSum (x, k1)', 'ReduceSum (pair, k1)'],
      { open: true },
      'k1 = GatherElements (first, first)',
    ),
  ])('$name', checkCase);
});
