/** The command line: which commands there are, and how yargs is asked for them. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { VERSION } from '../version.js';
import type { Command } from './command.js';
import * as bench from './commands/bench.js';
import * as calibrate from './commands/calibrate.js';
import * as costs from './commands/costs.js';
import * as diff from './commands/diff.js';
import * as exportCommand from './commands/export.js';
import * as fill from './commands/fill.js';
import * as inspect from './commands/inspect.js';
import * as passes from './commands/passes.js';
import * as plan from './commands/plan.js';
import * as print from './commands/print.js';
import * as propose from './commands/propose.js';
import * as recipes from './commands/recipes.js';
import * as report from './commands/report.js';
import * as run from './commands/run.js';
import * as timesteps from './commands/timesteps.js';
import * as transform from './commands/transform.js';
import * as tune from './commands/tune.js';
import * as verify from './commands/verify.js';
import * as work from './commands/work.js';
import { withCommand } from './path-as-command.js';

/** The work is loaded only when a command runs, so that `--help` answers at once. */
const COMMANDS: readonly Command[] = [
  {
    ...propose,
    handler: async (args: propose.ProposeArguments) =>
      (await import('./actions/propose.js')).propose(args),
  },
  {
    ...inspect,
    handler: async (args: inspect.InspectArguments) =>
      (await import('./actions/inspect.js')).inspect(args),
  },
  {
    ...tune,
    handler: async (args: tune.TuneArguments) =>
      (await import('./actions/tune.js')).runTuning(args),
  },
  {
    ...transform,
    handler: async (args: transform.TransformArguments) =>
      (await import('./actions/transform.js')).transform(args),
  },
  {
    ...calibrate,
    handler: async (args: calibrate.CalibrateArguments) =>
      (await import('./actions/calibrate.js')).runCalibration(args),
  },
  {
    ...timesteps,
    handler: async (args: timesteps.TimestepsArguments) =>
      (await import('./actions/timesteps.js')).runTimesteps(args),
  },
  {
    ...costs,
    handler: async (args: costs.CostsArguments) =>
      (await import('./actions/costs.js')).runCosts(args),
  },
  {
    ...work,
    handler: async (args: work.WorkArguments) => (await import('./actions/work.js')).runWork(args),
  },
  {
    ...plan,
    handler: async (args: plan.PlanArguments) => (await import('./actions/plan.js')).showPlan(args),
  },
  {
    ...verify,
    handler: async (args: verify.VerifyArguments) =>
      (await import('./actions/verify.js')).verify(args),
  },
  {
    ...run,
    handler: async (args: run.RunArguments) => (await import('./actions/run.js')).run(args),
  },
  {
    ...bench,
    handler: async (args: bench.BenchArguments) => {
      await (await import('./actions/bench.js')).bench(args);
      if (!args.json) await (await import('./next-of-bundle.js')).printNextPage(args.bundle);
    },
  },
  {
    ...report,
    handler: async (args: report.ReportArguments) =>
      (await import('./actions/report.js')).report(args),
  },
  {
    ...exportCommand,
    handler: async (args: exportCommand.ExportArguments) =>
      (await import('./actions/export.js')).exportBundle(args),
  },
  {
    ...diff,
    handler: async (args: diff.DiffArguments) => (await import('./actions/diff.js')).diff(args),
  },
  {
    ...print,
    handler: async (args: print.PrintArguments) =>
      (await import('./actions/print.js')).printCommand(args),
  },
  {
    ...passes,
    handler: async (args: passes.PassesArguments) =>
      (await import('./actions/passes.js')).listPasses(args),
  },
  {
    ...recipes,
    handler: async (args: recipes.RecipesArguments) =>
      (await import('./actions/recipes.js')).listRecipes(args),
  },
  {
    ...fill,
    handler: async (args: fill.FillArguments) => (await import('./actions/fill.js')).fill(args),
  },
];
const DEFAULT_WIDTH = 80;
const MOST_WIDTH = 100;

/** Does what was typed; throws what is wrong with it. */
export async function runCommandLine(): Promise<void> {
  const typed = withCommand(hideBin(process.argv), COMMANDS);

  let parser = yargs(typed)
    .scriptName('stepfold')
    .usage(
      '$0 <command>\n\nCompiles denoising loops: finds the work of a diffusion model that repeats from\ncall to call, and writes ONNX models and a schedule that skip it.',
    )
    // messages are put into our own words, so they must come in one language
    .detectLocale(false)
    .strict()
    .demandCommand(1)
    .version(VERSION)
    .alias('help', 'h')
    .wrap(Math.min(MOST_WIDTH, process.stdout.columns ?? DEFAULT_WIDTH))
    .epilogue('Exit status: 0 done, 1 a check failed or a loop broke, 2 bad usage or bad input.')
    .exitProcess(false)
    .fail((message, error) => {
      // yargs reports some faults as a message, others as an error of its own
      const fault = error?.name === 'YError' ? error.message : message;
      throw error && error.name !== 'YError' ? error : new UsageFault(fault);
    });
  for (const command of COMMANDS) parser = parser.command(command as never);

  if (typed.length === 0) parser.showHelp('error');
  try {
    await parser.parseAsync();
  } catch (error) {
    if (!(error instanceof UsageFault)) throw error;
    const { usageError } = await import('./usage.js');
    throw usageError(error.message, typed, COMMANDS);
  }
}

/** What yargs says of a command line, still in its words. */
class UsageFault extends Error {}
