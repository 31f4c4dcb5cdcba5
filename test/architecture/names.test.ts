/**
 * What is in `src` knows no pass and no strategy of one by its name: passes state what there is to know of theirs.
 * Names are those of the passes that there are, so that a new one is held to this unasked.
 */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { passes, passesWith } from '../../passes/table.js';
import { COMPUTE } from '../../src/compiler/plan/index.js';
import { readImports } from './imports.js';

/** By file, the names that stand there for something else. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  // where noise ends: a word of diffusers' schedulers
  'src/runtime/samplers/timesteps.ts': ['zero'],
  'src/runtime/model-folder/scheduler/diffusers.ts': ['zero'],
  'src/runtime/model-folder/scheduler/step-fields.ts': ['zero'],
  // a node's output, in the graph of a mask
  'src/evidence/measure/reference/band-operator.ts': ['zero'],
  // a field of the schedule
  'src/evidence/measure/reference/band.ts': ['window'],
  // a field of a parameter: the rule that its numbers follow
  'src/compiler/forecast/with-forecasts.ts': ['forecast'],
  'src/compiler/plan/in-turns.ts': ['forecast'],
  'src/evidence/measure/statements/parameters.ts': ['forecast'],
  'src/runtime/schedule/check-histories.ts': ['forecast'],
  // a field of what a site, or a strategy's meaning, says of it
  'src/evidence/measure/reference/meanings.ts': ['forecast'],
  'src/evidence/measure/reference/probe.ts': ['forecast'],
  // the heading of a column, whose cells say how wide a window could be
  'src/cli/actions/inspect/attention.ts': ['window'],
};

const NAMES = new Set([...Object.keys(passes), ...passesWith().strategies.keys()]);
NAMES.delete(COMPUTE);

/** Names that stand as a string, or as the key of an object in quotes; comments and longer texts may speak of them. */
const namesIn = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/(["'`])([\w+-]+)\1/g)]
      .map(([, , word]) => word!)
      .filter((w) => NAMES.has(w)),
  ),
];

/** A key without quotes that is a name, such as `reuse: {`. */
const keysIn = (text: string): string[] =>
  [...text.matchAll(/^\s+(\w+): [{[]/gm)].map(([, key]) => key!).filter((key) => NAMES.has(key));

test('no name of a pass or of its strategies stands in src, but where it means something else', () => {
  const found = [...readImports().keys()]
    .filter((file) => file.startsWith('src/') && !file.startsWith('src/generated/'))
    .flatMap((file) => {
      const text = fs.readFileSync(file, 'utf8');
      const names = [...namesIn(text), ...keysIn(text)];
      return names.length > 0 ? [[file, [...new Set(names)]] as const] : [];
    });
  expect(Object.fromEntries(found)).toEqual(OTHERS);
});

test('a name is found as a string and as a key, and not in a comment or a longer text', () => {
  expect(
    namesIn(`if (pass === 'deepcache' || name === "window+guidance-share") // the zero`),
  ).toEqual(['deepcache', 'window+guidance-share']);
  expect(namesIn("'reuse what is kept'")).toEqual([]);
  expect(keysIn('const MEANINGS = {\n  reuse: { values },\n  compute: {},\n};')).toEqual(['reuse']);
});
