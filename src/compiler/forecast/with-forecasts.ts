/**
 * Strategies that forecast what others take as it was kept. Whatever a strategy reads of a state, its forecast reads of a
 * weighted sum of the last values of that state; the weights are parameters, so that calls which differ only in them
 * run one model, and the last values are a history, which costs no copy. The sum is taken in float32.
 */

import { isHalfPrecision } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { type ForecastRule, weightsOfCall } from '../../runtime/schedule/index.js';
import { cast } from '../analysis/attention/building.js';
import {
  COMPUTE,
  type CompositeSite,
  type ForecastRecord,
  type LeafStrategy,
  type ParameterSpec,
  type PlainSite,
  type Site,
  type SiteBuilder,
  type StateSpec,
  strategiesByName,
} from '../plan/index.js';

export interface Forecast extends ForecastRule {
  readonly axis?: ForecastRecord['axis'];
  /** Calls in the loop, and how many of them make one step. */
  readonly calls: number;
  readonly callsPerStep: number;
}

export type IsKept = (strategy: LeafStrategy, state: string) => boolean;

/** What the forecast of a strategy is called. */
export const forecastOf = (strategy: string): string => `${strategy}+forecast`;

/**
 * The site with a forecast beside every strategy that takes what was kept, or as it is where the order is 0.
 * @param isKept does a strategy take of a state what an earlier step kept? One that takes what another call of the same
 *   step made has nothing to forecast
 */
export function withForecasts<S extends Site>(
  site: S,
  forecast: Forecast,
  shapes: ShapeTable,
  isKept?: IsKept,
): S;
export function withForecasts(
  site: Site,
  forecast: Forecast,
  shapes: ShapeTable,
  isKept: IsKept = () => true,
): Site {
  if (forecast.order === 0) return site;
  if (!site.parts) return plainForecasts(site, forecast, shapes, isKept);
  const parts = site.parts.map((part) => plainForecasts(part, forecast, shapes, isKept));
  return {
    ...site,
    parts,
    strategies: compositeForecasts(site, parts),
    forecast: ruleOf(forecast),
    // a run is what it is, whether what it adds is forecast or taken as it was
    ...(site.ranges && {
      ranges: Object.fromEntries(
        Object.entries(site.ranges).flatMap(([name, run]) => [
          [name, run],
          [forecastOf(name), run],
        ]),
      ),
    }),
  };
}

/** Beside each strategy the one that chooses forecasts wherever its parts have them. */
function compositeForecasts(
  { strategies }: CompositeSite,
  parts: readonly PlainSite[],
): CompositeSite['strategies'] {
  const has = new Map(parts.map(({ id, strategies: own }) => [id, own]));
  const forecastIn = (part: string, name: string) =>
    Object.hasOwn(has.get(part)!, forecastOf(name)) ? forecastOf(name) : undefined;
  return strategiesByName(
    Object.values(strategies).flatMap((strategy) => {
      // whether parts have forecasts does not depend on the call, though names of choices may
      const takes = [0, 1].some((call) =>
        Object.entries(strategy.parts(call)).some(([part, name]) => forecastIn(part, name)),
      );
      if (!takes) return [strategy];
      const forecast = {
        ...strategy,
        ...named(strategy),
        parts: (call: number) =>
          Object.fromEntries(
            Object.entries(strategy.parts(call)).map(([part, name]) => [
              part,
              forecastIn(part, name) ?? name,
            ]),
          ),
      };
      return [
        strategy,
        forecast.kind === 'shared'
          ? {
              ...forecast,
              of: { ...forecast.of, strategy: wholeOf(forecast.of.strategy) },
            }
          : forecast,
      ];
    }),
  );
}

/** What a shared forecast is half of: what computes has nothing to forecast. */
const wholeOf = (name: string): string => (name === COMPUTE ? name : forecastOf(name));

const named = ({ name, description }: { name: string; description: string }) => ({
  name: forecastOf(name),
  description: `${description}, forecast`,
});

function plainForecasts(
  site: PlainSite,
  forecast: Forecast,
  shapes: ShapeTable,
  isKept: IsKept,
): PlainSite {
  const states = new Map(site.states.map((state) => [state.id, state]));
  const taken = (strategy: LeafStrategy) =>
    strategy.reads.filter((id) => states.has(id) && isKept(strategy, id));
  const kept = Object.values(site.strategies).filter(
    (strategy) => strategy.produce && taken(strategy).length > 0,
  );
  if (kept.length === 0) return site;
  const read = new Set(kept.flatMap(taken));
  return {
    ...site,
    forecast: ruleOf(forecast),
    states: site.states.flatMap((state) =>
      read.has(state.id) ? [state, ...followers(state, forecast.order)] : [state],
    ),
    parameters: [...(site.parameters ?? []), ...[...read].map((id) => weightsOf(id, forecast))],
    strategies: {
      ...site.strategies,
      ...strategiesByName(
        kept.map((strategy) => ({
          ...strategy,
          ...named(strategy),
          reads: strategy.reads.flatMap((id) =>
            read.has(id) ? [...historyOf(id, forecast.order), weightsId(id)] : [id],
          ),
          produce: (b: SiteBuilder) => {
            const sums = new Map<string, Value>();
            const state = (id: string) => {
              if (!read.has(id)) return b.state(id);
              const sum = sums.get(id) ?? sumOf(b, states.get(id)!, forecast.order, shapes);
              sums.set(id, sum);
              return sum;
            };
            return strategy.produce!({ ...b, state });
          },
        })),
      ),
    },
  };
}

const backId = (state: string, back: number): string =>
  back === 0 ? state : `${state}.back-${back}`;
const weightsId = (state: string): string => `${state}.weights`;

/** The state, and those that hold what it was before, the last first. */
const historyOf = (state: string, order: number): string[] =>
  Array.from({ length: order + 1 }, (_, back) => backId(state, back));

const followers = (state: StateSpec, order: number): StateSpec[] =>
  Array.from({ length: order }, (_, back) => ({
    ...state,
    id: backId(state.id, back + 1),
    follows: backId(state.id, back),
  }));

const weightsOf = (state: string, forecast: Forecast): ParameterSpec => ({
  id: weightsId(state),
  shape: [forecast.order + 1],
  forecast: { state, ...ruleOf(forecast) },
  at: ({ call, written }) => {
    const { calls, callsPerStep: perStep, axis } = forecast;
    return weightsOfCall(
      forecast,
      { calls, perStep, positions: axis?.positions },
      call,
      written(state),
    );
  },
});

const ruleOf = ({ order, basis, axis }: Forecast): ForecastRecord => ({
  order,
  basis,
  ...(axis && { axis }),
});

function sumOf(
  b: SiteBuilder,
  { id, like, type }: StateSpec,
  order: number,
  shapes: ShapeTable,
): Value {
  const own = type ?? shapes.dtype(like);
  const narrow = isHalfPrecision(own) ? own : undefined;
  const weights = b.state(weightsId(id));
  const terms = historyOf(id, order).map((state, back) => {
    const value = narrow
      ? cast(b, b.state(state), 'float32', `stepfold.${state}.wide`)
      : b.state(state);
    const weight = b.add({
      opType: 'Gather',
      inputs: [weights, scalar(b, back)],
      outputs: [`stepfold.${id}.weight-${back}`],
    });
    return b.add({ opType: 'Mul', inputs: [value, weight], outputs: [`stepfold.${state}.term`] });
  });
  const sum = terms.reduce((total, term, back) =>
    b.add({ opType: 'Add', inputs: [total, term], outputs: [`stepfold.${id}.sum-${back}`] }),
  );
  return narrow ? cast(b, sum, narrow, `stepfold.${id}.forecast`) : sum;
}

/** A place in the weights, one constant for the whole graph. */
function scalar(b: SiteBuilder, index: number): Value {
  return b.constant(`stepfold.back-${index}`, [index]);
}
