/**
 * Twice as fast at the least error, on the user's own model and machine: settings of all methods and their rivals, tried
 * on a few images at the cost that is asked for, and the best of them judged on images that the search never saw.
 */
import { targets } from '../../compiler/targets/index.js';
import { goalTooFast, nothingRan, ownLoopFailed } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import type { LoopChoice } from '../yardstick/index.js';
import { Bundles } from './bundles.js';
import type { Candidate } from './candidate.js';
import { type CostTable, costsFromTable } from './cost-table.js';
import { type CostBasis, costsHere, type StepCost } from './costs.js';
import type { Judge } from './descent.js';
import type { ErrorTo } from './error-to.js';
import type { TuningFolder } from './folder.js';
import { searchFor } from './for-goal.js';
import { FRONT, type Goal } from './goal.js';
import { asTheyAre, type Fitted, inTime, inTimeElsewhere, timedIn } from './in-time.js';
import { gammaRefusal } from './loop.js';
import type { NotTried } from './method.js';
import { findMethods, type MethodOptions } from './methods.js';
import { PlannerHere } from './planner.js';
import { referenceLoop } from './reference.js';
import { searchAt } from './search.js';
import { type Setting, stepsIn } from './setting.js';
import { settledText } from './settle.js';
import type { TrialShare } from './share.js';
import { HELD_OUT, type ImageBatch, imagesAtOnce, type LoopSubject } from './subject.js';
import { type FailedSetting, Table, type Tried } from './table.js';
import type { LoopTime } from './times.js';

export interface TuneOptions {
  readonly subject: LoopSubject;
  readonly model: Model;
  readonly goal: Goal;
  readonly errorTo: ErrorTo;
  /** What counts as fast: time or work here, or time as another machine measured it. */
  readonly costs: CostBasis | CostTable;
  /** Images that judge, at least. */
  readonly samples: number;
  /** Names of passes; all that can be searched where it is left out. */
  readonly only?: readonly string[] | undefined;
  /** Settings to start from, beside what passes say of themselves. */
  readonly startingPoints?: MethodOptions['startingPoints'];
  /** Where results lie, and those of an interrupted search. */
  readonly folder: TuningFolder;
  /** Who else runs trials of it. */
  readonly share: TrialShare;
  /** SHA-256 of what the search is for. */
  readonly search: string;
  /** Of the engine, in trials and in what is measured. */
  readonly threads?: number | undefined;
  /** Seconds after which nothing new is tried. */
  readonly seconds?: number | undefined;
  readonly onProgress?: (done: number, what: string) => void;
}

/** A setting on the images that judge, with what its loop takes here. */
export interface Judged extends Tried {
  readonly time: LoopTime;
}

export interface Tuned {
  readonly chosen: Judged;
  /** The best of fewer steps at the same cost. */
  readonly rival: Judged | undefined;
  /** The loop as it is. */
  readonly loop: Judged;
  /** The best of the search, on the images that judge. */
  readonly finalists: readonly Tried[];
  readonly tried: readonly Tried[];
  readonly failed: readonly FailedSetting[];
  readonly notTried: readonly NotTried[];
  readonly reference: LoopChoice;
  readonly imagesAtOnce: number;
  /** Who measured what steps cost, where that was not here: times are worked out from that. */
  readonly costsOf: { readonly file: string; readonly machine: string } | undefined;
  /** Of the model, each on one image. */
  readonly evaluations: number;
  readonly trials: number;
  /** Trials that an interrupted search had made. */
  readonly resumed: number;
  /** Whether time ran out before the search was done. */
  readonly outOfTime: boolean;
  readonly madeUp: readonly string[];
  /** Of the first images that judge, where loops end. */
  readonly ends: {
    readonly dims: readonly number[];
    readonly chosen: Float32Array;
    readonly rival: Float32Array | undefined;
    readonly loop: Float32Array;
    readonly converged: Float32Array;
  };
}

/** Steps of the longest loop under methods, where the loop as it is has fewer. */
export const MOST_STEPS = 100;

/** @throws TUNE_GOAL where the goal cannot be met, and what the loop as it is throws */
export async function tune(options: TuneOptions): Promise<Tuned> {
  const bundles = new Bundles(options.subject, options.model, options.threads);
  try {
    return await tuneWith(bundles, options);
  } finally {
    await bundles.release();
  }
}

async function tuneWith(bundles: Bundles, options: TuneOptions): Promise<Tuned> {
  const { subject, folder, share, search, errorTo, goal } = options;
  const { own } = subject;
  const steps = stepsIn(own);
  const images = imagesAtOnce((await bundles.source()).ports, subject);
  const reference = referenceLoop(own);
  const table = new Table({ bundles, folder, share, search, own, converged: reference });
  const loop = { setting: { family: 'the loop as it is', passes: [], sampler: own }, cost: steps };
  // whatever is wrong with the model or its inputs is wrong with this
  options.onProgress?.(0, 'The loop as it is');
  if (!(await table.end(loop.setting, 0))) throw ownLoopFailed(table.failed[0]!);
  const ends = performance.now() + 1000 * (options.seconds ?? Number.POSITIVE_INFINITY);
  const isLate = () => performance.now() > ends;
  const mostSteps = Math.max(MOST_STEPS, steps);
  const costs =
    typeof options.costs === 'object'
      ? costsFromTable(options.costs)
      : costsHere(bundles, own, options.costs, (name, measure) =>
          folder.measured<StepCost>(`${search} ${name}`, measure),
        );
  const methods = await findMethods(bundles, {
    ...{ subject, costs, mostSteps, wanted: options.only },
    startingPoints: options.startingPoints,
    onMethod: (done, all, what) => options.onProgress?.(done / all, `Measuring ${what}`),
  });
  const planner = new PlannerHere({
    ...{ bundles, costs: options.costs, isLate },
    remember: (name, find) => folder.measured(`${search} ${name}`, find),
  });
  const space = { ...methods, own, mostSteps, planner };
  let late = false;
  const judge: Judge = {
    async prepare(candidates, batches) {
      if (isLate()) return;
      const family = candidates[0]?.setting.family ?? 'nothing';
      options.onProgress?.(0, family);
      const settings = candidates.map(({ setting }) => setting);
      await table.prepare(settings, range(batches), {
        isLate,
        onSettled: (done, all) =>
          options.onProgress?.(done.size / all, `${family}: ${settledText(done, all)}`),
      });
    },
    async score(candidate, batches) {
      const known = table.known(candidate);
      if (isLate() && table.tried.length > 0) {
        late = true;
        return known?.[errorTo].mean;
      }
      return (await table.of(candidate, range(batches)))?.[errorTo].mean;
    },
  };
  const at = (times: number) => searchAt(space, steps / times, judge);
  const found = await searchFor(goal, { at, isLate, table, errorTo });
  const [best] = found.best;
  if (!best && goal.kind === 'speedup' && steps / goal.times < 1)
    throw goalTooFast(goal.times, steps);
  if (!best) throw nothingRan();
  options.onProgress?.(0, 'Judging');
  const held = range(Math.ceil(options.samples / images), HELD_OUT);
  const times =
    goal.kind === 'front' ? FRONT[0]! : goal.kind === 'speedup' ? goal.times : undefined;
  const timed = async (): Promise<Fitted> => {
    const { costs: by } = options;
    if (typeof by === 'object') return inTimeElsewhere(bundles, by, loop, best, found.rival);
    const time = timedIn(bundles);
    if (by === 'macs') return asTheyAre(time, loop, best, found.rival);
    return inTime(time, loop, best, found.rival, times && 1 / times);
  };
  const fitted = await timed();
  const judged = async (candidate: Candidate, time: LoopTime): Promise<Judged | undefined> => {
    const one = await table.of(candidate, held);
    return one && { ...one, time };
  };
  // whoever helps has a share in judging too
  const asked = found.best.map(({ setting }) => setting);
  await table.prepare(asked, held, {
    onSettled: (done, all) =>
      options.onProgress?.(done.size / all, `Judging: ${settledText(done, all)}`),
  });
  const finalists: Tried[] = [];
  for (const candidate of found.best) {
    const one = await table.of(candidate, held);
    if (one) finalists.push(one);
  }
  const chosen = await judged(fitted.chosen, fitted.times[1]!);
  if (!chosen) throw nothingRan();
  return {
    chosen,
    rival: fitted.rival && (await judged(fitted.rival, fitted.times[2] ?? fitted.times[1]!)),
    loop: (await judged(loop, fitted.times[0]!))!,
    finalists,
    tried: table.tried,
    failed: table.failed,
    notTried: [...methods.notTried, ...planner.notTried, ...neverTried(own)],
    reference,
    imagesAtOnce: images,
    costsOf:
      typeof options.costs === 'object'
        ? { file: options.costs.file, machine: options.costs.content.machine }
        : undefined,
    evaluations: table.evaluations + planner.evaluations,
    trials: table.trials,
    resumed: table.resumed,
    outOfTime: late,
    ends: await endsOf(table, fitted, { own, reference }),
    madeUp: table.madeUp,
  };
}

/** What is no part of the search, or not of this loop's. */
function neverTried(own: LoopChoice): NotTried[] {
  const gamma = gammaRefusal(own);
  // the others are for engines, not for speed
  const faster = Object.values(targets)
    .filter(({ engine }) => !engine)
    .map(({ name }) => ({
      pass: `rewriting for ${name}`,
      reason: `it is no pass, and goes on whatever is chosen: \`stepfold transform --target ${name}\``,
    }));
  return [
    ...(gamma === undefined ? [] : [{ pass: 'timesteps by gamma', reason: gamma }]),
    ...faster,
  ];
}

async function endsOf(
  table: Table,
  { chosen, rival }: Fitted,
  { own, reference }: { readonly own: LoopChoice; readonly reference: LoopChoice },
): Promise<Tuned['ends']> {
  const of = (setting: Pick<Setting, 'passes' | 'sampler'>) =>
    table.end({ family: '', ...setting }, HELD_OUT);
  const end = await of(chosen.setting);
  return {
    dims: end!.dims,
    chosen: end!.latent,
    rival: rival && (await of(rival.setting))?.latent,
    loop: (await of({ passes: [], sampler: own }))!.latent,
    converged: (await of({ passes: [], sampler: reference }))!.latent,
  };
}

const range = (count: number, from = 0): ImageBatch[] =>
  Array.from({ length: count }, (_, i) => from + i);
