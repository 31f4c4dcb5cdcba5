/**
 * Imports run one way: from a folder to those that stand above it in `wings.ts`, and in no circle. The
 * picture in `docs/architecture.md` is made from what they are; `npx vitest run test/architecture -u` writes it.
 */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { circles, readImports } from './imports.js';
import { picture, table } from './page.js';
import { WINGS } from './wings.js';

const imports = readImports();

/** Places in their order. */
const ORDER = [
  'src/version.ts',
  // whoever runs bundles loads no compiler
  ...WINGS.flatMap(({ name, folders }) =>
    name === 'runtime' ? [...folders, 'src/runtime.ts'] : folders,
  ),
  'src/index.ts',
  'src/node.ts',
  'src/report.ts',
];

/** Used by passes, where `passes/index.ts` uses them. */
const SHARED = ['passes/block-range.ts', 'passes/difference.ts', 'passes/full-steps.ts'];

function place(file: string): number {
  if (SHARED.includes(file)) return ORDER.indexOf('passes/unet');
  const found = ORDER.findIndex((at) => file === at || file.startsWith(`${at}/`));
  if (found < 0) throw new Error(`"${file}" is in no wing: name its folder in test/architecture`);
  return found;
}

test('every import runs down', () => {
  const up = [...imports].flatMap(([file, others]) =>
    others.filter((other) => place(other) > place(file)).map((other) => `${file} -> ${other}`),
  );
  expect(up).toEqual([]);
});

test('no files import each other in a circle, but the parts of a graph', () => {
  const found = circles(imports).filter(
    (circle) => !circle.every((file) => file.startsWith('src/model/ir/')),
  );
  expect(found).toEqual([]);
});

test('a circle is found', () => {
  const toy = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', []],
    ['e', ['d']],
  ]);
  expect(circles(toy)).toEqual([['a', 'b', 'c']]);
});

test('docs/architecture.md shows the folders as they are', async () => {
  const wingOf = (file: string) =>
    WINGS.find(({ folders }) => folders.some((folder) => file.startsWith(`${folder}/`)))?.name;
  const between = new Map(WINGS.map(({ name }) => [name, new Set<string>()]));
  for (const [file, others] of imports)
    for (const [from, to] of others.map((other) => [wingOf(file), wingOf(other)]))
      if (from && to && from !== to) between.get(from)!.add(to);
  const page = fs.readFileSync('docs/architecture.md', 'utf8');
  const made = page
    .replace(/```mermaid[\s\S]*?```/, picture(between))
    .replace(/\| wing \|[\s\S]*?(?=\n\n)/, table());
  await expect(made).toMatchFileSnapshot('../../docs/architecture.md');
});
