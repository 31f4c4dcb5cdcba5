/**
 * The noise levels a sampler walks through: one per call and the one it arrives at.
 *
 * All samplers share this: it turns the options that describe the denoiser and the number of steps
 * into the timesteps to tell the denoiser and the levels to compute with.
 */
import {
  karrasWithTimesteps,
  samplerOptionOutOfRange,
  unknownSamplerChoice,
} from '../../errors/index.js';
import {
  LEAST_SIGNAL,
  type NoiseSchedule,
  type NoiseScheduleOptions,
  noiseSchedule,
} from './noise-schedule.js';
import { linspace, roundHalfToEven } from './numbers.js';
import {
  checkTimesteps,
  spacedTimesteps,
  TIMESTEP_SPACINGS,
  type TimestepSpacing,
} from './timesteps.js';

export const FINAL_LEVELS = ['zero', 'first'] as const;
/** What the last step leaves: no noise at all, or that of training timestep 0. */
export type FinalLevel = (typeof FINAL_LEVELS)[number];

export interface NoiseLevelOptions {
  /** Number of steps, and so of denoiser evaluations; default 50. */
  readonly steps?: number;
  /** The noise schedule of the denoiser's training. */
  readonly schedule?: NoiseScheduleOptions;
  /** Default `leading`. */
  readonly spacing?: TimestepSpacing;
  /** Added to the timesteps; default 0. */
  readonly offset?: number;
  /** The timesteps themselves, descending, in place of `steps`, `spacing` and `offset`. */
  readonly timesteps?: readonly number[];
  /** Levels as Karras et al. place them (equation 5, rho 7) over the whole training range. */
  readonly karras?: boolean;
  /** Default `zero`. */
  readonly final?: FinalLevel;
  /**
   * Keep the fractions that `linear` spacing and Karras levels give timesteps; default false, as most
   * denoisers take integers. Without fractions, levels belong to the rounded timesteps (but for
   * Karras levels, which come first).
   */
  readonly fractionalTimesteps?: boolean;
}

/** Signal and noise of one level: x = alpha * clean + sigma * noise, with alpha^2 + sigma^2 = 1. */
export interface NoiseLevel {
  readonly alpha: number;
  readonly sigma: number;
  /** sigma / alpha: the level in the coordinates of Karras et al.; infinity where alpha is 0. */
  readonly ratio: number;
}

export interface NoiseLevels {
  readonly timesteps: readonly number[];
  /** One more than timesteps: the last is where the sampler arrives. */
  readonly levels: readonly NoiseLevel[];
}

const KARRAS_RHO = 7;

/** Karras et al., arXiv 2206.00364, equation 5: `count` levels from the noisiest to the cleanest. */
function karrasRatios(schedule: NoiseSchedule, count: number): number[] {
  const root = (ratio: number) => ratio ** (1 / KARRAS_RHO);
  const noisiest = schedule.sigmas.at(-1)!;
  const cleanest = schedule.sigmas[0]!;
  return linspace(root(noisiest), root(cleanest), count).map((value) => value ** KARRAS_RHO);
}

function levelOf(ratio: number): NoiseLevel {
  if (ratio === Number.POSITIVE_INFINITY) return { alpha: 0, sigma: 1, ratio };
  const alpha = 1 / Math.sqrt(1 + ratio * ratio);
  return { alpha, sigma: ratio * alpha, ratio };
}

export interface LevelNeeds {
  /** See `TimestepOptions`. */
  readonly arrivalPoint: boolean;
  /** The sampler divides by the signal, so that there has to be some at every level. */
  readonly signal: boolean;
}

/**
 * Places the levels.
 *
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_RANGE, SAMPLER_TIMESTEPS_ORDER, SAMPLER_KARRAS_TIMESTEPS
 */
export function noiseLevels(
  options: NoiseLevelOptions,
  { arrivalPoint, signal }: LevelNeeds,
): NoiseLevels {
  const { steps = 50, spacing = 'leading', offset = 0, karras = false, final = 'zero' } = options;
  if (!TIMESTEP_SPACINGS.includes(spacing)) {
    throw unknownSamplerChoice('timestep spacing', spacing, TIMESTEP_SPACINGS);
  }
  if (!FINAL_LEVELS.includes(final)) {
    throw unknownSamplerChoice('final noise level', final, FINAL_LEVELS);
  }
  const schedule = noiseSchedule(options.schedule, signal || karras ? LEAST_SIGNAL : 0);
  const { trainTimesteps } = schedule;
  const round = options.fractionalTimesteps ? (timestep: number) => timestep : roundHalfToEven;

  let timesteps: number[];
  let ratios: number[];
  if (karras) {
    if (options.timesteps) throw karrasWithTimesteps();
    if (!Number.isInteger(steps) || steps < 1) {
      throw samplerOptionOutOfRange('steps', steps, 'an integer from 1 up');
    }
    ratios = karrasRatios(schedule, steps);
    timesteps = ratios.map((ratio) => round(schedule.timestepAt(ratio)));
  } else {
    if (options.timesteps) {
      checkTimesteps(options.timesteps, trainTimesteps);
      timesteps = options.timesteps.map(round);
    } else {
      timesteps = spacedTimesteps({ spacing, steps, trainTimesteps, offset, arrivalPoint }).map(
        round,
      );
    }
    ratios = timesteps.map(schedule.sigmaAt);
  }
  ratios.push(final === 'zero' ? 0 : schedule.sigmas[0]!);
  return { timesteps, levels: ratios.map(levelOf) };
}
