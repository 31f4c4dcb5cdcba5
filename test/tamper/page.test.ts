/** docs/tampering.md says what is tried, and no name comes twice. */
import { expect, test } from 'vitest';
import { KINDS } from './kinds/index.js';
import { MISSES } from './misses.js';
import { page } from './page.js';

const kinds = Object.values(KINDS).flat();
const names = kinds.flatMap(({ name, changes }) =>
  changes.map(({ on, what }) => `${name}, ${on}: ${what}`),
);

test('docs/tampering.md', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/tampering.md');
});

test('no change is counted twice, and none is missed that there is not', () => {
  expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
  expect(new Set(names).size).toBe(names.length);
  expect([...MISSES].filter((name) => !names.includes(name))).toEqual([]);
});
