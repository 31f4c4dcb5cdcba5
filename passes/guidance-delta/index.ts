/**
 * Classifier-free guidance kept as a difference: at most calls only one half of the pair runs, and the other is had from
 * it and what the two differed by at earlier calls (the third observation of FasterCache, arXiv 2410.19355). The
 * difference changes far less from step to step than either half does, and a forecast of it less again. The loop
 * that calls the denoiser stays as it is.
 *
 * In one batch the conditional half runs, by its rows of every input; the model must keep the images of a batch
 * apart, which is checked. Where the halves have calls of their own the second call of such a step runs nothing, and nothing
 * of the model has to be known. Costs, of each output, half a batch in float32 or its own type for each value that is kept.
 */
import {
  type ForecastOptions,
  forecastFrom,
  forecastOptions,
  orForecast,
  withForecasts,
} from '../../src/compiler/forecast/index.js';
import type { Pass, PassContext } from '../../src/compiler/pass/index.js';
import { COMPUTE } from '../../src/compiler/plan/index.js';
import { guidanceNotSaid } from '../../src/errors/index.js';
import { concreteShapes, graphCost } from '../../src/model/cost/index.js';
import { type GuidancePair, stepsOfCalls } from '../../src/runtime/schedule/index.js';
import {
  byIntervals,
  type FullSteps,
  fullSteps,
  fullStepsOptions,
  fullStepsRule,
  proposedBy,
} from '../full-steps.js';
import { inBatch } from './batch.js';
import { freeRows } from './free-rows.js';
import { DELTA, type DeltaSite, NAME, STATES } from './site.js';
import { inTwoCalls } from './two-calls.js';

export interface GuidanceDeltaOptions extends ForecastOptions, FullSteps {}

const ORDER = 1;
const ENDS = { warmup: 1, cooldown: 1 };

export const guidanceDelta: Pass<GuidanceDeltaOptions> = {
  name: NAME,
  description:
    'Run one half of each guidance pair at most steps, and have the other from what they differed by: any model, up to 2x.',
  example: 'guidance-delta:interval=3',
  options: {
    type: 'object',
    properties: {
      ...fullStepsOptions('that run one half', ENDS),
      ...forecastOptions(ORDER),
    },
  },
  fullSteps: fullStepsRule(() => guidanceDelta, ENDS),
  tuning: { choices: ({ guidance }) => (guidance ? [{}] : []), placements: byIntervals(ENDS) },
  strategies: { [DELTA]: { meaning: { result: 'derived-half' }, letter: 'd' } },
  prepare(context) {
    if (context.guidance?.mode === 'batch') freeRows(context);
  },
  propose(context, options) {
    const { calls, shapes } = context;
    const guidance = guidanceOf(context);
    const steps = stepsOfCalls(calls, guidance);
    const full = fullSteps(NAME, steps, options, ENDS);
    const chosen = { ...options, order: options.order ?? ORDER };
    const site =
      guidance.mode === 'batch' ? inBatch(context, guidance) : inTwoCalls(context, guidance);
    const kept = withForecasts(
      withCosts(site, context),
      forecastFrom(chosen, context),
      shapes,
      (_, state) => state.startsWith(STATES.delta),
    );
    return proposedBy([kept], full, [{}, { [site.id]: orForecast(DELTA, chosen) }], context);
  },
};

/** @throws GUIDANCE_NOT_SAID */
function guidanceOf({ guidance }: PassContext): GuidancePair {
  if (!guidance) throw guidanceNotSaid(NAME);
  return guidance;
}

/** On average over the calls of a step it is half of the work, in one batch as in two calls. */
function withCosts(site: DeltaSite, { model, shapes, bindings }: PassContext): DeltaSite {
  const { all } = graphCost(model.graph, concreteShapes(shapes, bindings)).macs;
  const costs: Readonly<Record<string, number>> = { [COMPUTE]: all, [DELTA]: all / 2 };
  return {
    ...site,
    strategies: Object.fromEntries(
      Object.entries(site.strategies).map(([name, strategy]) => [
        name,
        { ...strategy, cost: costs[name]! },
      ]),
    ),
  };
}
