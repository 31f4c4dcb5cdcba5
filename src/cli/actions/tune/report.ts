/** What is said of a search that has come to its end. */
import type { Original } from '../../../compiler/emit/index.js';
import type { VerifyReport } from '../../../evidence/measure/index.js';
import {
  type Judged,
  type Setting,
  settingTitle,
  type Tuned,
} from '../../../evidence/tune/index.js';
import { colors } from '../../colors.js';
import type { TuneArguments } from '../../commands/tune.js';
import { printNext } from '../../next.js';
import { printOriginal } from '../../original.js';
import { heading, print, printJson, printMadeUp, printTable, shortLists } from '../../output.js';
import { besideFlags } from './loop-flags.js';

/** Latents are in the bundle's pictures, not in what is printed. */
const withoutEnds = ({ ends: _, ...tuned }: Tuned) => tuned;

/** What runs the loop that was chosen; its sampler is in the bundle. */
const runLine = (args: TuneArguments, { setting }: Judged): string[] => [
  ...['stepfold', 'run', args.output, ...besideFlags(args, setting.sampler)],
  ...['-o', 'out'],
];

/** What took or takes how long where. */
function timeText({ chosen: { time }, costsOf, imagesAtOnce }: Tuned): string {
  const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(2);
  return costsOf
    ? `worked out from the costs of ${costsOf.file}, measured on: ${costsOf.machine} (${seconds(time.milliseconds)} s for the model's calls; no loop was timed there)`
    : `measured here (${seconds(time.milliseconds)} s for ${imagesAtOnce} images, ${seconds(time.least)} to ${seconds(time.most)})`;
}

const titleOf = (setting: Setting): string => shortLists(settingTitle(setting));

const dB = ({ mean }: { readonly mean: number }) => (mean >= 150 ? 'equal' : mean.toFixed(1));

/** What was made of the search. */
interface Written {
  readonly proof: VerifyReport;
  /** Where it is a pipeline. */
  readonly original: Original | undefined;
  /** That the search took. */
  readonly seconds: number;
}

export function report(
  args: TuneArguments,
  tuned: Tuned,
  { proof, original, seconds }: Written,
): void {
  const { chosen, loop, rival, evaluations, failed, notTried } = tuned;
  const speedup = (one: Judged) => loop.time.milliseconds / one.time.milliseconds;
  if (args.json) {
    printJson({
      folder: args.output,
      seconds,
      proved: proof.passed,
      run: runLine(args, chosen),
      ...(original && { original }),
      ...withoutEnds(tuned),
    });
    return;
  }
  heading(`On ${chosen.own.images} images that the search did not see`);
  const row = (what: string, one: Judged) => [
    what,
    titleOf(one.setting),
    `${(one.time.milliseconds / 1000).toFixed(2)} s`,
    `${speedup(one).toFixed(2)}x`,
    dB(one.converged),
    dB(one.own),
  ];
  printTable(
    ['', 'setting', 'time', 'speedup', 'to converged', 'to own loop'],
    [
      row('chosen', chosen),
      ...(rival ? [row('fewer steps', rival)] : []),
      row('the loop as it is', loop),
    ],
  );
  const error = chosen[args.to];
  print(`Chosen: ${titleOf(chosen.setting)}`);
  print(`Speed: ${speedup(chosen).toFixed(2)} times that of the loop as it is, ${timeText(tuned)}`);
  print(
    `Distance: ${dB(error)} dB to the ${args.to === 'own' ? "loop's own" : 'converged'} pictures (${error.least.toFixed(1)} to ${error.most.toFixed(1)}); fewer steps in the same time: ${rival ? `${dB(rival[args.to])} dB` : 'none'}`,
  );
  print(
    `${evaluations.toFixed(0)} evaluations of the model in ${tuned.trials} trials; ${seconds.toFixed(0)} s`,
  );
  if (tuned.outOfTime) print('Time ran out before everything was tried.');
  for (const { pass, reason } of notTried) print(`Not tried: ${pass}: ${reason}`);
  for (const { setting, message } of failed) print(`Failed: ${titleOf(setting)}: ${message}`);
  printMadeUp(tuned.madeUp);
  print(
    `Written: ${args.output}`,
    proof.passed ? colors.green(', proved') : colors.red(', and not proved: see `stepfold verify`'),
  );
  printOriginal(original);
  if (args.page !== undefined) print(`Page: ${args.page}`);
  printNext(...runLine(args, chosen).slice(1));
}
