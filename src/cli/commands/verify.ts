/** `stepfold verify`: proof that a bundle computes what it should. */
import colors from 'picocolors';
import type { Argv } from 'yargs';
import { verifyBundle } from '../../measure/index.js';
import { jsonOption, readShapes, shapeOptions } from '../arguments.js';
import type { Arguments } from '../command.js';
import { formatDifference, formatSizes, print, printJson, printTable } from '../output.js';
import { startStatus } from '../progress.js';

export const command = 'verify <bundle>';
export const describe = 'Check in onnxruntime that a bundle computes what it should';

export const builder = (yargs: Argv) =>
  yargs
    .positional('bundle', { type: 'string', demandOption: true, describe: 'Folder of the bundle' })
    .options({
      against: { type: 'string', demandOption: true, describe: 'The source model' },
      seed: { type: 'number', default: 0, describe: 'Seed of the random inputs' },
      tolerance: {
        type: 'number',
        default: 1e-5,
        describe: 'Largest relative difference that passes',
      },
      optimization: {
        choices: ['disabled', 'all', 'both'] as const,
        default: 'both' as const,
        describe: "onnxruntime's graph optimization to check under",
      },
      shape: shapeOptions.shape,
      ...jsonOption,
    })
    .example('$0 verify bundle --against unet.onnx', 'Exits with 1 when a check fails')
    .example(
      '$0 verify bundle --against unet.onnx --shape sample=2x4x64x64',
      'With inputs of that shape',
    );

export async function handler(args: Arguments<typeof builder>): Promise<void> {
  const status = startStatus(args.json);
  const report = await verifyBundle({
    folder: args.bundle,
    model: args.against,
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
  print(report.passed ? colors.green('All checks passed.') : colors.red('A check failed.'));
}
