/** What may be left out of the model at hand: the choices of each pass that says what a search may vary of it, with their costs. */
import type { AnyPass, PassContext, PassRequest } from '../../compiler/pass/index.js';
import { passContext } from '../../compiler/pass/index.js';
import { StepfoldError } from '../../errors/index.js';
import { callsPerStep } from '../../runtime/schedule/index.js';
import type { Bundles } from './bundles.js';
import { COST_FULL, COST_STEPS, type Costs, type StepCost } from './costs.js';
import {
  hasOrder,
  type Method,
  methodKey,
  type NotTried,
  type Options,
  type SearchedPass,
  settled,
} from './method.js';
import { stepsIn } from './setting.js';
import { findStarts, type Start, type StartingPoint } from './starting-points.js';
import { type LoopSubject, pairOf } from './subject.js';

export interface Methods {
  readonly methods: readonly Method[];
  readonly starts: readonly Start[];
  /** Passes whose plans are searched as well. */
  readonly searched: readonly SearchedPass[];
  /** Of passes that approximate nothing, those that save time. */
  readonly exact: readonly PassRequest[];
  /** Of a step with these, in steps of the source. */
  readonly exactCost: number;
  readonly notTried: readonly NotTried[];
}

export interface MethodOptions {
  readonly subject: LoopSubject;
  readonly costs: Costs;
  /** Names of passes; undefined for all that can be searched. */
  readonly wanted?: readonly string[] | undefined;
  /** Settings to start from beside what passes say of themselves. */
  readonly startingPoints?: ((context: PassContext) => readonly StartingPoint[]) | undefined;
  /** Of the longest loop under methods. */
  readonly mostSteps: number;
  readonly onMethod?: (done: number, all: number, what: string) => void;
}

/** The order that costs are measured with. */
const COST_ORDER = 1;
/** What counts as saved: less may be the clock. */
const SAVES = 0.98;

/** @throws what costs cannot be had for, as `Costs.settle` says it */
export async function findMethods(bundles: Bundles, options: MethodOptions): Promise<Methods> {
  const { subject, costs, wanted, mostSteps, onMethod = () => {} } = options;
  const context = await contextOf(bundles, subject);
  const searched = [...subject.table.passes.values()].filter(({ tuning }) => tuning);
  const passes = searched.filter(
    ({ name, tuning }) => wanted?.includes(name) ?? !tuning!.onlyNamed,
  );
  // what goes along with all others comes first, so that they are measured with it
  passes.sort((a, b) => Number(b.tuning!.exact ?? false) - Number(a.tuning!.exact ?? false));
  const exact: PassRequest[] = [];
  let exactCost = 1;
  const notTried: NotTried[] = (wanted ? [] : searched)
    .filter(({ tuning }) => tuning!.onlyNamed)
    .map(({ name }) => ({ pass: name, reason: `it is tried where it is named (--try ${name})` }));
  const tried = passes.flatMap((pass) => {
    const choices = choicesOf(pass, context);
    if ('reason' in choices) notTried.push(choices);
    else if (choices.length === 0)
      notTried.push({ pass: pass.name, reason: 'the model or its loop has nothing of the kind' });
    return 'reason' in choices ? [] : choices.map((options) => ({ pass, options }));
  });
  const points = options.startingPoints?.(context) ?? [];
  const found = findStarts(points, { context, passes, mostSteps });
  notTried.push(...found.notTried);
  const all = [...tried, ...found.settings];
  const methods = new Map<string, Method>();
  for (const [i, { pass, options }] of all.entries()) {
    onMethod(i, all.length, pass.name);
    const isExact = pass.tuning?.exact === true;
    const key = methodKey(pass, options);
    if (methods.has(key)) continue;
    const forecasts = !isExact && hasOrder(pass, options);
    const asked = isExact ? options : settled({ pass, options, forecasts }, COST_FULL, COST_ORDER);
    const request = { pass: pass.name, options: asked };
    const cost = await costs.of([...exact, request]);
    if ('reason' in cost) notTried.push({ pass: pass.name, reason: cost.reason });
    else if (!isExact) methods.set(key, { pass, options, forecasts, cost });
    else if (meanCost(cost) < SAVES * exactCost) {
      exact.push(request);
      exactCost = meanCost(cost);
    } else notTried.push({ pass: pass.name, reason: 'it saves no time here' });
  }
  costs.settle();
  const ofChoices = tried.flatMap(
    ({ pass, options }) => methods.get(methodKey(pass, options)) ?? [],
  );
  return {
    methods: ofChoices,
    starts: found.starts((pass, options) => methods.get(methodKey(pass, options))),
    // what has no place in the model has none for a plan
    searched: [...new Set(ofChoices.map(({ pass }) => pass))].flatMap((pass) => {
      const strictness = pass.calibration && pass.tuning?.strictness;
      return strictness ? [{ pass, strictness }] : [];
    }),
    exact,
    exactCost,
    notTried,
  };
}

const meanCost = ({ full, between }: StepCost) => (full + (COST_STEPS - 1) * between) / COST_STEPS;

async function contextOf(bundles: Bundles, subject: LoopSubject): Promise<PassContext> {
  const guidance = pairOf(subject);
  const { canonical, shapes, bindings, roles } = await bundles.prepared();
  const calls = stepsIn(subject.own) * callsPerStep(guidance);
  return passContext(canonical, shapes, calls, bindings, guidance, roles);
}

function choicesOf(pass: AnyPass, context: PassContext): readonly Options[] | NotTried {
  try {
    return pass.tuning!.choices(context);
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    return { pass: pass.name, reason: error.message };
  }
}
