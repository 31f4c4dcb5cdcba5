/**
 * DiTFastAttn (Yuan et al.: NeurIPS 2024, arXiv 2406.08552): each self-attention of a diffusion
 * transformer may, at each call, be reused from an earlier call (AST), attend to a band of keys and
 * add the rest as it was at the last full call (WA-RS), or be computed for one half of a guidance pair
 * only (ASC). Which of them where is the business of a plan: searched by `calibrate`, written by
 * hand, or by the simple rule that this pass's options give.
 *
 * Assumes self-attention that the analysis can follow. Costs two states per site at most: the
 * module's output, and the residual in the layout of the product with v, in float32 where that is of half
 * precision.
 */
import {
  type Attention,
  findPlaces,
  followBatch,
  freeBatch,
  type Places,
  raiseCore,
  tokenGrid,
  tokenRow,
} from '../../src/compiler/analysis/index.js';
import {
  type ForecastOptions,
  forecastFrom,
  forecastOptions,
  orForecast,
  withForecasts,
} from '../../src/compiler/forecast/index.js';
import {
  checkOptions,
  type Pass,
  type PassContext,
  readThreshold,
} from '../../src/compiler/pass/index.js';
import { COMPUTE, type Proposal, type Site } from '../../src/compiler/plan/index.js';
import { badOption, noAttention } from '../../src/errors/index.js';
import { concreteShapes } from '../../src/model/cost/index.js';
import { stepsOfCalls } from '../../src/runtime/schedule/index.js';
import { keptDifference, type Precision, precisionOption } from '../difference.js';
import {
  type FullRule,
  type FullSteps,
  fullSteps,
  fullStepsOptions,
  listedFullSteps,
  proposedBy,
  stepsOfRule,
} from '../full-steps.js';
import type { Window } from './band/index.js';
import { moduleMacs } from './module-cost.js';
import type { Module } from './parts.js';
import { takesEarlierStep } from './parts.js';
import { attentionSite, type SiteRefusals } from './site.js';
import { SEARCH_ORDER, STATEMENTS, STRATEGIES, type StrategyName } from './strategies.js';
import { onGrid, onRow, readGrid, readWindow, type SaidWindow } from './window.js';

export interface DitfastattnOptions extends ForecastOptions, FullSteps {
  readonly window: string | number;
  readonly grid?: string;
  readonly text?: 'first' | 'last';
  readonly strategy?: Exclude<StrategyName, 'compute'>;
  readonly threshold: string | number;
  readonly precision?: Precision;
}

const NAME = 'ditfastattn';
/** Where nothing says which steps are full. */
const INTERVAL = 2;
const ENDS = { warmup: 0, cooldown: 0 };
/** Those of the paper. */
const THRESHOLDS = ['D1', 'D2', 'D3', 'D4', 'D5', 'D6'];

export const ditfastattn: Pass<DitfastattnOptions> = {
  name: NAME,
  description:
    'Reuse, narrow or share the self-attention of a diffusion transformer (DiTFastAttn, NeurIPS 2024).',
  example: 'ditfastattn:threshold=D3,window=1/8',
  options: {
    type: 'object',
    properties: {
      window: {
        type: ['string', 'number'],
        default: '1/8',
        description:
          'Tokens that a query sees on each side: a number of tokens, or a fraction of all (1/8); or its neighbours on the grid of an image or video (8x8, 4x8x8: those at most half as far on each axis), and all of the text.',
      },
      grid: {
        type: 'string',
        description:
          'The image in tokens, height and width (32x32) or frames, height and width, where the model does not show it: for a window on a grid, or a band on the image alone.',
      },
      text: {
        enum: ['first', 'last'],
        description:
          'On which side the tokens of the text lie: for a window on a grid, where the model does not show it; and for a band that is to lie on the tokens of the image alone.',
      },
      threshold: {
        type: ['string', 'number'],
        default: 'D3',
        description:
          'For calibrate: how much loss to accept, D1 (0.025) to D6 (0.15) as in the paper, or a number.',
      },
      strategy: {
        enum: Object.keys(STRATEGIES).filter((name) => name !== COMPUTE),
        description: 'Without a plan file: what every site does between full calls.',
      },
      ...fullStepsOptions('with the strategy', ENDS),
      precision: precisionOption('what a window lacks is kept'),
      ...forecastOptions(),
    },
  },
  calibration: {
    candidates: (site, call) =>
      SEARCH_ORDER.filter((name) => site.strategies[name] && !sharesOwnFirst(site, name, call)),
    threshold: ({ threshold }) => readThreshold(NAME, threshold),
  },
  fullSteps: {
    ...listedFullSteps,
    of: (options, steps) => stepsOfRule(ruleOf(checkOptions(ditfastattn, options), steps), steps),
    // a shared half is computed at every step
    forecasts: ({ strategy }) => strategy !== 'guidance-share',
  },
  tuning: {
    choices: ({ guidance }) => [
      { strategy: 'reuse' },
      { strategy: 'window' },
      ...(guidance ? [{ strategy: 'guidance-share' }] : []),
    ],
    strictness: THRESHOLDS.map((threshold) => ({ threshold })),
  },
  strategies: STATEMENTS,
  prepare(context) {
    if (context.guidance?.mode !== 'batch') return;
    for (const attention of selfAttentions(context)) {
      const { module, input } = attention;
      const axes = input && followBatch(module, input, context.shapes);
      if (!axes || 'reason' in axes) continue;
      const edit = freeBatch(module, axes, context.shapes);
      if (typeof edit === 'function') edit();
    }
  },
  propose(context, options) {
    const ahead = forecastFrom(options, context);
    const windows = windowsOf(context, options);
    const sites = selfAttentions(context).map((attention) =>
      withForecasts(
        siteOf(context, attention, options, windows),
        ahead,
        context.shapes,
        takesEarlierStep,
      ),
    );
    if (sites.length === 0) {
      const [nearest] = context.attention().refused;
      throw noAttention(nearest?.reason, nearest?.node);
    }
    const { strategy } = options;
    return strategy ? rule(context, sites, strategy, options) : { sites, entries: {} };
  },
};

const selfAttentions = (context: PassContext): Attention[] =>
  context.attention().found.filter((a) => a.id !== undefined);

/** In the first of two calls a step there is nothing to share yet. */
const sharesOwnFirst = (site: Site, name: StrategyName, call: number): boolean =>
  STRATEGIES[name].shared &&
  site.strategies[name]?.kind !== 'shared' &&
  (call % 2 === 0 || name === 'window+guidance-share');

/** What sites have in common. */
interface Windows {
  readonly said: SaidWindow;
  /** Where an attention's tokens lie; undefined for a band over all of them. */
  readonly places: Places | undefined;
}

/** A window on a grid, or a band that is to lie on the tokens of the image alone. */
const isOnImage = (said: SaidWindow, { grid, text }: DitfastattnOptions): boolean =>
  'extents' in said || grid !== undefined || text !== undefined;

function windowsOf({ model, shapes }: PassContext, options: DitfastattnOptions): Windows {
  const said = readWindow(NAME, options.window);
  return { said, places: isOnImage(said, options) ? findPlaces(model.graph, shapes) : undefined };
}

function siteOf(
  context: PassContext,
  attention: Attention,
  options: DitfastattnOptions,
  windows: Windows,
): Site {
  const { shapes, guidance, bindings } = context;
  const raised = raiseCore(attention, shapes);
  const window = windowOf(attention, windows, options);
  const module: Module = {
    id: attention.id as string,
    attention,
    core: 'reason' in raised ? undefined : raised,
    window: typeof window === 'string' || attention.kind === 'linear' ? undefined : window,
    kept: keptDifference(shapes, attention.mixed, options.precision),
    shapes,
  };
  const refusals: SiteRefusals = {
    ...(typeof window === 'string' && { window }),
    ...('reason' in raised && { window: `${raised.reason} (at "${raised.node}")` }),
    ...(guidance?.mode === 'batch' && sharingRefusal(context, attention)),
  };
  return attentionSite(
    module,
    guidance,
    refusals,
    moduleMacs(module, concreteShapes(shapes, bindings), bindings),
  );
}

/** The window of an attention, or why none can be told. */
function windowOf(
  attention: Attention,
  { said, places }: Windows,
  { grid, text }: DitfastattnOptions,
): Window | string {
  const isOnGrid = 'extents' in said;
  if (!isOnGrid && !places) return said;
  const find = isOnGrid ? tokenGrid : tokenRow;
  const found = find(attention, places!, {
    ...(grid !== undefined && { sizes: readGrid(NAME, grid) }),
    ...(text && { text }),
  });
  if ('reason' in found) return `${found.reason} (at "${found.node}")`;
  return isOnGrid ? onGrid(said, found) : onRow(said, found);
}

/** Half of the images can be computed alone when the batch stays outermost at every border. */
function sharingRefusal(
  { shapes }: PassContext,
  attention: Attention,
): { guidance: string } | undefined {
  const { input, mixed, projected, module } = attention;
  if (!input) return { guidance: 'its q, k and v do not come from one value' };
  const axes = followBatch(module, input, shapes);
  if ('reason' in axes) return { guidance: `${axes.reason} (at "${axes.node}")` };
  const refusal = freeBatch(module, axes, shapes);
  if ('reason' in refusal) return { guidance: `${refusal.reason} (at "${refusal.node}")` };
  const inner = [mixed, projected].find((v) => axes.get(v) !== 0);
  if (inner) return { guidance: `the batch is not the first axis of "${inner.name}"` };
  const rows = shapes.shape(input)?.[0]?.constant;
  if (rows !== undefined && rows % 2 !== 0)
    return { guidance: `its batch is fixed to ${rows}, which is no pair` };
  return undefined;
}

function rule(
  context: PassContext,
  sites: readonly Site[],
  strategy: StrategyName,
  options: DitfastattnOptions,
): Proposal {
  const without = sites.find((site) => !site.strategies[strategy]);
  if (without)
    throw badOption(
      NAME,
      'strategy',
      `"${strategy}" is not possible at site "${without.id}": ${without.refused?.[strategy]}`,
    );
  const chosen = orForecast(strategy, options);
  if (sites.some((site) => !site.strategies[chosen]))
    throw badOption(NAME, 'order', `"${strategy}" takes nothing that was kept`);
  const between = Object.fromEntries(sites.map(({ id }) => [id, chosen]));
  const steps = stepsOfCalls(context.calls, context.guidance);
  return proposedBy(sites, ruleOf(options, steps), [{}, between], context);
}

function ruleOf(options: FullSteps, steps: number): FullRule {
  const { interval, full } = options;
  const isSaid = interval !== undefined || full || options['full-calls'] !== undefined;
  return fullSteps(NAME, steps, isSaid ? options : { ...options, interval: INTERVAL }, ENDS);
}
