/** Numbers as people read them, at and on both sides of each unit. */
import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatMacs,
  formatShape,
  formatSizes,
  formatTimes,
} from '../../../src/evidence/report/format.js';

test.each([
  [undefined, '?'],
  [0, '0.0 KiB'],
  [512, '0.5 KiB'],
  [1024, '1.0 KiB'],
  [1023 * 1024, '1023.0 KiB'],
  [1_000_000, '976.6 KiB'],
  [1_048_576, '1.00 MiB'],
  [5_000_000, '4.77 MiB'],
  [1_000_000_000, '953.67 MiB'],
  [1_073_741_824, '1.00 GiB'],
  [3_438_083_072, '3.20 GiB'],
])('%s bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0'],
  [500, '0.50 k'],
  [999_000, '999.00 k'],
  [1_000_000, '1.00 M'],
  [33_184_256, '33.18 M'],
  [999_990_000, '999.99 M'],
  [1_000_000_000, '1.00 G'],
  [6_050_000_000, '6.05 G'],
])('%s MACs are %s', (macs, text) => {
  expect(formatMacs(macs)).toBe(text);
});

test('counts, differences, ratios, shapes and sizes', () => {
  expect([999, 999_949, 1_000_000, 859_520_964].map(formatCount)).toEqual([
    '1.0 k',
    '999.9 k',
    '1.00 M',
    '859.52 M',
  ]);
  expect([0, 1e-7, 0.25, 12].map(formatDifference)).toEqual(['0', '1.0e-7', '2.5e-1', '1.2e+1']);
  expect(formatTimes(1.345)).toMatch(/^1\.3[45]x$/);
  expect(formatShape(['batch', 4, null])).toBe('[batch, 4, ?]');
  expect([formatShape([]), formatShape(undefined)]).toEqual(['[]', '?']);
  expect(formatSizes({ batch: 1, height: 64 })).toBe('batch=1, height=64');
  expect(formatSizes({})).toBe('all sizes fixed');
});
