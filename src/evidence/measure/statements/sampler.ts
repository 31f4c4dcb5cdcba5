/** Whether the sampler that a schedule names makes the loop that it is written out for: as many steps, at the same places. */
import { type Problem, StepfoldError } from '../../../errors/index.js';
import type { Sampler } from '../../../runtime/samplers/index.js';
import { samplerOf } from '../../../runtime/samplers/of-schedule.js';
import { loopOf, type Schedule } from '../../../runtime/schedule/index.js';

/** Beyond what is left of places that were stretched. */
const ROUNDING = 1e-9;

export function samplerProblems(schedule: Schedule): Problem[] {
  let sampler: Sampler | undefined;
  try {
    sampler = samplerOf(schedule);
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    return [wrong(`cannot be made: ${error.message.replace(/\.$/, '')}`)];
  }
  // of a loop that begins in the middle its steps are listed without those that are left out
  if (!sampler || (schedule.timesteps && loopOf(schedule).start > 0)) return [];
  const { timesteps, logSnr } = sampler;
  const { loop, axes = {} } = schedule;
  return [
    ...apart('/loop/timesteps', loop?.timesteps, timesteps, 0),
    ...apart('/axes/timestep', axes.timestep, stretched(timesteps.map((t) => -t)), ROUNDING),
    ...apart('/axes/log-snr', axes['log-snr'], stretched(logSnr), ROUNDING),
  ].slice(0, 1);
}

const wrong = (message: string): Problem => ({ path: '/sampler', message });

/** The first at 0, the last at one less than there are. */
function stretched(places: readonly number[]): number[] {
  const [first, last] = [places[0]!, places.at(-1)!];
  return places.map((place) => ((place - first) * (places.length - 1)) / (last - first || 1));
}

function apart(
  where: string,
  stated: readonly number[] | undefined,
  made: readonly number[],
  within: number,
): Problem[] {
  const step = stated?.findIndex(
    (place, i) => !(Math.abs(place - made[i]!) <= within * made.length),
  );
  if (step === undefined || step < 0) return [];
  return [wrong(`makes step ${step} at ${made[step]}, where ${where} has ${stated![step]}`)];
}
