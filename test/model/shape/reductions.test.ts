/** Reductions, and what picks along an axis: shapes against onnxruntime, in each way to name the axes. */
import { describe, it } from 'vitest';
import { casesOn, checkCase } from './cases.js';
import { CONSTANTS, SIZES, X } from './maps.js';

const { listed } = casesOn(X, CONSTANTS, SIZES);

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
