/**
 * What a forecast takes for the distance of two steps: their places in the loop, their timesteps, or the logarithm of
 * their signal-to-noise ratio. The polynomial through values is the same on any axis that is stretched or shifted, so
 * that only where steps crowd otherwise on it does an axis matter.
 */

import { forecastAxisMissing, forecastAxisUneven } from '../../../errors/index.js';
import type { Schedule } from '../../../generated/schedule.js';

/** What a schedule can hold positions by; without one of them, steps count. */
export const STEP_AXES = ['timestep', 'log-snr'] as const;
export type StepAxis = (typeof STEP_AXES)[number];

export const AXES = ['call', ...STEP_AXES] as const;
export type Axis = (typeof AXES)[number];

/** Where the steps of a loop lie, as far as it is known. */
export interface LoopPlaces {
  /** Falling. */
  readonly timesteps?: readonly number[] | undefined;
  /** Logarithm of signal over noise in variance, rising. */
  readonly logSnr?: readonly number[] | undefined;
}

/** As a schedule has them, up to units and where counting begins. */
export const placesOf = ({ axes = {} }: Pick<Schedule, 'axes'>): LoopPlaces => ({
  timesteps: axes.timestep?.map((position) => -position),
  logSnr: axes['log-snr'],
});

/**
 * The position of each step, in steps: 0 of the first, one less than their number of the last.
 * @throws FORECAST_AXIS_MISSING, FORECAST_AXIS_UNEVEN
 */
export function positionsOn(axis: StepAxis, places: LoopPlaces, steps: number): number[] {
  const given = axis === 'timestep' ? places.timesteps?.map((t) => -t) : places.logSnr;
  if (given?.length !== steps) throw forecastAxisMissing(axis, steps, given?.length);
  const [first, last] = [given[0]!, given.at(-1)!];
  const flat = given.findIndex(
    (place, i) => !Number.isFinite(place) || (i > 0 && place <= given[i - 1]!),
  );
  if (flat >= 0) throw forecastAxisUneven(axis, flat, given[flat]!);
  return given.map((place) => (steps === 1 ? 0 : ((place - first) / (last - first)) * (steps - 1)));
}
