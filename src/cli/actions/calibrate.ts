/** What `stepfold calibrate` does. */
import { writeFile } from '../../compiler/emit/index.js';
import {
  type AnyPass,
  checkOptions,
  type Pass,
  type PassRequest,
  type PassTable,
  parsePassRequest,
} from '../../compiler/pass/index.js';
import { prepare } from '../../compiler/pipeline/index.js';
import { planToJson } from '../../compiler/plan/index.js';
import {
  needsPass,
  onePassOnly,
  passNotSearched,
  planExists,
  unknownPass,
} from '../../errors/index.js';
import { type Calibrated, calibrate, type LoopGuidance } from '../../evidence/calibrate/index.js';
import {
  type PartialSearch,
  partialFile,
  readPartial,
  removePartial,
  writePartial,
} from '../../evidence/calibrate/resume.js';
import { modelPorts } from '../../evidence/measure/index.js';
import { percent, shownStrategies } from '../../evidence/report/strategies.js';
import { loadModel } from '../../model/onnx/files.js';
import { findModel, readScheduler } from '../../runtime/model-folder/index.js';
import { type SamplerName, stepsFor } from '../../runtime/samplers/index.js';
import { formatPlan, type PlanFile, stepsOfCalls } from '../../runtime/schedule/index.js';
import { readArrays, readFeeds, readRoles, readShapes, readSizes } from '../arguments.js';
import type { CalibrateArguments } from '../commands/calibrate.js';
import { printHeatmap } from '../heatmap.js';
import {
  type FolderLoop,
  pathOf,
  readLoopGuidance,
  readSamplerOptions,
  readSpacing,
  splitSettings,
  trainTimestepsOf,
} from '../loop-options.js';
import { heading, print, printJson, printMadeUp } from '../output.js';
import { checkOutputFile } from '../output-file.js';
import { openParts, readStart } from '../pipeline-parts.js';
import { readPasses } from '../plugins.js';
import { startProgress } from '../progress.js';
import { DEFAULT_SAMPLER } from '../sampler-options.js';
import {
  identityOf,
  type LoopOptions,
  onInterrupt,
  rounded,
  searchRecord,
  startClock,
} from '../search.js';
import { type ChosenTimesteps, readTimesteps, requireLength } from '../timesteps-file.js';
import { printNextAfterSearch } from './calibrate/next.js';
import { type FullCallsSubject, refuseFullCalls, runFullCalls } from './full-calls.js';

/** Steps of the progress bar. */
const PROGRESS = 1000;

export async function runCalibration(given: CalibrateArguments): Promise<void> {
  const { pipeline, file } = findModel(given.model);
  const { noise, folder } = splitSettings(pipeline ? readScheduler(pipeline.folder, given) : {});
  const { sampler = DEFAULT_SAMPLER } = given;
  const args = { ...given, ...noise, sampler, model: file };
  const request = onePass(args.pass);
  checkOutputFile(args.output, args.force, planExists);
  const model = loadModel(args.model);
  const table = await readPasses(args.plugin);
  const pass = searchedPass(table, request);
  const options = await readOptions(args, folder);
  const opened = await openParts(args, {
    feeds: options.feeds ?? {},
    folder: pipeline?.folder,
    halves: options.guidance?.mode === 'two-calls',
    ports: async () => modelPorts(await prepare(model, options)),
  });
  const subject = {
    ...{ table, pass, request, model },
    options: { ...options, feeds: opened.feeds, parts: opened.parts },
  };
  try {
    await search(args, subject);
  } finally {
    await opened.release();
  }
}

async function search(
  args: CalibrateArguments,
  { table, pass, request, model, options }: FullCallsSubject,
): Promise<void> {
  if (!pass.calibration) return runFullCalls(args, { table, pass, request, model, options });
  refuseFullCalls(args, request.pass);
  const checked = checkOptions(pass, request.options) as Record<string, unknown>;
  const identity = identityOf(args.model, model, { ...request, options: checked }, options);
  if (args.restart) removePartial(args.output);
  const before = readPartial(args.output, identity);
  const progress = startProgress('Searching', args.json);
  const clock = startClock(before.seconds);
  const interrupted = onInterrupt(partialFile(args.output), () => progress.stop());
  let found: Calibrated;
  try {
    found = await calibrate(model, {
      ...options,
      pass: pass as Pass,
      options: checked,
      decided: before.decided,
      onCall: (decided) => writePartial(args.output, identity, { decided, seconds: clock() }),
      onProgress: (done, call) =>
        progress.update(Math.round(done * PROGRESS), PROGRESS, `Call ${call} of ${args.calls}`),
    });
  } finally {
    progress.stop();
    interrupted.forget();
  }
  const seconds = clock();
  const plan = planFile(args, { ...request, options: checked }, options, found, seconds);
  writeFile(args.output, new TextEncoder().encode(formatPlan(plan, args.output)));
  removePartial(args.output);
  report(args, plan, table, found, seconds, before);
  printNextAfterSearch(args);
}

/** With the sampler that it is run with. */
type LoopArguments = CalibrateArguments & { readonly sampler: SamplerName };

function onePass(given: readonly string[] | undefined): PassRequest {
  const requests = (given ?? []).map(parsePassRequest);
  const [request] = requests;
  if (!request) throw needsPass();
  if (requests.length > 1) throw onePassOnly(requests.length);
  return request;
}

function searchedPass({ passes }: PassTable, { pass }: PassRequest) {
  const found = passes.get(pass);
  if (!found) throw unknownPass(pass, [...passes.keys()]);
  const isSearched = ({ calibration, fullSteps }: AnyPass) => calibration || fullSteps;
  const searched = [...passes.values()].filter(isSearched);
  if (!isSearched(found))
    throw passNotSearched(
      pass,
      searched.map(({ name }) => name),
    );
  return found;
}

async function readOptions(args: LoopArguments, folder: FolderLoop): Promise<LoopOptions> {
  const guidance = await readLoopGuidance(args);
  const chosen = readChosen(args, guidance);
  return {
    calls: args.calls,
    search: args.search,
    samples: args.samples,
    seed: args.seed,
    sampler: {
      name: args.sampler,
      ...readSpacing(args, chosen, folder),
      ...readSamplerOptions(args, folder),
      ...readStart(
        args,
        stepsFor(args.sampler, stepsOfCalls(args.calls, guidance)),
        pathOf(args, folder),
      ),
    },
    ...(guidance && { guidance }),
    feeds: await readFeeds('feed', args.feed),
    ...(args.recorded && { recorded: await readArrays('recorded', args.recorded) }),
    shapes: readShapes(args.shape),
    freeze: readSizes('freeze', args.freeze),
    roles: readRoles(args),
  };
}

function readChosen(
  args: CalibrateArguments,
  guidance: LoopGuidance | undefined,
): ChosenTimesteps | undefined {
  if (args.timesteps === undefined) return undefined;
  const chosen = readTimesteps(args.timesteps, { file: args.model }, trainTimestepsOf(args));
  requireLength(args.timesteps, chosen, args.calls, guidance);
  return chosen;
}

function planFile(
  args: CalibrateArguments,
  request: PassRequest,
  options: LoopOptions,
  found: Calibrated,
  seconds: number,
): PlanFile {
  const { steps, record } = searchRecord(args, request, options);
  return planToJson(found.plan, {
    ...record,
    calibration: {
      pass: request.pass,
      threshold: found.threshold,
      ...(!options.recorded && {
        seed: args.seed,
        sampler: { ...options.sampler, steps },
      }),
      samples: found.samples,
      search: args.search,
      evaluations: rounded(found.evaluations.done),
      seconds: Math.round(seconds * 10) / 10,
      loss: Object.fromEntries(
        Object.entries(found.losses).map(([site, losses]) => [
          site,
          losses.map((loss) => (loss === null ? null : rounded(loss))),
        ]),
      ),
    },
  });
}

function report(
  args: CalibrateArguments,
  plan: PlanFile,
  { strategies: known }: PassTable,
  found: Calibrated,
  seconds: number,
  before: PartialSearch,
): void {
  const strategies = shownStrategies(plan, known);
  const { done, plain } = found.evaluations;
  const resumed = before.decided.length;
  if (args.json) {
    const shares = Object.fromEntries(strategies.map(({ name, share }) => [name, share]));
    const { madeUp, samples, threshold, evaluations } = found;
    printJson({
      file: args.output,
      threshold,
      samples,
      evaluations,
      seconds,
      resumed,
      shares,
      madeUp,
      plan,
    });
    return;
  }
  printHeatmap(plan, known);
  heading(`Search (threshold ${found.threshold})`);
  const share = done < plain ? `, ${percent(done / plain)} of the ${plain} of a plain search` : '';
  print(`${done.toFixed(1)} model evaluations${share}; ${seconds.toFixed(1)} s`);
  if (resumed > 0) print(`Gone on from call ${resumed}, where an earlier run had been interrupted`);
  printMadeUp(found.madeUp);
  print(`Written: ${args.output}`);
}
