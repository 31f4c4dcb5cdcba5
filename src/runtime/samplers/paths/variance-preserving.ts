/** The path of DDPM: alpha^2 + sigma^2 = 1, by a schedule of betas (noise-schedule.ts). */
import { type NoiseScheduleOptions, noiseSchedule } from '../noise-schedule.js';
import { type NoiseLevel, type NoisePath, WHOLE } from './noise-path.js';

/**
 * @param least taken for the share of the signal at the last timestep where that is 0
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_RANGE, SAMPLER_OPTION_UNKNOWN
 */
export function variancePreserving(options: NoiseScheduleOptions = {}, least = 0): NoisePath {
  const { trainTimesteps, sigmaAt, timestepAt } = noiseSchedule(options, least);
  return {
    ...WHOLE,
    trainTimesteps,
    firstTimestep: 0,
    lastTimestep: trainTimesteps - 1,
    levelAt: (timestep) => levelOf(sigmaAt(timestep)),
    levelOf,
    levelWith: levelOf,
    timestepAt,
    // nearly all of it is noise at the noisiest level, and it is taken for all
    startScale: () => 1,
  };
}

function levelOf(ratio: number): NoiseLevel {
  if (ratio === Number.POSITIVE_INFINITY) return { alpha: 0, sigma: 1, ratio, variance: 1 };
  const alpha = 1 / Math.sqrt(1 + ratio * ratio);
  return { alpha, sigma: ratio * alpha, ratio, variance: 1 };
}
