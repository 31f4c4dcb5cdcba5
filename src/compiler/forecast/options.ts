/** Options of a pass whose strategies take what was kept: how it is forecast. */
import type { GuidancePair } from '../../runtime/schedule/index.js';
import { callsPerStep } from '../../runtime/schedule/index.js';
import { BASES, type Basis } from './weights.js';
import { type Forecast, forecastOf } from './with-forecasts.js';

export interface ForecastOptions {
  readonly order?: number;
  readonly basis?: Basis;
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
  }) as const;

export function forecastFrom(
  { order = 0, basis = 'lagrange' }: ForecastOptions,
  { calls, guidance }: { readonly calls: number; readonly guidance: GuidancePair | undefined },
): Forecast {
  return { order, basis, calls, callsPerStep: callsPerStep(guidance) };
}

/** A strategy, or its forecast where there is an order. */
export const orForecast = (strategy: string, { order = 0 }: ForecastOptions): string =>
  order === 0 ? strategy : forecastOf(strategy);
