/**
 * DeepCache (Ma, Fang, Wang: CVPR 2024, arXiv 2312.00858). On a full call everything runs and the
 * main-branch input of the join of skip branch m, u_{m+1}, is kept (equation 4); on a shallow call
 * only the encoder down to branch m and the decoder from there up run, with the kept value in
 * place of everything deeper (equation 5). Nothing else is approximated.
 *
 * Assumes a U-Net whose skips join by Concat; costs one state of the size of that value, or one for each
 * half where guidance takes two calls a step: a step is then full or shallow as a whole.
 */

import type { BranchInfo, BranchTable, SkipJoin } from '../../src/compiler/analysis/index.js';
import {
  type ForecastOptions,
  forecastFrom,
  forecastOptions,
  orForecast,
  withForecasts,
} from '../../src/compiler/forecast/index.js';
import { checkOptions, type Pass, type PassContext } from '../../src/compiler/pass/index.js';
import {
  byHalf,
  COMPUTE,
  type Site,
  strategiesByName,
  strategyOf,
} from '../../src/compiler/plan/index.js';
import { badOption } from '../../src/errors/index.js';
import { nonUniformCalls, stepsOfCalls } from '../../src/runtime/schedule/index.js';
import {
  endsOptions,
  evenlyPlaced,
  everyNth,
  type FullRule,
  fullCallsOption,
  listedFullSteps,
  proposedBy,
  refuseEnds,
  stepsOfRule,
} from '../full-steps.js';
import { deeperThan, zeroStrategy } from '../unet/deeper.js';
import { findJoin } from '../unet/join.js';

export interface DeepcacheOptions extends ForecastOptions {
  readonly branch: number;
  readonly interval?: number;
  readonly 'full-calls'?: number;
  readonly warmup?: number;
  readonly cooldown?: number;
  readonly center?: number;
  readonly power?: number;
  readonly full?: readonly number[];
  readonly strategy: 'reuse' | 'zero';
}

const SITE = 'deep';
/** Branches that a search over settings tries. */
const TRIED = 5;
const STATE = `${SITE}.0`;

export const deepcache: Pass<DeepcacheOptions> = {
  name: 'deepcache',
  description:
    'Reuse what lies deeper than one skip branch of a U-Net for several calls (DeepCache, CVPR 2024).',
  example: 'deepcache:branch=2,interval=3',
  options: {
    type: 'object',
    properties: {
      // which ones there are depends on the model, so that is checked beside it
      branch: {
        type: 'integer',
        description:
          'Skip branch to cut at, 1 = outermost; `stepfold inspect` lists them with their cost.',
      },
      interval: {
        type: 'integer',
        minimum: 1,
        description: 'One full call, then interval-1 shallow ones (1:N of the paper).',
      },
      'full-calls': fullCallsOption,
      center: {
        type: 'integer',
        minimum: 0,
        description:
          'Non-uniform schedule: the call around which full calls lie densest. Needs power.',
      },
      power: {
        type: 'number',
        exclusiveMinimum: 1,
        description: 'Non-uniform schedule: how strongly full calls crowd around the center.',
      },
      full: {
        type: 'array',
        items: { type: 'integer', minimum: 0 },
        description: 'Explicit list of full calls, instead of an interval; call 0 must be in it.',
      },
      strategy: {
        enum: ['reuse', 'zero'],
        default: 'reuse',
        description: 'What shallow calls use: the kept value, or zeros (the ablation of Table 5).',
      },
      ...endsOptions({ warmup: 0, cooldown: 0 }),
      ...forecastOptions(),
    },
    required: ['branch'],
  },
  fullSteps: {
    at: (options, full) => listedFullSteps.at(uniform(options), full),
    evenly: (options, count) => listedFullSteps.evenly(uniform(options), count),
    of: (options, steps) => stepsOfRule(fullCalls(steps, checkOptions(deepcache, options)), steps),
    forecasts: ({ strategy }) => strategy !== 'zero',
  },
  tuning: {
    choices: ({ unet, branches }) =>
      unet().isUnet ? spread(branches()).map(({ branch }) => ({ branch })) : [],
  },
  strategies: {
    reuse: { meaning: { result: 'kept' }, letter: 'r' },
    zero: { meaning: { result: 'zeros' }, letter: 'z' },
  },
  trials(context, options) {
    const unet = context.unet();
    if (!unet.isUnet) return undefined;
    return {
      title: "DeepCache's branches",
      figure: 'Cost against error of each skip branch',
      note: `Every skip branch at interval ${options.interval ?? 1}, each in a loop of its own from the same noise.`,
      choices: unet.joins.map(({ branch }) => ({
        label: `branch ${branch}`,
        short: String(branch),
        options: { ...options, branch },
        chosen: branch === options.branch,
      })),
    };
  },
  propose(context, options) {
    const { calls, guidance } = context;
    const steps = stepsOfCalls(calls, guidance);
    if (options.strategy === 'zero' && options.order)
      throw badOption('deepcache', 'order', 'zeros have nothing to forecast');
    const full = fullCalls(steps, options);
    const join = findJoin(context, options.branch);
    const site = withForecasts(
      deepSite(context, join),
      forecastFrom(options, context),
      context.shapes,
    );
    const shallow = { [SITE]: orForecast(options.strategy, options) };
    return proposedBy([byHalf(site, guidance)], full, [{}, shallow], context);
  },
};

/** Branches whose shallow calls cost about a quarter, half, three quarters of the way from the cheapest to the dearest. */
function spread({ branches }: BranchTable): BranchInfo[] {
  const byCost = [...branches].sort((a, b) => a.shallowMacs.all - b.shallowMacs.all);
  const [least, most] = [byCost[0]!.shallowMacs.all, byCost.at(-1)!.shallowMacs.all];
  const nearest = (part: number) => {
    const wanted = least + part * (most - least);
    const far = ({ shallowMacs }: BranchInfo) => Math.abs(shallowMacs.all - wanted);
    return byCost.reduce((a, b) => (far(b) < far(a) ? b : a));
  };
  return [...new Set(Array.from({ length: TRIED }, (_, i) => nearest(i / (TRIED - 1))))];
}

const uniform = ({
  center: _,
  power: __,
  ...options
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => options;

function deepSite(context: PassContext, join: SkipJoin): Site {
  return {
    id: SITE,
    ...deeperThan(join),
    states: [{ id: STATE, like: join.main }],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run the deep part', {
        writes: { [STATE]: (b) => b.value(join.main) },
      }),
      strategyOf('reuse', 'take the value kept by the last full call', {
        program: 'shallow',
        reads: [STATE],
        produce: (b) => [b.state(STATE)],
      }),
      zeroStrategy(context, join, 'shallow'),
    ]),
  };
}

function fullCalls(calls: number, options: DeepcacheOptions): FullRule {
  const { interval, center, power, full } = options;
  const count = options['full-calls'];
  if (full || center !== undefined) refuseEnds('deepcache', options);
  if (full) {
    if ([interval, center, power, count].some((value) => value !== undefined))
      throw badOption(
        'deepcache',
        'full',
        'it replaces interval, full-calls, center and power; give one or the other',
      );
    const beyond = full.find((t) => t >= calls);
    if (beyond !== undefined)
      throw badOption(
        'deepcache',
        'full',
        `call ${beyond} does not exist in a loop of ${calls} calls`,
      );
    if (!full.includes(0) && options.strategy === 'reuse')
      throw badOption('deepcache', 'full', 'call 0 must be full, since nothing is kept before it');
    return { kind: 'listed', full };
  }
  if (count !== undefined) {
    if (interval !== undefined || center !== undefined || power !== undefined)
      throw badOption(
        'deepcache',
        'full-calls',
        'it replaces interval, center and power; give one or the other',
      );
    refuseEnds('deepcache', options);
    return evenlyPlaced('deepcache', count, calls);
  }
  if (interval === undefined)
    throw badOption('deepcache', 'interval', 'it must be given, or a list of full calls');
  if ((center === undefined) !== (power === undefined))
    throw badOption(
      'deepcache',
      center === undefined ? 'center' : 'power',
      'center and power go together',
    );
  if (center === undefined || power === undefined) return everyNth(interval, options);
  if (center >= calls)
    throw badOption(
      'deepcache',
      'center',
      `call ${center} does not exist in a loop of ${calls} calls`,
    );
  if (!nonUniformCalls(calls, interval, center, power))
    throw badOption(
      'deepcache',
      'power',
      `no power from ${power} down to 1 gives ${Math.ceil(calls / interval)} different full calls of ${calls} around call ${center}`,
    );
  return { kind: 'crowded', interval, center, power };
}
