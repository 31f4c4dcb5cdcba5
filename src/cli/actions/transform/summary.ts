/** What `stepfold transform` says of the bundle that it wrote. */
import path from 'node:path';
import type {
  BundleRecord,
  BundleReport,
  PipelineFolderRecord,
} from '../../../compiler/emit/index.js';
import type { PassTable } from '../../../compiler/pass/index.js';
import { type TargetName, targets, wordsOf } from '../../../compiler/targets/index.js';
import { keptMemoryWarning } from '../../../evidence/report/facts/kept-memory.js';
import { callsOf, planOfSchedule } from '../../../runtime/schedule/index.js';
import { colors } from '../../colors.js';
import type { TransformArguments } from '../../commands/transform.js';
import { differentFindings, printFindings } from '../../findings.js';
import { printHeatmap } from '../../heatmap.js';
import { printNext } from '../../next.js';
import { printOriginal } from '../../original.js';
import {
  formatBytes,
  formatMacs,
  formatSizes,
  heading,
  print,
  printTable,
  printUnknownMacs,
} from '../../output.js';
import type { SavesNothing } from '../../saves-nothing.js';

const plural = (things: object, what: string) => {
  const count = Object.keys(things).length;
  return `${count} ${what}${count === 1 ? '' : 's'}`;
};

const PLACED = {
  linked: 'hard links to the source',
  cloned: 'clones of the source',
  copied: 'copied',
  gathered: 'gathered into one file',
} as const satisfies Record<BundleReport['weights'][string]['by'], string>;

/** How the weights came into the bundle; nothing where the models hold them. */
function placedWeights({ weights }: BundleReport): string | undefined {
  const files = Object.values(weights);
  if (files.length === 0) return undefined;
  const ways = Object.entries(PLACED).flatMap(([by, what]) => {
    const those = files.filter((file) => file.by === by);
    const bytes = those.reduce((sum, file) => sum + file.bytes, 0);
    const count = those.length > 1 ? `${those.length} files, ` : '';
    return those.length > 0 ? [`${count}${formatBytes(bytes)} ${what}`] : [];
  });
  return `Weights: ${ways.join('; ')}`;
}

/** Fraction of a weights file that nobody reads from which on it is worth a word. */
const WORTH_PRUNING = 0.05;

/** Sites that are described one by one; more are shown as a heat map. */
const FEW_SITES = 2;

export function printSummary(
  { output: folder, plugin = [] }: Pick<TransformArguments, 'plugin'> & { readonly output: string },
  model: string,
  { schedule, report, original }: BundleRecord & Partial<PipelineFolderRecord>,
  { strategies: known }: PassTable,
  nothing: SavesNothing | undefined,
): void {
  const { macs, sites: siteMacs, stateBytes } = schedule.cost ?? {};
  const calls = callsOf(schedule);
  const older = Object.values(schedule.states).filter(({ follows }) => follows !== undefined);
  const kept = [
    stateBytes === undefined ? 'size unknown' : formatBytes(stateBytes),
    ...(older.length > 0 ? [`${older.length} older values of others`] : []),
  ];
  print(
    `${folder}: ${schedule.emit}, ${plural(schedule.models, 'model')}, ${plural(schedule.states, 'state')} (${kept.join(', ')})`,
  );
  const weights = placedWeights(report);
  if (weights) print(weights);
  printOriginal(original);
  const heavy = keptMemoryWarning(schedule);
  for (const note of [...report.notes, ...(heavy ? [heavy] : [])]) print(`Note: ${note}.`);
  const sites = Object.entries(schedule.sites ?? {});
  const plan = sites.length > FEW_SITES ? planOfSchedule(schedule) : undefined;
  if (plan) {
    print('');
    printHeatmap(plan, known);
  } else for (const [id, site] of sites) print(`Site ${id}: ${site.description}`);
  if (siteMacs) {
    const share = (100 * siteMacs.planned) / siteMacs.computed;
    print('');
    print(`Sites: ${share.toFixed(1)} % of the MACs of computing them at every call`);
  }
  if (macs) {
    const { all, layers } = macs.convention;
    heading(`Programs (MACs for ${formatSizes(macs.bindings)})`);
    printTable(
      ['program', 'calls', 'MACs in layers', 'with attention'],
      [
        ...Object.keys(schedule.programs).map((name) => [
          name,
          calls.of(name).length,
          formatMacs(layers.programs[name] ?? 0),
          formatMacs(all.programs[name] ?? 0),
        ]),
        ['average', calls.length, formatMacs(layers.perCall), formatMacs(all.perCall)],
        ['source', calls.length, formatMacs(layers.source), formatMacs(all.source)],
      ],
    );
  }
  printUnknownMacs(report.unknownMacs);
  if (report.target) printTarget(report.target);
  for (const { file, bytes, used = bytes } of schedule.weights)
    if (bytes - used > WORTH_PRUNING * bytes) {
      print('');
      print(
        `No model reads ${formatBytes(bytes - used)} of the ${formatBytes(bytes)} in ${file}; --weights prune leaves them out.`,
      );
    }
  if (nothing) {
    print('');
    print(colors.yellow(`THIS BUNDLE SAVES NOTHING: ${nothing.why}.`));
    print(`What to do: ${nothing.next}`);
  } else {
    const plugins = plugin.flatMap((file) => ['--plugin', file]);
    print();
    printNext('verify', folder, '--against', path.normalize(model), ...plugins);
  }
}

/** How often each rule was applied in each model, and where none was though it looked likely. */
function printTarget({ name, models }: NonNullable<BundleReport['target']>): void {
  heading(`For ${name}`);
  const rules = [...new Set(Object.values(models).flatMap((m) => Object.keys(m.rewrites)))];
  printTable(
    ['model', ...rules, 'left'],
    Object.entries(models).map(([id, { rewrites, left }]) => [
      id,
      ...rules.map((rule) => rewrites[rule] ?? 0),
      left.length,
    ]),
  );
  const [first] = Object.values(models).flatMap(({ left }) => left);
  if (first) {
    print(`Left, for one: ${first.rule} at "${first.node}",`);
    print(`since ${first.reason}. All are in report.json.`);
  }
  const { engine } = targets[name as TargetName];
  if (!engine) return;
  const findings = differentFindings(Object.values(models).map((model) => model.findings ?? []));
  if (findings.length === 0) print(`It takes every node, by ${wordsOf(engine).table}.`);
  printFindings(findings);
}
