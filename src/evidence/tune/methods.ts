/** What may be left out of the model at hand: the choices of each pass that says what a search may vary of it, with their costs. */
import type { AnyPass, PassContext, PassRequest } from '../../compiler/pass/index.js';
import { passContext } from '../../compiler/pass/index.js';
import { prepare } from '../../compiler/pipeline/index.js';
import { StepfoldError } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import { callsPerStep } from '../../runtime/schedule/index.js';
import type { Bundles } from './bundles.js';
import { COST_FULL, COST_STEPS, type CostBasis, type StepCost, stepCost } from './costs.js';
import { stepsIn } from './setting.js';
import { type LoopSubject, pairOf } from './subject.js';

type Options = Readonly<Record<string, unknown>>;

/** One part of the model that may be kept, by one pass. */
export interface Method {
  readonly pass: AnyPass;
  /** But for which steps are full and the order. */
  readonly options: Options;
  readonly cost: StepCost;
  /** Whether it has an order. */
  readonly forecasts: boolean;
}

/** A pass, or one of its choices, that is not tried, and why. */
export interface NotTried {
  readonly pass: string;
  readonly reason: string;
}

export interface Methods {
  readonly methods: readonly Method[];
  /** Of passes that approximate nothing, those that save time. */
  readonly exact: readonly PassRequest[];
  /** Of a step with these, in steps of the source. */
  readonly exactCost: number;
  readonly notTried: readonly NotTried[];
}

/** The order that costs are measured with. */
const COST_ORDER = 1;
/** What counts as saved: less may be the clock. */
const SAVES = 0.98;

/** @param wanted names of passes; undefined for all that can be searched */
export async function findMethods(
  bundles: Bundles,
  subject: LoopSubject,
  model: Model,
  basis: CostBasis,
  wanted: readonly string[] | undefined,
  remember: (name: string, measure: () => Promise<StepCost>) => Promise<StepCost>,
  onMethod: (done: number, all: number, what: string) => void = () => {},
): Promise<Methods> {
  const context = await contextOf(model, subject);
  const passes = [...subject.table.passes.values()].filter(
    ({ name, tuning }) => tuning && (wanted?.includes(name) ?? true),
  );
  // what goes along with all others comes first, so that they are measured with it
  passes.sort((a, b) => Number(b.tuning!.exact ?? false) - Number(a.tuning!.exact ?? false));
  const methods: Method[] = [];
  const exact: PassRequest[] = [];
  let exactCost = 1;
  const notTried: NotTried[] = [];
  const tried = passes.flatMap((pass) => {
    const choices = choicesOf(pass, context);
    if ('reason' in choices) notTried.push(choices);
    else if (choices.length === 0)
      notTried.push({ pass: pass.name, reason: 'the model or its loop has nothing of the kind' });
    return 'reason' in choices ? [] : choices.map((options) => ({ pass, options }));
  });
  for (const [i, { pass, options }] of tried.entries()) {
    onMethod(i, tried.length, pass.name);
    const isExact = pass.tuning?.exact === true;
    const forecasts = !isExact && hasOrder(pass, options);
    const asked = isExact ? options : settled({ pass, options, forecasts }, COST_FULL, COST_ORDER);
    try {
      const request = { pass: pass.name, options: asked };
      const passes = [...exact, request];
      const cost = await remember(JSON.stringify([basis, passes]), () =>
        stepCost(bundles, subject.own, passes, basis),
      );
      if (!isExact) methods.push({ pass, options, forecasts, cost });
      else if (meanCost(cost) < SAVES * exactCost) {
        exact.push(request);
        exactCost = meanCost(cost);
      } else notTried.push({ pass: pass.name, reason: 'it saves no time here' });
    } catch (error) {
      if (!(error instanceof StepfoldError)) throw error;
      notTried.push({ pass: pass.name, reason: error.message });
    }
  }
  return { methods, exact, exactCost, notTried };
}

const meanCost = ({ full, between }: StepCost) => (full + (COST_STEPS - 1) * between) / COST_STEPS;

async function contextOf(model: Model, subject: LoopSubject): Promise<PassContext> {
  const guidance = pairOf(subject);
  const { canonical, shapes, bindings, roles } = await prepare(model, subject);
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

const hasOrder = ({ options, fullSteps }: AnyPass, given: Options): boolean =>
  Object.hasOwn(options.properties, 'order') && fullSteps?.forecasts?.(given) !== false;

/** The options with so many full steps, or those that are listed, and an order. */
export function settled(
  { pass, options, forecasts }: Omit<Method, 'cost'>,
  full: number | readonly number[],
  order: number,
): Options {
  const rule = pass.fullSteps!;
  const placed =
    typeof full === 'number' ? rule.evenly(options, full) : rule.at(options, [...full]);
  return forecasts ? { ...placed, order } : placed;
}
