/**
 * Choosing which steps are full, and how the others forecast, by where the loop ends. Every candidate is run in full on
 * images that had no say in how it was found; the one that ends nearest to the full loop there is taken.
 */
import { checkOptions } from '../../../compiler/pass/index.js';
import { makePlan, type Plan } from '../../../compiler/plan/index.js';
import type { Model } from '../../../model/ir/model.js';
import { callsPerStep } from '../../../runtime/schedule/index.js';
import { yardstickWork } from '../../yardstick/index.js';
import { endError, evenly, type Placed, pathsByEndError, placedByRule } from './candidates.js';
import { costOf, expectedWork, plainWork, WEIGHED } from './costs.js';
import { type FullLoop, runFullLoop } from './full-loop.js';
import { Memo } from './memo.js';
import { type PlacementRule, PUBLISHED_RULES } from './placement-rules.js';
import { type Asked, type OpenSearch, openSearch, type PlaceOptions } from './search.js';
import type { OpenVariant, StepLoop } from './step-loop.js';
import { type ForecastChoice, variantLabel } from './variants.js';
import { type Worth, worthOf } from './worth.js';

export interface Candidate extends Placed {
  readonly label: string;
  readonly forecast?: ForecastChoice;
  /** Of one loop, in evaluations of the model. */
  readonly cost: number;
  /** Distance of the final latents from those of the full loop, root mean squares, relative. */
  readonly error: { readonly fit: number; readonly judged: number };
}

export interface PlacedCalls {
  /** The pass's options with what was found. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly plan: Plan;
  readonly chosen: Candidate;
  /** All that were judged, the chosen one among them. */
  readonly candidates: readonly Candidate[];
  readonly worth?: Worth;
  readonly samples: number;
  readonly evaluations: number;
  /** What it would take to run every edge of the graph to the end, in evaluations of the model. */
  readonly plain: number;
  readonly madeUp: readonly string[];
}

/** @throws CALIBRATE_ errors, PASS_OPTION, what the pass and the sampler throw, the FEED_ errors, and ENGINE_ errors */
export async function placeFullCalls<O>(
  source: Model,
  given: PlaceOptions<O>,
): Promise<PlacedCalls> {
  const { calls, guidance, asked, rule = 'end-error' } = given;
  const search = await openSearch(source, given);
  const { pass, wholeContext, steps, left, sources, opened, halves, loopOn } = search;
  const memo = new Memo(given.measured ?? {}, given.onMeasured ?? (() => {}));
  try {
    given.onStart?.(given.yardstick === false ? 0 : workOfYardstick(search, given));
    const expected = expectedWork(opened, steps, rule, asked);
    let judged: StepLoop | undefined;
    const tell = (what: string) => {
      const done = fit.evaluations + (judged?.evaluations ?? 0);
      given.onProgress?.(Math.min(1, done / expected), what);
    };
    const fit: StepLoop = await loopOn(halves[0], () => tell('choosing'));
    const [first] = opened as [OpenVariant];
    const whole = await runFullLoop(fit, first);
    const found = await findCandidates(memo, fit, whole, opened, rule, asked);
    judged = await loopOn(halves[1], () => tell('judging'));
    const wholeJudged = await runFullLoop(judged, first);
    const candidates: Candidate[] = [];
    for (const { open, placed } of found) {
      const label = variantLabel(open.variant);
      const error = async (where: string, loop: StepLoop, reference: FullLoop) =>
        (
          await memo.of(`${where} ${label} ${placed.full.join()}`, async () => [
            await endError(loop, reference, open, placed.full),
          ])
        )[0]!;
      candidates.push({
        ...placed,
        label,
        ...(open.variant.forecast && { forecast: open.variant.forecast }),
        cost: costOf(open, steps, placed.full.length),
        error: {
          fit: await error('fit', fit, whole),
          judged: await error('judged', judged, wholeJudged),
        },
      });
    }
    const chosen = candidates.reduce((a, b) => (b.error.judged < a.error.judged ? b : a));
    const own = opened[found[candidates.indexOf(chosen)]!.at]!.variant;
    const at = (one: Candidate) => opened[found[candidates.indexOf(one)]!.at]!;
    const worth =
      given.yardstick === false
        ? undefined
        : await worthOf({
            sampler: given.sampler ?? { name: 'ddim' },
            sources,
            half: halves[1],
            guidance,
            loop: judged,
            whole: wholeJudged,
            chosen,
            even: evenOf(candidates, chosen),
            openOf: at,
            memo,
            left: left / (left + steps),
          });
    // steps that are left out are full, for whoever starts earlier
    const before = Array.from({ length: left }, (_, step) => step);
    const inWhole = (full: readonly number[]) => full.map((step) => step + left);
    const taken = pass.fullSteps.at(own.options, [...before, ...inWhole(chosen.full)]);
    const shown = candidates.map((one) => ({ ...one, full: inWhole(one.full) }));
    const checked = checkOptions(pass, taken);
    return {
      // what is recorded of a pass is what was given, without its defaults
      options: Object.fromEntries(
        Object.entries(checked as object).filter(([name]) => Object.hasOwn(taken, name)),
      ),
      plan: makePlan(calls, [pass.propose(wholeContext, checked)]),
      chosen: shown[candidates.indexOf(chosen)]!,
      candidates: shown,
      ...(worth && { worth }),
      samples: halves[0].samples + halves[1].samples,
      evaluations: fit.evaluations + judged.evaluations + (worth?.evaluations ?? 0),
      plain: plainWork(steps, callsPerStep(guidance)),
      madeUp: halves[0].conditions.madeUp,
    };
  } finally {
    await search.release();
  }
}

/** A variant more or less changes it little. */
function workOfYardstick<O>(
  { opened, steps, left, sources }: Pick<OpenSearch<O>, 'opened' | 'steps' | 'left' | 'sources'>,
  { asked, sampler = { name: 'ddim' } }: Pick<PlaceOptions<O>, 'asked' | 'sampler'>,
): number {
  const full = 'full' in asked ? asked.full : Math.ceil(steps / 2);
  const cost = costOf(opened[0]!, steps, full);
  return yardstickWork({
    ...{ sampler, cost, callsPerStep: sources.callsPerStep },
    left: left / (left + steps),
  });
}

/** The best at even distances, with whatever forecast. */
const evenOf = (candidates: readonly Candidate[], chosen: Candidate): Candidate =>
  candidates
    .filter(({ placement }) => placement === 'even')
    .reduce(
      (a, b) => (b.error.judged < a.error.judged ? b : a),
      chosen.placement === 'even' ? chosen : candidates[0]!,
    );

interface Found {
  readonly open: OpenVariant;
  readonly at: number;
  readonly placed: Placed;
}

/**
 * Of each variant the full steps that are to be judged: at even distances, and as the rule has them. The end error has
 * the published rules beside it, since they are read off the full loop, with the nearest ways to forecast.
 */
async function findCandidates(
  memo: Memo,
  loop: StepLoop,
  whole: FullLoop,
  opened: readonly OpenVariant[],
  rule: PlacementRule,
  asked: Asked,
): Promise<Found[]> {
  const steps = loop.length;
  const weighs = rule === 'end-error';
  const byRule = (weighs ? PUBLISHED_RULES : [rule]).map((name) =>
    placedByRule(name, whole, asked),
  );
  const full = weighs && 'full' in asked ? asked.full : byRule[0]!.full.length;
  const even = evenly(steps, full);
  const ranked: { readonly at: number; readonly error: number }[] = [];
  for (const [at, open] of opened.entries()) {
    const label = variantLabel(open.variant);
    const [error] = await memo.of(`fit ${label} ${even.full.join()}`, async () => [
      await endError(loop, whole, open, even.full),
    ]);
    ranked.push({ at, error: error! });
  }
  const free = opened.every((open) => open.programs.otherShare === 0);
  const best = [...ranked].sort((a, b) => a.error - b.error).slice(0, WEIGHED);
  const found: Found[] = [];
  for (const [at, open] of opened.entries()) {
    const isBest = best.some((one) => one.at === at);
    const paths =
      weighs && full < steps && (free || isBest)
        ? await pathsByEndError(memo, variantLabel(open.variant), { loop, whole, open }, full)
        : [];
    const published = !weighs || (full < steps && isBest) ? byRule : [];
    for (const placed of [even, ...published, ...paths]) found.push({ open, at, placed });
  }
  return found;
}
