/**
 * Choosing which steps are full, and how the others forecast, by where the loop ends. Every candidate is run in full on
 * images that had no say in how it was found; the one that ends nearest to the full loop there is taken.
 */
import { checkWeights } from '../../../compiler/emit/weights.js';
import { checkOptions, passContext } from '../../../compiler/pass/index.js';
import { prepare } from '../../../compiler/pipeline/pipeline.js';
import { makePlan, type Plan } from '../../../compiler/plan/index.js';
import { badFullCalls, passNotSearched } from '../../../errors/index.js';
import type { Model } from '../../../model/ir/model.js';
import { callsPerStep, stepsOfCalls } from '../../../runtime/schedule/index.js';
import { modelPorts, settleLoop } from '../../measure/denoise-bundle.js';
import { loadOrt } from '../../measure/engine.js';
import { tableRows } from '../../measure/labels.js';
import { type CalibrateOptions, checkLoop, samplerOf } from '../calibrate.js';
import { loopSettings } from '../conditions.js';
import {
  endError,
  evenly,
  mostGapOf,
  type Placed,
  type PlacementRule,
  pathsByEndError,
  placedByRule,
} from './candidates.js';
import { gainSteps } from './edges.js';
import { type FullLoop, runFullLoop } from './full-loop.js';
import { type ImageHalf, imageHalves } from './halves.js';
import { type Measured, Memo } from './memo.js';
import { openPrograms, type ProgramSources } from './programs.js';
import { type OpenVariant, StepLoop } from './step-loop.js';
import {
  type ForecastChoice,
  proposeVariant,
  type Variant,
  variantLabel,
  variantOptions,
} from './variants.js';
import { type Worth, worthOf } from './worth.js';

export interface PlaceOptions<O = Record<string, unknown>>
  extends Omit<
    CalibrateOptions<O>,
    'search' | 'recorded' | 'decided' | 'onCall' | 'onProgress' | 'options'
  > {
  /** The pass's options but for which steps are full; `order` and `basis` are tried where they are left out. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Full steps, or a threshold of the rule's own. */
  readonly asked: { readonly full: number } | { readonly threshold: number };
  /** Default `end-error`. */
  readonly rule?: PlacementRule;
  /** What an interrupted search of the same kind has measured. */
  readonly measured?: Measured;
  /** Default true: what fewer steps come to at the same cost. */
  readonly yardstick?: boolean;
  readonly onMeasured?: (measured: () => Measured) => void;
  /** Called after each step, with the expected share of all work. */
  readonly onProgress?: (done: number, what: string) => void;
}

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
  const { pass, calls, guidance, asked, rule = 'end-error', seed = 0, samples = 8 } = given;
  if (!pass.fullSteps) throw passNotSearched(pass.name, []);
  checkLoop({ ...given, options: {} } as never);
  const steps = stepsOfCalls(calls, guidance);
  if ('full' in asked && !(asked.full >= 1 && asked.full <= steps))
    throw badFullCalls(asked.full, 1, steps);
  const choices = variantOptions(pass, given.options ?? {});
  checkWeights(source);
  const prepared = await prepare(source, given);
  const { canonical, shapes, bindings, roles } = prepared;
  const context = passContext(canonical, shapes, calls, bindings, guidance, roles);
  pass.prepare?.(context, checkOptions(pass, pass.fullSteps.at(choices[0]!, [0])));
  const variants = choices.map((options) => proposeVariant(pass, options, context));
  const ort = await loadOrt();
  const ports = modelPorts(prepared);
  const halves = imageHalves(ports, {
    ort: ort as never,
    samples,
    mode: guidance?.mode,
    feeds: given.feeds ?? {},
    unconditional: guidance?.unconditional ?? {},
    seed,
    classes: tableRows(canonical.graph),
  });
  const sampler = samplerOf(given.sampler, steps);
  const sources: ProgramSources = {
    ort,
    model: canonical,
    shapes,
    bindings,
    callsPerStep: callsPerStep(guidance),
    steps,
    sessionOptions: { logSeverityLevel: 4, ...given.sessionOptions },
  };
  const memo = new Memo(given.measured ?? {}, given.onMeasured ?? (() => {}));
  const opened = await openAll(sources, variants);
  try {
    const loopOn = async ({ conditions, seed: own }: ImageHalf, what: string) => {
      const loop = loopSettings(own, guidance, conditions);
      settleLoop(conditions.ports, loop);
      return StepLoop.open({
        ort,
        ports: conditions.ports,
        loop,
        sampler,
        batches: conditions.batches,
        depth: Math.max(...variants.map(({ depth }) => depth)),
        onStep: () =>
          given.onProgress?.(
            Math.min(1, (fit.evaluations + (judged?.evaluations ?? 0)) / expected),
            what,
          ),
      });
    };
    const expected = expectedWork(opened, steps, rule, asked);
    let judged: StepLoop | undefined;
    const fit: StepLoop = await loopOn(halves[0], 'choosing');
    const [first] = opened as [OpenVariant];
    const whole = await runFullLoop(fit, first);
    const found = await findCandidates(memo, fit, whole, opened, rule, asked);
    judged = await loopOn(halves[1], 'judging');
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
          });
    const taken = pass.fullSteps.at(own.options, chosen.full);
    const checked = checkOptions(pass, taken);
    return {
      // what is recorded of a pass is what was given, without its defaults
      options: Object.fromEntries(
        Object.entries(checked as object).filter(([name]) => Object.hasOwn(taken, name)),
      ),
      plan: makePlan(calls, [pass.propose(context, checked)]),
      chosen,
      candidates,
      ...(worth && { worth }),
      samples: halves[0].samples + halves[1].samples,
      evaluations: fit.evaluations + judged.evaluations + (worth?.evaluations ?? 0),
      plain: plainWork(steps, callsPerStep(guidance)),
      madeUp: halves[0].conditions.madeUp,
    };
  } finally {
    for (const { programs } of opened) await programs.release();
  }
}

/** The best at even distances, with whatever forecast. */
const evenOf = (candidates: readonly Candidate[], chosen: Candidate): Candidate =>
  candidates
    .filter(({ placement }) => placement === 'even')
    .reduce(
      (a, b) => (b.error.judged < a.error.judged ? b : a),
      chosen.placement === 'even' ? chosen : candidates[0]!,
    );

async function openAll(
  sources: ProgramSources,
  variants: readonly Variant[],
): Promise<OpenVariant[]> {
  const opened: OpenVariant[] = [];
  try {
    for (const variant of variants)
      opened.push({ variant, programs: await openPrograms(sources, variant) });
    return opened;
  } catch (error) {
    for (const { programs } of opened) await programs.release();
    throw error;
  }
}

interface Found {
  readonly open: OpenVariant;
  readonly at: number;
  readonly placed: Placed;
}

/** Where calls that are not full take work, the graph is weighed for so many variants. */
const WEIGHED = 2;

/** Of each variant the full steps that are to be judged: at even distances, and as the rule has them. */
async function findCandidates(
  memo: Memo,
  loop: StepLoop,
  whole: FullLoop,
  opened: readonly OpenVariant[],
  rule: PlacementRule,
  asked: PlaceOptions['asked'],
): Promise<Found[]> {
  const steps = loop.length;
  const byRule = rule === 'end-error' ? undefined : placedByRule(rule, whole, asked);
  const full = byRule?.full.length ?? ('full' in asked ? asked.full : steps);
  const even = evenly(steps, full);
  const ranked: { readonly at: number; readonly error: number }[] = [];
  for (const [at, open] of opened.entries()) {
    const label = variantLabel(open.variant);
    const [error] = await memo.of(`fit ${label} ${even.full.join()}`, async () => [
      await endError(loop, whole, open, even.full),
    ]);
    ranked.push({ at, error: error! });
  }
  const free = opened.every((open) => shareOfOthers(open) === 0);
  const best = [...ranked].sort((a, b) => a.error - b.error).slice(0, WEIGHED);
  const found: Found[] = [];
  for (const [at, open] of opened.entries()) {
    const paths =
      byRule || full === steps
        ? []
        : free || best.some((one) => one.at === at)
          ? await pathsByEndError(memo, variantLabel(open.variant), { loop, whole, open }, full)
          : [];
    for (const placed of [even, ...(byRule ? [byRule] : []), ...paths])
      found.push({ open, at, placed });
  }
  return found;
}

/** Of one call that is not full. */
function shareOfOthers({ programs }: OpenVariant): number {
  const { callsPerStep: each } = programs;
  return Math.max(...Array.from({ length: each }, (_, call) => programs.other(each + call).share));
}

function costOf({ programs }: OpenVariant, steps: number, full: number): number {
  const each = programs.callsPerStep;
  const sum = (share: (call: number) => number) =>
    Array.from({ length: each }, (_, call) => share(each + call)).reduce((a, b) => a + b, 0);
  const others = steps - full;
  return (
    full * sum((call) => programs.full(call).share) +
    (others > 0 ? others * sum((call) => programs.other(call).share) : 0)
  );
}

/** Evaluations of the model that a search takes, about. */
function expectedWork(
  opened: readonly OpenVariant[],
  steps: number,
  rule: PlacementRule,
  asked: PlaceOptions['asked'],
): number {
  const full = 'full' in asked ? asked.full : steps / 2;
  const weighed = opened.some((open) => shareOfOthers(open) > 0)
    ? opened.slice(0, WEIGHED)
    : opened;
  const each = opened[0]!.programs.callsPerStep;
  const loops = opened.reduce((sum, open) => sum + 4 * costOf(open, steps, full), 0);
  if (rule !== 'end-error') return loops + 2 * each * steps;
  const rests = gainSteps(steps).reduce((sum, step) => sum + steps - step, 0);
  const edges = weighed.reduce(
    (sum, open) => sum + shareOfOthers(open) * 4 * steps * mostGapOf(steps, full),
    0,
  );
  return loops + each * (2 * steps + rests + edges);
}

/** A rest of the loop for every edge. */
const plainWork = (steps: number, each: number): number =>
  (each * steps * (steps - 1) * (steps + 1)) / 6;
