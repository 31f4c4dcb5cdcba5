/** docs/tampering.md: every kind of change with how many there are, and of which bundles. */
import { RECIPES } from './bundles.js';
import { CONTROLS } from './controls.js';
import { ESCAPES } from './escapes.js';
import type { Kind } from './kind.js';
import { KINDS } from './kinds/index.js';
import { MISSES } from './misses.js';

const count = (kinds: readonly Kind[]) =>
  kinds.reduce((sum, { changes }) => sum + changes.length, 0);

const missedOf = ({ name, changes }: Kind) =>
  changes.filter(({ on, what }) => MISSES.has(`${name}, ${on}: ${what}`)).length;

function table(kinds: readonly Kind[]): string {
  const rows = kinds.map((kind) => {
    const of = new Set(kind.changes.map(({ on }) => on));
    const caught = kind.changes.length - missedOf(kind);
    return `| ${kind.name} | ${kind.changes.length} | ${caught} | ${of.size} |`;
  });
  return ['| kind | changes | caught | bundles |', '|---|---|---|---|', ...rows].join('\n');
}

/** Changes that `verify` lets pass so far; nothing where there are none. */
function notYet(): string {
  if (MISSES.size === 0) return '';
  const list = [...MISSES].map((name) => `- ${name}`);
  return `## What is not found yet\n\n${list.join('\n')}\n\n`;
}

export function page(): string {
  const all = Object.values(KINDS).flat() as Kind[];
  const changes = count(all);
  const missed = all.reduce((sum, kind) => sum + missedOf(kind), 0);
  const sections = Object.entries(KINDS).map(([about, kinds]) => `### ${about}\n\n${table(kinds)}`);
  return `# Tampering

\`stepfold verify\` is to pass nothing that computes anything else than the source under the plan. \`test/tamper\` holds it to that:
it takes finished bundles, makes changes that a fault of the compiler could make, puts the hashes right, and asks \`verify\`.

- **Bundles**: ${Object.keys(RECIPES).length}, of every pass and form, with guidance in one batch and in two calls, of small models with weights
  made up. The changes are made by onnx-proto and on the JSON; nothing of the compiler takes part.
- **An oracle of its own** shows of each change that numbers come out otherwise: plain loops in onnxruntime over both
  bundles, at a batch of 2 or 4 with different rows, all labels and timesteps from the whole training range. Where a
  change is one of words alone, of the plan for instance, there is no number to ask for.
- **${changes} changes of ${all.length} kinds; \`verify\` finds ${changes - missed}.** Each is run under \`npx vitest run test/tamper\`.
- **${Object.keys(RECIPES).length + CONTROLS.length} controls pass**: every bundle as it was made, and ${CONTROLS.length} changes that change nothing, such as other names and orders of
  nodes, ids and files, weights inside the models, or rows that are reversed twice. The oracle finds no bit otherwise.

A new change is a few lines in \`test/tamper/kinds\`. This page is made from them: \`npx vitest run test/tamper/page.test.ts -u\`
writes it, and a test holds it to them.

## What is changed

${sections.join('\n\n')}

${notYet()}## What nothing can catch

${['| change | why |', '|---|---|', ...ESCAPES.map(([kind, why]) => `| ${kind} | ${why} |`)].join('\n')}
`;
}
