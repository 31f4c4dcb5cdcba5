/** Readers in other languages say what went wrong with the codes that the session has, or list those of their own. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const read = (...at: readonly string[]) => fs.readFileSync(path.join(root, ...at), 'utf8');

const READERS = {
  python: {
    sources: ['base', 'bundle', 'calls', 'images', 'loops', 'pipelines'].map(
      (file) => `src/stepfold/errors/${file}.py`,
    ),
    code: /^ +"([A-Z]+(?:_[A-Z]+)+)"|StepfoldError\(\s*"([A-Z_]+)"/gm,
  },
  c: { sources: ['stepfold.c'], code: /fail\([^,]+, (?:[^"]*\? )?"([A-Z_]+)"/g },
} as const;

const known = new Set(
  [...read('docs/errors.md').matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code),
);

test.each(Object.entries(READERS))('%s', (name, { sources, code }) => {
  const used = sources
    .flatMap((file) => [...read('readers', name, file).matchAll(code)])
    .map(([, one, other]) => one ?? other);
  const listed = read('readers', name, 'README.md');
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((own) => !known.has(own) && !listed.includes(`\`${own}\``))).toEqual([]);
});
