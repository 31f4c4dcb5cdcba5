/** The part of `stepfold inspect` about modules: what could be kept of attentions and feed-forwards, and what each costs. */
import type { ModuleInfo, Refusal } from '../../../compiler/analysis/index.js';
import { percent } from '../../../evidence/report/strategies.js';
import { groupBy } from '../../../model/ir/group-by.js';
import { formatMacs, formatShape, heading, print, printTable } from '../../output.js';

/** Nodes that are named of those with one reason. */
const NAMED = 3;
/** Runs of numbers that are written of modules that are alike. */
const RUNS = 4;

export function printModules(table: readonly ModuleInfo[], refused: readonly Refusal[]): void {
  if (table.length > 0) {
    heading('Modules, by what leaves them');
    printTable(
      ['sites', 'of them', 'output', 'MACs in layers', 'with attention', 'together of all'],
      [...groupBy(table, alike).values()].map((modules) => {
        const [{ kind, outputs, macs }] = modules as [ModuleInfo];
        return [
          `${kind}.${runsOf(modules.map(({ id }) => Number(id.slice(kind.length + 1))))}`,
          modules.length,
          outputs.map(({ shape }) => formatShape(shape ?? undefined)).join(' and '),
          formatMacs(macs.layers),
          formatMacs(macs.all),
          percent(modules.reduce((sum, { share }) => sum + share, 0)),
        ];
      }),
    );
  }
  for (const [reason, nodes] of groupBy(refused, ({ reason }) => reason)) {
    const named = nodes.slice(0, NAMED).map(({ node }) => node);
    const more = nodes.length - named.length;
    print(`No module at ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${reason}.`);
  }
}

/** Most transformers repeat one block: modules that differ only by their place are one line. */
const alike = ({ kind, outputs, macs }: ModuleInfo): string =>
  JSON.stringify([kind, macs, outputs.map(({ shape }) => shape)]);

/** Ascending numbers as "0-3,64-69", or cut short. */
function runsOf(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run?.[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  const written = runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return written.length <= RUNS ? written.join() : `${written.slice(0, RUNS).join()},…`;
}
