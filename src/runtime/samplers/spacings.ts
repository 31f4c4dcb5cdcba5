/**
 * Spacings of timesteps over the training range. The names are those of Lin et al., "Common diffusion noise
 * schedules and sample steps are flawed" (arXiv 2305.08891, table 2), and `quad` is DDIM's (Song et al., arXiv
 * 2010.02502, appendix D.2).
 */
import { samplerOptionOutOfRange } from '../../errors/index.js';
import { linspace, roundHalfToEven } from './numbers.js';

/**
 * `linear`: equally spaced, first and last timestep included (NumPy's linspace).
 * `leading`: multiples of trainTimesteps / steps rounded down; timestep 0 included, the last not.
 * `trailing`: the same counted down from the last timestep.
 * `quad`: squares of equally spaced roots up to 0.8 of the training timesteps, as the DDPM and DDIM
 * programs do with `--skip_type quad`; small timesteps can repeat when there are many steps.
 * `even`: equally spaced from the last timestep down to none, where the loop arrives.
 * `distilled`: of the timesteps that a student was distilled on, which end at the last, equally many apart
 * (Luo et al., arXiv 2310.04378, section 4.3).
 */
export const TIMESTEP_SPACINGS = [
  'linear',
  'leading',
  'trailing',
  'quad',
  'even',
  'distilled',
] as const;
export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];

/** A single step starts from the noisiest point, where NumPy's linspace would give the first one. */
const downFrom = (end: number, steps: number) =>
  steps === 1 ? [end] : linspace(0, end, steps).reverse();

type Spacing = (
  trainTimesteps: number,
  steps: number,
  round: (timestep: number) => number,
  distilledSteps: number,
) => number[];

const SPACINGS: Record<TimestepSpacing, Spacing> = {
  linear: (trainTimesteps, steps) => downFrom(trainTimesteps - 1, steps),
  leading: (trainTimesteps, steps) => {
    const stride = Math.floor(trainTimesteps / steps);
    return Array.from({ length: steps }, (_, index) => index * stride).reverse();
  },
  trailing: (trainTimesteps, steps, round) =>
    Array.from(
      { length: steps },
      (_, index) => round(trainTimesteps - index * (trainTimesteps / steps)) - 1,
    ),
  quad: (trainTimesteps, steps) =>
    downFrom(Math.sqrt(trainTimesteps * 0.8), steps).map((root) =>
      Math.min(Math.floor(root * root), trainTimesteps - 1),
    ),
  even: (trainTimesteps, steps) =>
    linspace(0, trainTimesteps - 1, steps + 1)
      .slice(1)
      .reverse(),
  distilled: (trainTimesteps, steps, _, distilledSteps) => {
    const stride = Math.floor(trainTimesteps / distilledSteps);
    return Array.from(
      { length: steps },
      (_, index) => (distilledSteps - Math.floor(index * (distilledSteps / steps))) * stride - 1,
    );
  },
};

/** Spacings that put their last step where the first timestep is, so that there is no room to arrive. */
const LAST_IS_FIRST: readonly TimestepSpacing[] = ['linear', 'leading', 'quad'];

/** Steps of the solver that students of latent consistency are distilled from. */
export const DISTILLED_STEPS = 50;

export interface SpacingOptions {
  readonly spacing: TimestepSpacing;
  readonly steps: number;
  readonly trainTimesteps: number;
  /** Timesteps that a student was distilled on, for `distilled`; default 50. */
  readonly distilledSteps?: number;
  /** Added to every timestep; Stable Diffusion v1 uses 1 with `leading`. */
  readonly offset: number;
  /**
   * Whether the spacing places one more point below the timesteps, where the sampler arrives without
   * calling the denoiser: DPM-Solver++ counts so. Others than `linear`, `leading` and `quad` have such a
   * point already.
   */
  readonly arrivalPoint: boolean;
  /** Whether only `linear` gives fractions, as in the programs of the papers; default true. */
  readonly whole?: boolean;
}

/**
 * `steps` timesteps in [0, trainTimesteps), the noisiest first.
 *
 * @throws SAMPLER_OPTION_RANGE when there are more steps than training timesteps or the offset
 * leads beyond the last one.
 */
export function spacedTimesteps(options: SpacingOptions): number[] {
  const { spacing, steps, trainTimesteps, offset, whole = true } = options;
  const { distilledSteps = DISTILLED_STEPS } = options;
  const extra = options.arrivalPoint && LAST_IS_FIRST.includes(spacing) ? 1 : 0;
  if (spacing === 'distilled' && distilledSteps > trainTimesteps)
    throw samplerOptionOutOfRange('distilledSteps', distilledSteps, `from 1 to ${trainTimesteps}`);
  const most = spacing === 'distilled' ? distilledSteps : trainTimesteps - extra;
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw samplerOptionOutOfRange('steps', steps, `an integer from 1 to ${most}`);
  }
  const timesteps = SPACINGS[spacing](
    trainTimesteps,
    steps + extra,
    whole ? roundHalfToEven : (timestep) => timestep,
    distilledSteps,
  ).slice(0, steps);
  const room = trainTimesteps - 1 - timesteps[0]!;
  if (!Number.isInteger(offset) || offset < 0 || offset > room) {
    throw samplerOptionOutOfRange('offset', offset, `an integer from 0 to ${Math.floor(room)}`);
  }
  return timesteps.map((timestep) => timestep + offset);
}
