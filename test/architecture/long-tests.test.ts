import fs from 'node:fs';
import { expect, test } from 'vitest';
import { LONG_TESTS, longTests } from '../long-tests.js';

test('the list of long tests names files that are there, each once, in order', () => {
  expect(LONG_TESTS.filter((file) => !fs.existsSync(file))).toEqual([]);
  expect(LONG_TESTS).toEqual([...new Set(LONG_TESTS)].sort());
});

test('shares of them are everything, and have nothing in common', () => {
  for (const of of [1, 2, 3]) {
    const shares = Array.from({ length: of }, (_, i) => longTests(`${i + 1}/${of}`));
    expect(shares.flat().sort()).toEqual(LONG_TESTS);
  }
  expect(longTests()).toEqual(LONG_TESTS);
  for (const wrong of ['', '0/2', '3/2', '1', '1/0', 'one'])
    expect(() => longTests(wrong)).toThrow('no share of tests');
});
