/** What `stepfold tune` does. */
import path from 'node:path';
import {
  checkApart,
  checkTarget,
  emitBundle,
  writeFile,
  writePipelineFolder,
} from '../../compiler/emit/index.js';
import { badSpeedup, outputExists, twoGoals, unknownTry } from '../../errors/index.js';
import { proveBundle, type VerifyReport } from '../../evidence/measure/index.js';
import { tuningPage } from '../../evidence/report/tuning-page.js';
import {
  describeSearch,
  type Goal,
  type Judged,
  type LoopSubject,
  pipelineOf,
  type QueueAt,
  readErrorGoal,
  type Setting,
  settingTitle,
  type TrialShare,
  type Tuned,
  TuningFolder,
  tune,
  writeSearch,
} from '../../evidence/tune/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { findBundle, findModel, readScheduler } from '../../runtime/model-folder/index.js';
import { readFeeds, readRoles, readShapes, readSizes } from '../arguments.js';
import { colors } from '../colors.js';
import type { TuneArguments } from '../commands/tune.js';
import {
  pathOf,
  readLoopGuidance,
  readSamplerOptions,
  readSpacing,
  splitSettings,
  trainTimestepsOf,
} from '../loop-options.js';
import { heading, print, printJson, printMadeUp, printTable } from '../output.js';
import { checkOutputFile } from '../output-file.js';
import { readPasses } from '../plugins.js';
import { startStatus } from '../progress.js';
import { DEFAULT_SAMPLER } from '../sampler-options.js';
import { onInterrupt, startClock } from '../search.js';
import { shellWord } from '../shell.js';
import { readTimesteps } from '../timesteps-file.js';
import { commandsOf, conditionFlags } from './tune/commands.js';
import { openShare, withQueue } from './tune/share.js';

const STEPS = 50;
const FLOW_STEPS = 28;
const SPEEDUP = 2;

export const runTuning = (given: TuneArguments): Promise<void> =>
  given.queue === undefined
    ? runSearch(given)
    : withQueue(given.queue, (queue) => runSearch(given, queue));

async function runSearch(given: TuneArguments, queue?: QueueAt): Promise<void> {
  const goal = goalOf(given);
  const { pipeline, file } = findModel(given.model);
  const { noise, folder: ofFolder } = splitSettings(
    pipeline ? readScheduler(pipeline.folder, given) : {},
  );
  const { sampler = DEFAULT_SAMPLER } = given;
  const args = { ...given, ...noise, sampler, model: file };
  if (pipeline) checkApart(args.output, pipeline.folder);
  checkTarget(args.output, args.force, file);
  if (args.page !== undefined) checkOutputFile(args.page, args.force, outputExists);
  const table = await readPasses(args.plugin);
  const searched = [...table.passes.values()].filter(({ tuning }) => tuning).map((p) => p.name);
  for (const name of args.try ?? []) if (!searched.includes(name)) throw unknownTry(name, searched);
  const model = loadModel(file);
  const along = pathOf(args, ofFolder);
  const chosen =
    args.timesteps === undefined
      ? undefined
      : readTimesteps(args.timesteps, { file }, trainTimestepsOf(args));
  const steps = args.steps ?? chosen?.timesteps.length ?? (along === 'flow' ? FLOW_STEPS : STEPS);
  const guidance = await readLoopGuidance(args);
  const subject: LoopSubject = {
    file,
    table,
    own: {
      name: args.sampler,
      ...readSpacing(args, chosen, ofFolder),
      ...readSamplerOptions(args, ofFolder),
      steps,
    },
    ...(guidance && { guidance }),
    feeds: await readFeeds('feed', args.feed),
    seed: args.seed,
    shapes: readShapes(args.shape),
    freeze: readSizes('freeze', args.freeze),
    roles: readRoles(args),
  };
  const folder = new TuningFolder(args.work ?? `${path.resolve(args.output)}.tuning`);
  folder.take();
  if (args.restart) folder.clear();
  const search = describeSearch(subject, model);
  writeSearch(folder.path, search);
  const status = startStatus(args.json);
  const clock = startClock(0);
  let share: TrialShare | undefined;
  const interrupted = onInterrupt(folder.path, async () => {
    status.stop();
    folder.leave();
    await share?.close();
  });
  let tuned: Tuned;
  let proof: VerifyReport;
  try {
    share = await openShare(queue, { folder, search, onNotice: status.note });
    tuned = await tune({
      subject,
      model,
      goal,
      errorTo: args.to,
      basis: args.cost,
      samples: args.samples,
      only: args.try,
      folder,
      share,
      search: search.id,
      ...(args.minutes !== undefined && { seconds: 60 * args.minutes }),
      onProgress: (_, what) => status.show(what),
    });
    status.show(`Writing ${args.output}`);
    const compilation = await pipelineOf(subject, tuned.chosen.setting).compile(model);
    const options = { sourceFile: file, force: args.force };
    if (pipeline)
      writePipelineFolder(compilation, args.output, {
        ...options,
        pipeline: pipeline.folder,
        component: pipeline.component,
      });
    else emitBundle(compilation, args.output, options);
    status.show('Proving it');
    proof = await proveBundle({
      known: table.strategies,
      folder: findBundle(args.output),
      model: file,
      onProgress: (what) => status.show(`Proving it: ${what}`),
    });
  } finally {
    status.stop();
    interrupted.forget();
    folder.leave();
    await share?.close();
  }
  if (args.work === undefined) folder.remove();
  if (!proof.passed) process.exitCode = 1;
  if (args.page !== undefined) {
    const commands = (one: Setting) => commandsOf(args, one);
    const page = tuningPage(tuned, { model: path.basename(file), errorTo: args.to, commands });
    writeFile(args.page, new TextEncoder().encode(page));
  }
  report(args, tuned, proof, clock());
}

/** @throws TUNE_GOAL */
function goalOf({ speedup, error, minutes }: TuneArguments): Goal {
  if (error !== undefined) {
    if (speedup !== undefined) throw twoGoals();
    return readErrorGoal(error);
  }
  if (speedup === undefined && minutes !== undefined) return { kind: 'front' };
  const times = speedup ?? SPEEDUP;
  if (!(times > 1)) throw badSpeedup(times);
  return { kind: 'speedup', times };
}

/** Latents are in the bundle's pictures, not in what is printed. */
const withoutEnds = ({ ends: _, ...tuned }: Tuned) => tuned;

/** What runs the loop that was chosen; its sampler is in the bundle. */
const runLine = (args: TuneArguments): string[] => [
  ...['stepfold', 'run', args.output, ...conditionFlags(args)],
  ...['-o', 'out'],
];

const dB = ({ mean }: { readonly mean: number }) => (mean >= 150 ? 'equal' : mean.toFixed(1));

function report(args: TuneArguments, tuned: Tuned, proof: VerifyReport, seconds: number): void {
  const { chosen, loop, rival, evaluations, failed, notTried } = tuned;
  const speedup = (one: Judged) => loop.time.milliseconds / one.time.milliseconds;
  if (args.json) {
    printJson({
      folder: args.output,
      seconds,
      proved: proof.passed,
      run: runLine(args),
      ...withoutEnds(tuned),
    });
    return;
  }
  heading(`On ${chosen.own.images} images that the search did not see`);
  const row = (what: string, one: Judged) => [
    what,
    settingTitle(one.setting),
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
  print(`Chosen: ${settingTitle(chosen.setting)}`);
  print(
    `Speed: ${speedup(chosen).toFixed(2)} times that of the loop as it is, measured here (${(chosen.time.milliseconds / 1000).toFixed(2)} s for ${tuned.imagesAtOnce} images, ${(chosen.time.least / 1000).toFixed(2)} to ${(chosen.time.most / 1000).toFixed(2)})`,
  );
  print(
    `Distance: ${dB(error)} dB to the ${args.to === 'own' ? "loop's own" : 'converged'} pictures (${error.least.toFixed(1)} to ${error.most.toFixed(1)}); fewer steps in the same time: ${rival ? `${dB(rival[args.to])} dB` : 'none'}`,
  );
  print(
    `${evaluations.toFixed(0)} evaluations of the model in ${tuned.trials} trials; ${seconds.toFixed(0)} s`,
  );
  if (tuned.outOfTime) print('Time ran out before everything was tried.');
  for (const { pass, reason } of notTried) print(`Not tried: ${pass}: ${reason}`);
  for (const { setting, message } of failed) print(`Failed: ${settingTitle(setting)}: ${message}`);
  printMadeUp(tuned.madeUp);
  print(
    `Written: ${args.output}`,
    proof.passed ? colors.green(', proved') : colors.red(', and not proved: see `stepfold verify`'),
  );
  if (args.page !== undefined) print(`Page: ${args.page}`);
  print(`Run it: ${runLine(args).map(shellWord).join(' ')}`);
}
