/**
 * Which training timesteps a sampler visits, the noisiest first.
 *
 * The names are those of Lin et al., "Common diffusion noise schedules and sample steps are flawed"
 * (arXiv 2305.08891, table 2), and `quad` is DDIM's (Song et al., arXiv 2010.02502, appendix D.2).
 */
import { samplerOptionOutOfRange, timestepsNotDescending } from '../../errors/index.js';
import { linspace, roundHalfToEven } from './numbers.js';

/**
 * `linear`: equally spaced, first and last timestep included (NumPy's linspace).
 * `leading`: multiples of trainTimesteps / steps rounded down; timestep 0 included, the last not.
 * `trailing`: the same counted down from the last timestep.
 * `quad`: squares of equally spaced roots up to 0.8 of the training timesteps, as the DDPM and DDIM
 * programs do with `--skip_type quad`; small timesteps can repeat when there are many steps.
 */
export const TIMESTEP_SPACINGS = ['linear', 'leading', 'trailing', 'quad'] as const;
export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];

/** A single step starts from the noisiest point, where NumPy's linspace would give the first one. */
const downFrom = (end: number, steps: number) =>
  steps === 1 ? [end] : linspace(0, end, steps).reverse();

const SPACINGS: Record<TimestepSpacing, (trainTimesteps: number, steps: number) => number[]> = {
  linear: (trainTimesteps, steps) => downFrom(trainTimesteps - 1, steps),
  leading: (trainTimesteps, steps) => {
    const stride = Math.floor(trainTimesteps / steps);
    return Array.from({ length: steps }, (_, index) => index * stride).reverse();
  },
  trailing: (trainTimesteps, steps) =>
    Array.from(
      { length: steps },
      (_, index) => roundHalfToEven(trainTimesteps - index * (trainTimesteps / steps)) - 1,
    ),
  quad: (trainTimesteps, steps) =>
    downFrom(Math.sqrt(trainTimesteps * 0.8), steps).map((root) =>
      Math.min(Math.floor(root * root), trainTimesteps - 1),
    ),
};

export interface TimestepOptions {
  readonly spacing: TimestepSpacing;
  readonly steps: number;
  readonly trainTimesteps: number;
  /** Added to every timestep; Stable Diffusion v1 uses 1 with `leading`. */
  readonly offset: number;
  /**
   * Whether the spacing places one more point below the timesteps, where the sampler arrives without
   * calling the denoiser: DPM-Solver++ counts so. `trailing` has such a point already.
   */
  readonly arrivalPoint: boolean;
}

/**
 * `steps` timesteps in [0, trainTimesteps), the noisiest first; only `linear` gives fractions.
 *
 * @throws SAMPLER_OPTION_RANGE when there are more steps than training timesteps or the offset
 * leads beyond the last one.
 */
export function spacedTimesteps(options: TimestepOptions): number[] {
  const { spacing, steps, trainTimesteps, offset } = options;
  const extra = options.arrivalPoint && spacing !== 'trailing' ? 1 : 0;
  const most = trainTimesteps - extra;
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw samplerOptionOutOfRange('steps', steps, `an integer from 1 to ${most}`);
  }
  const timesteps = SPACINGS[spacing](trainTimesteps, steps + extra).slice(0, steps);
  const room = trainTimesteps - 1 - timesteps[0]!;
  if (!Number.isInteger(offset) || offset < 0 || offset > room) {
    throw samplerOptionOutOfRange('offset', offset, `an integer from 0 to ${Math.floor(room)}`);
  }
  return timesteps.map((timestep) => timestep + offset);
}

/**
 * Checks a list of timesteps that the caller chose. Equal neighbours are allowed, as `quad` has them.
 *
 * @throws SAMPLER_TIMESTEPS_ORDER, SAMPLER_OPTION_RANGE
 */
export function checkTimesteps(timesteps: readonly number[], trainTimesteps: number): void {
  if (timesteps.length === 0)
    throw samplerOptionOutOfRange('timesteps', 0, 'at least one timestep');
  timesteps.forEach((timestep, index) => {
    if (!(timestep >= 0 && timestep <= trainTimesteps - 1)) {
      throw samplerOptionOutOfRange('timesteps', timestep, `from 0 to ${trainTimesteps - 1}`);
    }
    const before = timesteps[index - 1];
    if (before !== undefined && timestep > before) {
      throw timestepsNotDescending(index, timestep, before);
    }
  });
}
