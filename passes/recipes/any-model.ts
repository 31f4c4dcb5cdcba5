/** Recipes that look at nothing of a model but its inputs: what is exact, the output's forecast, half a guidance pair. */
import type { PassContext } from '../../src/compiler/pass/index.js';
import { stepsOfCalls } from '../../src/runtime/schedule/index.js';
import { findInvariants } from '../loop-invariant/find.js';
import type { Recipe, Source } from './recipe.js';

export const stepsOf = ({ calls, guidance }: Pick<PassContext, 'calls' | 'guidance'>): number =>
  stepsOfCalls(calls, guidance);

export const exact: Recipe = {
  name: 'exact',
  settings: 'what depends on the condition alone is computed once an image',
  source: {
    kind: 'exact',
    text: 'loop-invariant code motion (Aho, Sethi, Ullman 1986, section 10.7): nothing is approximated',
  },
  passes({ model, roles }) {
    if (roles.latent === undefined || roles.timestep === undefined)
      return {
        reason: `it is not known which inputs stay the same (${roles.problems.join('; ')})`,
      };
    const conditions = model.graph.inputs.filter(({ name }) => roles.conditions.includes(name));
    if (conditions.length === 0) return { reason: 'the model has no condition' };
    return findInvariants(model.graph, new Set(conditions)).length > 0
      ? [{ pass: 'loop-invariant', options: {} }]
      : { reason: 'no layer of the model depends on the condition alone' };
  },
};

/**
 * From so many full steps on a parabola is nearer than a straight line in every loop of the tables but one, and below
 * it further in most (docs/measurements.md: 14 of 28 steps of the flow transformer, 17 of 50 of the other two models;
 * at 12 of 50 they are split).
 */
const SECOND_ORDER_FROM = 14;
/** A forecast of the first order goes through two values. */
const FEWEST = 2;

const outputForecast =
  (share: number) =>
  (context: PassContext): ReturnType<Recipe['passes']> => {
    const steps = stepsOf(context);
    const full = Math.max(FEWEST, Math.ceil(steps / share));
    if (full >= steps)
      return {
        reason: `${steps === 1 ? 'one step leaves' : `${steps} steps leave`} none to forecast`,
      };
    const order = full >= SECOND_ORDER_FROM ? 2 : 1;
    return [{ pass: 'forecast', options: { 'full-calls': full, order } }];
  };

const ORDERS = `order 2 from ${SECOND_ORDER_FROM} full steps on, else 1`;

/** The output's forecast with a half and with a third of the steps in full, which no other method is nearer at. */
export const forecasts = (balanced: Source, fast: Source): readonly Recipe[] => [
  {
    name: 'balanced',
    settings: `the output forecast at half of the steps, placed evenly; ${ORDERS}`,
    source: balanced,
    passes: outputForecast(2),
  },
  {
    name: 'fast',
    settings: `the output forecast at two thirds of the steps, placed evenly; ${ORDERS}`,
    source: fast,
    passes: outputForecast(3),
  },
];

export const guidance: Recipe = {
  name: 'guidance',
  settings: 'one half of each guidance pair at two of three steps, the other from their difference',
  source: {
    kind: 'measured',
    where: 'guidance-as-a-difference-on-a-trained-u-net',
    text: 'on the digits U-Net 41.1 dB at 14 calls of 20 steps, 38.3 dB in fewer steps; the third observation of FasterCache (arXiv 2410.19355)',
  },
  passes: (context) =>
    !context.guidance
      ? { reason: 'the loop is not said to have guidance (--guidance)' }
      : stepsOf(context) < 4
        ? { reason: 'the loop is too short for it' }
        : [{ pass: 'guidance-delta', options: { interval: 3, order: 1 } }],
};
