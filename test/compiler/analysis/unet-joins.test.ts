/** Where a skip meets the main branch, in spellings that no export of images has. */
import { describe, expect, test } from 'vitest';
import { analyzeUnet } from '../../../src/compiler/analysis/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';

describe('joins', () => {
  const joined = (x: string, join: string, more = '') =>
    modelOf(`g (float${x} x) => (float out)
    <float[2,2,1] w = {1, 0, 0, 1}, float[1,1,8] place = {1, 2, 3, 4, 5, 6, 7, 8}> {
      ${more || '[e] e = Conv (x, w)'}
      [mid] mid = Conv (e, w)
      [j] j = Concat <axis = 1> ${join}
      [out] out = ReduceSum (j)
    }`);
  const analyzed = (model: Model) => {
    const found = analyzeUnet(model.graph, inferShapes(model));
    return (
      found.isUnet && found.joins.map((j) => [j.branch, j.node.name, j.main.name, j.skip.name])
    );
  };

  test.each([
    ['of three axes, as for sound', '[1, 2, 8]', '(mid, e)', ''],
    ['of five axes, as for video', '[1, 2, 3, 8, 8]', '(mid, e)', '[e] e = Conv (x, w)'],
    ['of no known rank', '', '(mid, e)', ''],
    ['beside a constant', '[1, 2, 8]', '(mid, place, e)', ''],
    [
      'of a skip whose layer lies in a graph inside a node',
      '[1, 2, 8]',
      '(mid, e)',
      `some = Constant <value = bool {1}> ()
      [e] e = If <then_branch = yes () => (float[1, 2, 8] a) { a = Conv (x, w) },
        else_branch = no () => (float[1, 2, 8] b) { b = Relu (x) }> (some)`,
    ],
  ])('%s', (_, x, join, more) => {
    expect(analyzed(joined(x, join, more))).toEqual([[1, 'j', 'mid', 'e']]);
  });
});
