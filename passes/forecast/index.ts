/**
 * The denoiser's output itself, forecast from its last values: a call that is not full runs no denoiser at all
 * (TaylorSeer Lite; "output forecast" elsewhere). Nothing of the model is looked into, so that any model will do.
 *
 * Assumes that the output changes smoothly from step to step. Costs a copy of the output for each value that is kept.
 * Samplers may take more steps than there are full calls, at no cost but their own.
 */
import {
  type ForecastOptions,
  forecastFrom,
  forecastOptions,
  orForecast,
  withForecasts,
} from '../../src/compiler/forecast/index.js';
import { madeOutputs, type Pass, type PassContext } from '../../src/compiler/pass/index.js';
import {
  byHalf,
  COMPUTE,
  type PlainSite,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';
import { badOption } from '../../src/errors/index.js';
import { stepsOfCalls } from '../../src/runtime/schedule/index.js';
import {
  type FullSteps,
  fullSteps,
  fullStepsOptions,
  fullStepsRule,
  proposedBy,
} from '../full-steps.js';

const NAME = 'forecast';
const SITE = 'output';
const ENDS = { warmup: 1, cooldown: 1 };

export interface ForecastPassOptions extends ForecastOptions, FullSteps {}

export const forecast: Pass<ForecastPassOptions> = {
  name: NAME,
  description:
    'Forecast the output from its last values at most calls, and run no denoiser there: any model, several times faster.',
  example: 'forecast:full-calls=14,order=1',
  options: {
    type: 'object',
    properties: {
      ...fullStepsOptions('that are forecast', ENDS),
      ...forecastOptions(1),
    },
  },
  fullSteps: fullStepsRule(() => forecast, ENDS),
  tuning: { choices: () => [{}] },
  strategies: { reuse: { meaning: { result: 'kept' }, letter: 'r' } },
  propose(context, options) {
    const { calls, guidance } = context;
    const steps = stepsOfCalls(calls, guidance);
    const full = fullSteps(NAME, steps, options, ENDS);
    const chosen = { ...options, order: options.order ?? 1 };
    const site = byHalf(
      withForecasts(outputSite(context), forecastFrom(chosen, context), context.shapes),
      guidance,
    );
    return proposedBy([site], full, [{}, { [SITE]: orForecast('reuse', chosen) }], context);
  },
};

/** @throws PASS_OPTION where nothing that the model gives is made by it */
function outputSite(context: PassContext): PlainSite {
  const outputs = madeOutputs(context);
  if (outputs.length === 0) throw badOption(NAME, 'order', 'no output of this model is computed');
  const stateOf = (i: number) => `${SITE}.${i}`;
  return {
    id: SITE,
    description: `what the model gives: ${outputs.map(({ name }) => `"${name}"`).join(', ')}`,
    outputs,
    behind: true,
    states: outputs.map((like, i) => ({ id: stateOf(i), like })),
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run the model', {
        writes: Object.fromEntries(outputs.map((value, i) => [stateOf(i), (b) => b.value(value)])),
      }),
      strategyOf('reuse', 'take what the last full call gave', {
        program: 'forecast',
        reads: outputs.map((_, i) => stateOf(i)),
        produce: (b) => outputs.map((_, i) => b.state(stateOf(i))),
      }),
    ]),
  };
}
