import fs from 'node:fs';
import { expect, test } from 'vitest';
import { LONG_TESTS } from '../long-tests.js';

test('the list of long tests names files that are there, each once, in order', () => {
  expect(LONG_TESTS.filter((file) => !fs.existsSync(file))).toEqual([]);
  expect(LONG_TESTS).toEqual([...new Set(LONG_TESTS)].sort());
});
