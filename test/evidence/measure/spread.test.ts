/** Quartiles against numpy's, and what speaks against a measurement. */
import { describe, expect, test } from 'vitest';
import { doubtsAbout } from '../../../src/evidence/measure/bench-doubts.js';
import { isClear, spreadOf, worthOf } from '../../../src/evidence/measure/spread.js';

// numpy.percentile(values, [25, 50, 75])
test.each([
  [[3], [3, 3, 3]],
  [
    [4, 1],
    [1.75, 2.5, 3.25],
  ],
  [
    [7, 1, 3],
    [2, 3, 5],
  ],
  [
    [5, 9, 1, 2, 8, 3, 4],
    [2.5, 4, 6.5],
  ],
  [
    [0.5, 10, 2.25, 4],
    [1.8125, 3.125, 5.5],
  ],
])('quartiles of %j', (values, [low, middle, high]) => {
  const given = [...values];
  expect(spreadOf(values)).toEqual({ median: middle, quartiles: [low, high] });
  expect(values).toEqual(given);
});

test('values are clear up to quartiles a fifth of the median apart', () => {
  expect(isClear({ median: 10, quartiles: [9, 11] })).toBe(true);
  expect(isClear({ median: 10, quartiles: [9, 11.01] })).toBe(false);
  expect(worthOf([2, 2])).toBe('too few rounds');
  expect(worthOf([2, 2, 2])).toBe('clear');
  expect(worthOf([1, 2, 3])).toBe('unclear');
});

describe('doubts', () => {
  const quiet = { ratios: [2, 2, 2.1], othersBusy: 0.02, sourceMs: 10, equal: [] };

  test('none where nothing speaks against it, or the system does not say', () => {
    expect(doubtsAbout(quiet)).toEqual([]);
    expect(doubtsAbout({ ...quiet, othersBusy: undefined })).toEqual([]);
  });

  test.each([
    [{ ratios: [2, 2] }, /^Too few rounds .* --rounds$/],
    [{ ratios: [1, 2, 3] }, /half of them lie between 1\.50 and 2\.50$/],
    [{ othersBusy: 0.352 }, /other processes took 35 % of its processors/],
    [{ equal: [{ name: 'full', milliseconds: 11.5 }] }, /^Program "full" .* took 15 % more time$/],
    [{ equal: [{ name: 'full', milliseconds: 8 }] }, /^Program "full" .* took 20 % less time$/],
  ])('%j', (what, says) => {
    expect(doubtsAbout({ ...quiet, ...what })).toEqual([expect.stringMatching(says)]);
  });

  test('a tenth of the time is no reason', () => {
    const equal = [{ name: 'full', milliseconds: 10.9 }];
    expect(doubtsAbout({ ...quiet, equal })).toEqual([]);
  });
});
