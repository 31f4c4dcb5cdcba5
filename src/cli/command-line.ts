/** The command line: which commands there are, and how yargs is asked for them. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { inputNotTaken } from '../errors/index.js';
import { VERSION } from '../version.js';
import { type Command, examples, nameOf } from './command.js';
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
import { completions } from './completion.js';
import { COMPLETING, withCommand } from './path-as-command.js';
import { STANDARD_INPUT } from './standard-input.js';

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
    handler: async (args: bench.BenchArguments) => (await import('./actions/bench.js')).bench(args),
  },
  {
    ...report,
    handler: async (args: report.ReportArguments) =>
      (await import('./actions/report.js')).report(args),
  },
  {
    ...recipes,
    handler: async (args: recipes.RecipesArguments) =>
      (await import('./actions/recipes.js')).listRecipes(args),
  },
  {
    ...passes,
    handler: async (args: passes.PassesArguments) =>
      (await import('./actions/passes.js')).listPasses(args),
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
    ...plan,
    handler: async (args: plan.PlanArguments) => (await import('./actions/plan.js')).showPlan(args),
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
    ...fill,
    handler: async (args: fill.FillArguments) => (await import('./actions/fill.js')).fill(args),
  },
];
const DEFAULT_WIDTH = 80;
const MOST_WIDTH = 100;

/** Does what was typed; throws what is wrong with it. */
export async function runCommandLine(): Promise<void> {
  const typed = withShell(withCommand(hideBin(process.argv), COMMANDS));

  let parser = yargs(typed)
    .scriptName('stepfold')
    .usage(
      '$0 <model>       say what a model is and which commands fit it\n$0 <command>\n\nCompiles denoising loops: finds the work of a diffusion model that repeats from\ncall to call, and writes ONNX models and a schedule that skip it.',
    )
    // messages are put into our own words, so they must come in one language
    .detectLocale(false)
    .strict()
    .demandCommand(1)
    .version(VERSION)
    .alias('help', 'h')
    .alias('version', 'v')
    .wrap(Math.min(MOST_WIDTH, process.stdout.columns ?? DEFAULT_WIDTH))
    .epilogue(
      [
        examples(
          ['A model of your own', 'stepfold unet.onnx'],
          [
            'Half of its calls, proved',
            'stepfold transform unet.onnx --recipe balanced --calls 50 -o bundle\nstepfold verify bundle --against unet.onnx',
          ],
          ['What a command takes', 'stepfold transform --help'],
        ),
        '',
        'Exit status: 0 done, 1 a check failed or a loop broke, 2 bad usage or bad input.',
      ].join('\n'),
    )
    .exitProcess(false)
    .fail((message, error) => {
      // yargs reports some faults as a message, others as an error of its own
      const fault = error?.name === 'YError' ? error.message : message;
      throw error && error.name !== 'YError' ? error : new UsageFault(fault);
    });
  for (const command of COMMANDS) parser = parser.command(checked(command) as never);
  parser = parser.completion(
    'completion',
    COMPLETION,
    (_: string, __: unknown, usual: () => void, done: (words: string[]) => void) => {
      completions(typed.slice(1), COMMANDS).then((words) => (words ? done([...words]) : usual()));
    },
  );

  if (typed.length === 0) parser.showHelp('error');
  try {
    await parser.parseAsync();
  } catch (error) {
    if (!(error instanceof UsageFault)) throw error;
    // what is still being typed is not wrong yet
    if (typed[0] === COMPLETING) return;
    const { usageError } = await import('./usage.js');
    throw usageError(error.message, typed, COMMANDS);
  }
}

const COMPLETION =
  'Print a script that completes command lines: `stepfold completion >> ~/.bashrc`';
const SHELLS = ['bash', 'zsh', 'fish'];

/** `stepfold completion zsh`: yargs goes by the shell that is in use. */
function withShell(typed: readonly string[]): string[] {
  const [command, shell = '', ...rest] = typed;
  if (command !== 'completion' || !SHELLS.includes(shell)) return [...typed];
  process.env['SHELL'] = shell;
  return [command, ...rest];
}

/** Commands that read a model once, and keep nothing of where it lies. */
const READ_INPUT: readonly string[] = [propose, inspect, recipes, print, diff].map(nameOf);

/** What would be left of a file on standard input is refused before anything is done. */
const checked = (command: Command): Command => ({
  ...command,
  handler: async (args: never) => {
    const places = Object.entries(args as Readonly<Record<string, unknown>>);
    const [what] = places.find(([name, value]) => name !== '_' && value === STANDARD_INPUT) ?? [];
    if (what !== undefined && !READ_INPUT.includes(nameOf(command)))
      throw inputNotTaken(nameOf(command), what, READ_INPUT);
    await command.handler(args);
  },
});

/** What yargs says of a command line, still in its words. */
class UsageFault extends Error {}
