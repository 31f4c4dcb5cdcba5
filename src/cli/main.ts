#!/usr/bin/env node
/** The command line. Exits with 0 when done, 1 when a check failed, 2 on bad usage or bad input. */
import colors from 'picocolors';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { StepfoldError } from '../errors/index.js';
import { VERSION } from '../version.js';
import type { Command } from './command.js';
import * as bench from './commands/bench.js';
import * as fill from './commands/fill.js';
import * as inspect from './commands/inspect.js';
import * as passes from './commands/passes.js';
import * as print from './commands/print.js';
import * as run from './commands/run.js';
import * as transform from './commands/transform.js';
import * as verify from './commands/verify.js';

const COMMANDS: readonly Command[] = [inspect, transform, verify, run, bench, print, passes, fill];

function fail(error: unknown): void {
  process.exitCode = 2;
  if (error instanceof StepfoldError) {
    process.stderr.write(`${colors.red(`error ${error.code}`)}: ${error.fullMessage}\n`);
    return;
  }
  // anything else is a bug of ours, so the place where it happened matters
  const { stack } = error as Error;
  process.stderr.write(`${colors.red('internal error')}: please report this\n${stack ?? error}\n`);
}

let parser = yargs(hideBin(process.argv))
  .scriptName('stepfold')
  .usage(
    '$0 <command>\n\nCompiles denoising loops: finds the work of a diffusion model that repeats from call to call,\nand writes ONNX models and a schedule that skip it.',
  )
  .parserConfiguration({ 'duplicate-arguments-array': true, 'greedy-arrays': false })
  .strict()
  .demandCommand(1, 'Say what to do: one of the commands above.')
  .recommendCommands()
  .version(VERSION)
  .wrap(Math.min(100, process.stdout.columns ?? 100))
  .epilogue('Exit status: 0 done, 1 a check failed, 2 bad usage or bad input.')
  .exitProcess(false);
for (const command of COMMANDS) parser = parser.command(command as never);
parser = parser.fail((message, error, instance) => {
  if (error) throw error;
  instance.showHelp('error');
  process.stderr.write(`\n${colors.red('error CLI_USAGE')}: ${message}\n`);
  process.exitCode = 2;
});

try {
  await parser.parseAsync();
} catch (error) {
  fail(error);
}
