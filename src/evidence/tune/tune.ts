/**
 * Twice as fast at the least error, on the user's own model and machine: settings of all methods and their rivals, tried
 * on a few images at the cost that is asked for, and the best of them judged on images that the search never saw.
 */
import { prepare } from '../../compiler/pipeline/index.js';
import { errorTooSmall, goalTooFast, nothingRan, ownLoopFailed } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import { modelPorts } from '../measure/denoise-bundle.js';
import type { LoopChoice } from '../yardstick/index.js';
import { Bundles } from './bundles.js';
import type { CostBasis, StepCost } from './costs.js';
import type { ErrorTo } from './error-to.js';
import type { TuningFolder } from './folder.js';
import { FRONT, type Goal } from './goal.js';
import { findMethods, type NotTried } from './methods.js';
import { referenceLoop } from './reference.js';
import { type Candidate, FEWER, type Judge, searchAt } from './search.js';
import { type Setting, settingTitle, stepsIn } from './setting.js';
import { settledText } from './settle.js';
import type { TrialShare } from './share.js';
import { HELD_OUT, type ImageBatch, imagesAtOnce, type LoopSubject } from './subject.js';
import { type FailedSetting, Table, type Tried } from './table.js';
import { type LoopTime, timeLoops } from './times.js';

export interface TuneOptions {
  readonly subject: LoopSubject;
  readonly model: Model;
  readonly goal: Goal;
  readonly errorTo: ErrorTo;
  readonly basis: CostBasis;
  /** Images that judge, at least. */
  readonly samples: number;
  /** Names of passes; all that can be searched where it is left out. */
  readonly only?: readonly string[] | undefined;
  /** Where results lie, and those of an interrupted search. */
  readonly folder: TuningFolder;
  /** Who else runs trials of it. */
  readonly share: TrialShare;
  /** SHA-256 of what the search is for. */
  readonly search: string;
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

/** How far over the time that was asked for a loop may be found. */
const SLACK = 1.03;
/** How often a setting is made cheaper for it. */
const CORRECTIONS = 3;

/** @throws TUNE_GOAL where the goal cannot be met, and what the loop as it is throws */
export async function tune(options: TuneOptions): Promise<Tuned> {
  const bundles = new Bundles(options.subject, options.model);
  try {
    return await tuneWith(bundles, options);
  } finally {
    await bundles.release();
  }
}

async function tuneWith(bundles: Bundles, options: TuneOptions): Promise<Tuned> {
  const { subject, model, folder, share, search, errorTo, goal } = options;
  const { own } = subject;
  const steps = stepsIn(own);
  const ports = modelPorts(await prepare(model, subject));
  const images = imagesAtOnce(ports, subject);
  const reference = referenceLoop(own);
  const table = new Table({ bundles, folder, share, search, own, converged: reference });
  const loop = { setting: { family: 'the loop as it is', passes: [], sampler: own }, cost: steps };
  // whatever is wrong with the model or its inputs is wrong with this
  options.onProgress?.(0, 'The loop as it is');
  if (!(await table.end(loop.setting, 0))) throw ownLoopFailed(table.failed[0]!);
  const ends = performance.now() + 1000 * (options.seconds ?? Number.POSITIVE_INFINITY);
  const isLate = () => performance.now() > ends;
  const { methods, exact, exactCost, notTried } = await findMethods(
    bundles,
    subject,
    model,
    options.basis,
    options.only,
    (name, measure) => folder.measured<StepCost>(name, measure),
    (done, all, what) => options.onProgress?.(done / all, `Measuring ${what}`),
  );
  const space = { own, methods, exact, exactCost, notTried, mostSteps: Math.max(100, steps) };
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
  const found =
    goal.kind === 'speedup'
      ? await at(goal.times)
      : goal.kind === 'error'
        ? await fastest(goal.decibels, at, table, errorTo)
        : await front(at, isLate);
  const [best] = found.best;
  if (!best && goal.kind === 'speedup' && steps / goal.times < 1)
    throw goalTooFast(goal.times, steps);
  if (!best) throw nothingRan();
  options.onProgress?.(0, 'Judging');
  const held = range(Math.ceil(options.samples / images), HELD_OUT);
  const times =
    goal.kind === 'front' ? FRONT[0]! : goal.kind === 'speedup' ? goal.times : undefined;
  // where the clock is not to count, it does not
  const wanted = times && options.basis === 'measured' ? 1 / times : undefined;
  const fitted = await inTime(bundles, loop, best, found.rival, wanted);
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
    notTried,
    reference,
    imagesAtOnce: images,
    evaluations: table.evaluations,
    trials: table.trials,
    resumed: table.resumed,
    outOfTime: late,
    ends: await endsOf(table, fitted, { own, reference }),
    madeUp: table.madeUp,
  };
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

interface Fitted {
  readonly chosen: Candidate;
  readonly rival: Candidate | undefined;
  /** Of the loop as it is, the chosen one, and the rival where it is another. */
  readonly times: readonly LoopTime[];
}

/** Loops as a whole take what their steps do not say: what is found too slow is taken at a smaller cost. */
async function inTime(
  bundles: Bundles,
  loop: Candidate,
  best: Candidate,
  rival: Candidate | undefined,
  wanted: number | undefined,
): Promise<Fitted> {
  const isRival = best.setting.family === FEWER;
  let chosen = best;
  let other = isRival ? undefined : rival;
  for (let i = 0; ; i++) {
    const all = [loop, chosen, ...(other ? [other] : [])];
    const times = await timeLoops(
      bundles,
      all.map(({ setting }) => setting),
    );
    // the quickest rounds: whatever else the machine does only adds
    const part = (at: number) => times[at]!.least / times[0]!.least;
    const over = wanted === undefined ? 0 : part(1) / wanted;
    const smaller = over > SLACK ? chosen.at?.(chosen.cost / over) : undefined;
    if (!smaller || i >= CORRECTIONS) return { chosen, rival: isRival ? chosen : other, times };
    chosen = smaller;
    // beside it stands what takes as long
    const rivalOver = other && part(2) / wanted!;
    other = other && (rivalOver! > SLACK ? (other.at?.(other.cost / rivalOver!) ?? other) : other);
  }
}

/** What there is at each speed; the first of them is what is taken. */
async function front(
  at: (times: number) => ReturnType<typeof searchAt>,
  isLate: () => boolean,
): ReturnType<typeof searchAt> {
  const first = await at(FRONT[0]!);
  for (const times of FRONT.slice(1)) if (!isLate()) await at(times);
  return first;
}

/** Costs that are tried one after another where an error is asked for, as many times as fast. */
const SPEEDUPS = [1.5, 2, 3, 4, 6];

/** The fastest that is near enough: dearer costs are tried until one is not. */
async function fastest(
  decibels: number,
  at: (times: number) => ReturnType<typeof searchAt>,
  table: Table,
  errorTo: ErrorTo,
): Promise<Awaited<ReturnType<typeof searchAt>>> {
  let good: { readonly times: number; readonly found: Awaited<ReturnType<typeof at>> } | undefined;
  let bad: number | undefined;
  const meets = async (times: number) => {
    const found = await at(times);
    const [best] = found.best;
    const isMet = best !== undefined && (table.known(best)?.[errorTo].mean ?? 0) >= decibels;
    if (isMet) good = { times, found };
    else bad = times;
    return isMet;
  };
  for (const times of SPEEDUPS) if (!(await meets(times))) break;
  // between the two that lie on either side of it
  for (let i = 0; i < 2 && good && bad !== undefined; i++) await meets(Math.sqrt(good.times * bad));
  if (!good) await meets(1);
  if (good) return good.found;
  const nearest = [...table.tried].sort((a, b) => b[errorTo].mean - a[errorTo].mean)[0];
  if (!nearest) throw nothingRan();
  throw errorTooSmall(
    decibels,
    `${settingTitle(nearest.setting)} comes nearest, with ${nearest[errorTo].mean.toFixed(1)} dB`,
  );
}
