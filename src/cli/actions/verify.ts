/** What `stepfold verify` does. */

import { type Check, proveBundle, type VerifyReport } from '../../evidence/measure/index.js';
import { findBundle, findModel } from '../../runtime/model-folder/index.js';
import { readShapes } from '../arguments.js';
import { colors, type Painted } from '../colors.js';
import type { VerifyArguments } from '../commands/verify.js';
import { printNextAfterProof } from '../next-of-bundle.js';
import { formatDifference, formatSizes, print, printJson, printTable } from '../output.js';
import { readPasses } from '../plugins.js';
import { startStatus } from '../progress.js';

export async function verify(args: VerifyArguments): Promise<void> {
  const { strategies: known } = await readPasses(args.plugin);
  const status = startStatus(args.json);
  const report = await proveBundle({
    known,
    folder: findBundle(args.bundle),
    model: findModel(args.against).file,
    seed: args.seed,
    tolerance: args.tolerance,
    levels: args.optimization === 'both' ? ['disabled', 'all'] : [args.optimization],
    shapes: readShapes(args.shape),
    allowUnproved: args['allow-unproved'],
    onProgress: status.show,
  }).finally(() => status.stop());
  if (!report.passed) process.exitCode = 1;
  if (args.json) {
    printJson(report);
    return;
  }
  for (const line of summary(report)) print(line);
  printTable(
    ['check', 'program', 'optimization', 'absolute', 'relative', ''],
    report.checks.map((c) => [
      whatOf(c),
      c.program,
      c.optimization,
      formatDifference(c.absolute),
      formatDifference(c.relative),
      c.passed ? colors.green(c.exact ? 'bit for bit' : 'passed') : colors.red('FAILED'),
    ]),
  );
  for (const { path, message } of report.statements)
    print(colors.red('Wrong'), `: schedule.json ${path} ${message}.`);
  for (const { file, compared } of report.weights)
    if (compared !== 'whole')
      print(
        `Note: of ${file} only ${compared === 'size' ? 'the size was' : 'size and samples were'} compared; transform --hash-weights records the whole.`,
      );
  for (const reason of report.notes) print(`Note: ${reason}.`);
  for (const what of report.unproved) print(colors.red('Not proved'), `: ${what}.`);
  print(...verdict(report));
  if (report.passed) await printNextAfterProof(args.bundle);
}

const loopName = (of: Check['of']): string =>
  of ? `loop of ${of.steps} steps${of.start > 0 ? ` from ${of.start}` : ''}` : 'loop';

function summary({ sizes, loop, tolerance, checks }: VerifyReport): string[] {
  const calls =
    loop.combinations === 0
      ? ''
      : `; ${loop.calls} calls${loop.loops > 1 ? ', and those of other loops,' : ''} are ${loop.combinations} combinations of program, strategies and states${loop.loops > 1 ? `, shown in ${loop.loops} loops` : ''}`;
  const exact = checks.some((c) => c.mustBeExact);
  return [
    `Random inputs with ${formatSizes(sizes)}${calls}.`,
    exact
      ? `What computes as the source does must equal it bit for bit; elsewhere relative differences up to ${tolerance} pass.`
      : `Relative differences up to ${tolerance} pass.`,
  ];
}

const whatOf = (check: Check): string =>
  check.kind === 'loop'
    ? `${loopName(check.of)}, call ${check.call}`
    : check.kind === 'pictures'
      ? 'its pictures'
      : check.kind === 'whole'
        ? 'the whole loop'
        : 'equals the source';

function verdict({ passed, checks, statements, unproved }: VerifyReport): (string | Painted)[] {
  if (checks.length === 0) return [colors.red('Nothing was checked.')];
  if (checks.some((c) => !c.passed)) return [colors.red('A check failed.')];
  if (statements.length > 0) return [colors.red('The schedule is wrong about its models or plan.')];
  if (unproved.length === 0) return [colors.green('All checks passed.')];
  const what = unproved.join('; ');
  return passed
    ? [colors.green('All checks passed'), ` of what could be checked; let pass unproved: ${what}.`]
    : [
        colors.red(
          'All checks passed, but not everything is proved (--allow-unproved lets that pass).',
        ),
      ];
}
