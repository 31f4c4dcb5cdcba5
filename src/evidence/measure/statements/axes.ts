/**
 * Where steps lie by what a schedule says of forecasts' axes: timesteps are those that the schedule gives the loop, where
 * it gives any. Plain code over the schedule alone. Which noise levels a loop will have no schedule says: by those that
 * it was made for a forecast is one, by others another and no wrong one.
 */
import type { Problem } from '../../../errors/index.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';

/** Positions are sums and quotients of whole numbers. */
const ROUNDING = 1e-9;

/** @param note is told which axes nothing is held against */
export function axisProblems(
  { axes = {}, timesteps, sampler }: Schedule,
  note: (sentence: string) => void = () => {},
): Problem[] {
  return Object.entries(axes).flatMap(([name, positions]): Problem[] => {
    if (name !== 'timestep' || !timesteps) {
      // a sampler that is named says it, and is held against (sampler.ts)
      if (!sampler) note(`forecasts go by the ${name} of the loop that the bundle was made for`);
      return [];
    }
    const range = timesteps[0]! - timesteps.at(-1)!;
    const wrong = positions.findIndex((position, step) => {
      const place = ((timesteps[0]! - timesteps[step]!) / (range || 1)) * (timesteps.length - 1);
      return !(Math.abs(position - place) <= ROUNDING * timesteps.length);
    });
    return wrong < 0
      ? []
      : [
          {
            path: pointer('axes', name, wrong),
            message: `says ${positions[wrong]}, which is not where timestep ${timesteps[wrong]} lies`,
          },
        ];
  });
}
