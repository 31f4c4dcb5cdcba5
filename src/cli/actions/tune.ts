/** What `stepfold tune` does. */
import path from 'node:path';
import {
  checkApart,
  checkTarget,
  emitBundle,
  type LoopDefaults,
  type Original,
  writeFile,
  writePipelineFolder,
} from '../../compiler/emit/index.js';
import { badSpeedup, outputExists, twoGoals } from '../../errors/index.js';
import { proveBundle, type VerifyReport } from '../../evidence/measure/index.js';
import { tuningPage } from '../../evidence/report/tuning-page.js';
import {
  COST_BASES,
  describeSearch,
  type Goal,
  pipelineOf,
  type QueueAt,
  readCosts,
  readErrorGoal,
  type Setting,
  type TrialShare,
  type Tuned,
  TuningFolder,
  tune,
  writeSearch,
} from '../../evidence/tune/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { findBundle, findModel, readScheduler } from '../../runtime/model-folder/index.js';
import type { GuidancePair } from '../../runtime/schedule/index.js';
import type { TuneArguments } from '../commands/tune.js';
import { defaultsOf } from '../defaults.js';
import { splitSettings } from '../loop-options.js';
import { checkOutputFile } from '../output-file.js';
import { readPasses } from '../plugins.js';
import { startStatus } from '../progress.js';
import { onInterrupt, startClock } from '../search.js';
import { commandsOf } from './tune/commands.js';
import { refuseUnsearched } from './tune/refused.js';
import { report } from './tune/report.js';
import { checkTry, startingPoints } from './tune/search-space.js';
import { openShare, withQueue } from './tune/share.js';
import { readSubject } from './tune/subject.js';

const SPEEDUP = 2;

export const runTuning = (given: TuneArguments): Promise<void> =>
  given.queue === undefined
    ? runSearch(given)
    : withQueue(given.queue, (queue) => runSearch(given, queue));

async function runSearch(given: TuneArguments, queue?: QueueAt): Promise<void> {
  const goal = goalOf(given);
  refuseUnsearched(given);
  const { pipeline, file } = findModel(given.model);
  const { noise, folder: ofFolder } = splitSettings(
    pipeline ? readScheduler(pipeline.folder, given) : {},
  );
  const args = { ...given, ...noise, model: file };
  if (pipeline) checkApart(args.output, pipeline.folder);
  checkTarget(args.output, args.force, file);
  if (args.page !== undefined) checkOutputFile(args.page, args.force, outputExists);
  const table = await readPasses(args.plugin);
  checkTry(args.try, table);
  const model = loadModel(file);
  const subject = await readSubject(args, {
    ...{ model, table, folder: ofFolder },
    pipeline: pipeline?.folder,
  });
  const defaults = keptOf(args, subject.guidance);
  const costs = COST_BASES.find((basis) => basis === args.cost) ?? readCosts(args.cost, subject);
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
  let original: Original | undefined;
  try {
    share = await openShare(queue, { folder, search, onNotice: status.note });
    tuned = await tune({
      subject,
      model,
      goal,
      errorTo: args.to,
      costs,
      samples: args.samples,
      only: args.try,
      startingPoints,
      folder,
      share,
      search: search.id,
      threads: args.threads,
      ...(args.minutes !== undefined && { seconds: 60 * args.minutes }),
      onProgress: (done, what) => status.show(what, done),
    });
    status.show(`Writing ${args.output}`);
    const compilation = await pipelineOf(subject, tuned.chosen.setting).compile(model);
    const options = { sourceFile: file, force: args.force, defaults };
    if (pipeline)
      ({ original } = writePipelineFolder(compilation, args.output, {
        ...options,
        pipeline: pipeline.folder,
        component: pipeline.component,
      }));
    else emitBundle(compilation, args.output, options);
    status.show('Proving it');
    proof = await proveBundle({
      known: table.strategies,
      folder: findBundle(args.output),
      model: file,
      onProgress: (what, share) => status.show(`Proving it: ${what}`, share),
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
  report(args, tuned, { proof, original, seconds: clock() });
}

/** What the unconditional half reads may have been made up, which is nothing to keep. */
function keptOf(args: TuneArguments, guidance: GuidancePair | undefined): LoopDefaults {
  const { feed, embeddedGuidance, unconditional } = args;
  return defaultsOf(unconditional ? args : { feed, embeddedGuidance }, guidance);
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
