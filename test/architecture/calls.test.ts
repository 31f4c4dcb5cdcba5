/** Outside of the schedule's own folder, what happens at a call is asked of the sequence of calls, never of the list. */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { readImports } from './imports.js';

/** `schedule.calls`, or `calls` taken out of a schedule. */
const READS = [
  /[sS]chedule\.calls\b/,
  /\{(?:[^{}]|\{\})*\bcalls\b(?:[^{}]|\{\})*\}: Schedule\b/,
  /\{[^{}]*\bcalls\b[^{}]*\} = [\w.]*[sS]chedule;/,
];

test('only the folder of the schedule reads its list of calls', () => {
  const found = [...readImports().keys()].filter(
    (file) =>
      !file.startsWith('src/runtime/schedule/') &&
      !file.startsWith('src/generated/') &&
      READS.some((read) => read.test(fs.readFileSync(file, 'utf8'))),
  );
  expect(found).toEqual([]);
});
