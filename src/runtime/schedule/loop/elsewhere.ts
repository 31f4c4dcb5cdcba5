/** Whether the steps of a loop lie elsewhere than those of the loop that a schedule is written out for. */
import type { Schedule } from '../../../generated/schedule.js';
import { type LoopPlaces, positionsOn, STEP_AXES } from './axes.js';

/** Beyond what is left of places that were stretched. */
const ROUNDING = 1e-9;

/**
 * Would calls, weights or timesteps differ if the written loop had its steps at these places?
 * @param places of as many steps
 * @throws FORECAST_AXIS_MISSING, FORECAST_AXIS_UNEVEN
 */
export function liesElsewhere(schedule: Schedule, places: LoopPlaces): boolean {
  return (
    onOtherAxes(schedule, places) || (!!schedule.loop?.rules && atOtherTimesteps(schedule, places))
  );
}

/** Do forecasts have other weights there? */
export function onOtherAxes({ axes = {} }: Schedule, places: LoopPlaces): boolean {
  const { timesteps, logSnr } = places;
  const given = { timestep: timesteps, 'log-snr': logSnr };
  return STEP_AXES.some((axis) => {
    const own = axes[axis];
    if (!own || !given[axis]) return false;
    const positions = positionsOn(axis, places, own.length);
    return positions.some((at, step) => Math.abs(at - own[step]!) > ROUNDING * own.length);
  });
}

function atOtherTimesteps(
  { timesteps, loop }: Schedule,
  { timesteps: asked }: LoopPlaces,
): boolean {
  if (!asked) return false;
  const known = timesteps ?? loop?.timesteps;
  if (known) return asked.some((timestep, step) => timestep !== known[step]);
  // by the part of the loop where its own are not known
  return !!loop?.rules?.some(({ when }) => when.kind === 'placed' && when.timesteps);
}
