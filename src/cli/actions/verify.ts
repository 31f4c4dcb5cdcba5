/** What `stepfold verify` does. */

import { type VerifyReport, verifyBundle } from '../../measure/index.js';
import { findBundle, findModel } from '../../model-folder/index.js';
import { readShapes } from '../arguments.js';
import { colors } from '../colors.js';
import type { VerifyArguments } from '../commands/verify.js';
import { formatDifference, formatSizes, print, printJson, printTable } from '../output.js';
import { startStatus } from '../progress.js';

export async function verify(args: VerifyArguments): Promise<void> {
  const status = startStatus(args.json);
  const report = await verifyBundle({
    folder: findBundle(args.bundle),
    model: findModel(args.against).file,
    seed: args.seed,
    tolerance: args.tolerance,
    levels: args.optimization === 'both' ? ['disabled', 'all'] : [args.optimization],
    shapes: readShapes(args.shape),
    onProgress: (what) => status.show(what),
  }).finally(() => status.stop());
  if (!report.passed) process.exitCode = 1;
  if (args.json) {
    printJson(report);
    return;
  }
  print(
    `Random inputs with ${formatSizes(report.sizes)}; relative differences up to ${report.tolerance} pass.`,
  );
  printTable(
    ['check', 'program', 'optimization', 'absolute', 'relative', ''],
    report.checks.map((c) => [
      c.kind === 'loop' ? `loop, call ${c.call}` : 'equals the source',
      c.program,
      c.optimization,
      formatDifference(c.absolute),
      formatDifference(c.relative),
      c.passed ? colors.green(c.exact ? 'bit for bit' : 'passed') : colors.red('FAILED'),
    ]),
  );
  for (const reason of report.skipped) print(`Note: ${reason}.`);
  print(verdict(report));
}

function verdict({ passed, checks, unchecked }: VerifyReport): string {
  if (checks.length === 0) return colors.red('Nothing was checked.');
  if (!passed) return colors.red('A check failed.');
  if (unchecked.length === 0) return colors.green('All checks passed.');
  return `${colors.green('All checks passed')}, but nothing was checked of: ${unchecked.join(', ')}.`;
}
