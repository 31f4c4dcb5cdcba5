/** Options of a pass whose strategies take what was kept: how it is forecast. */
import {
  AXES,
  type Axis,
  BASES,
  type Basis,
  callsPerStep,
  type GuidancePair,
  type LoopPlaces,
  positionsOn,
  stepsOfCalls,
} from '../../runtime/schedule/index.js';
import { type Forecast, forecastOf } from './with-forecasts.js';

export interface ForecastOptions {
  readonly order?: number;
  readonly basis?: Basis;
  readonly axis?: Axis;
}

/**
 * For a pass's schema. No defaults in it, so that what is recorded of a pass without a forecast stays as it is.
 * @param order what the pass takes where none is given
 */
export const forecastOptions = (order = 0) =>
  ({
    order: {
      type: 'integer',
      minimum: 0,
      maximum: 4,
      description: `Forecast what was kept through its last order+1 values, in place of taking the last one as it was [${order}].`,
    },
    basis: {
      enum: [...BASES],
      description:
        'Its polynomials: through the values (lagrange), as HiCache (hermite) or Spectrum (chebyshev) have them [lagrange].',
    },
    axis: {
      enum: [...AXES],
      description:
        'By what steps lie apart: their number (call), timestep, or log-SNR in the loop of --sampler [call].',
    },
  }) as const;

/** @throws FORECAST_AXIS_MISSING, FORECAST_AXIS_UNEVEN */
export function forecastFrom(
  { order = 0, basis = 'lagrange', axis = 'call' }: ForecastOptions,
  {
    calls,
    guidance,
    places,
  }: {
    readonly calls: number;
    readonly guidance: GuidancePair | undefined;
    readonly places: LoopPlaces;
  },
): Forecast {
  const loop = { order, basis, calls, callsPerStep: callsPerStep(guidance) };
  if (axis === 'call' || order === 0) return loop;
  const positions = positionsOn(axis, places, stepsOfCalls(calls, guidance));
  return { ...loop, axis: { name: axis, positions } };
}

/** A strategy, or its forecast where there is an order. */
export const orForecast = (strategy: string, { order = 0 }: ForecastOptions): string =>
  order === 0 ? strategy : forecastOf(strategy);
