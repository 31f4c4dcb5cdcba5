/**
 * The one rule for timesteps: where a sampler calls the denoiser, the noisiest first, and the noise levels
 * that it computes with.
 *
 * A list that the caller chose comes first, then levels as Karras et al. place them, then a spacing. The
 * names of spacings are those of Lin et al., "Common diffusion noise schedules and sample steps are flawed"
 * (arXiv 2305.08891, table 2), and `quad` is DDIM's (Song et al., arXiv 2010.02502, appendix D.2).
 */
import {
  karrasWithTimesteps,
  samplerOptionOutOfRange,
  timestepsNotDescending,
} from '../../errors/index.js';
import { linspace, roundHalfToEven } from './numbers.js';
import type { Completed } from './options.js';
import { karrasRatios, type NoiseLevel, type NoisePath } from './paths/index.js';

/**
 * `linear`: equally spaced, first and last timestep included (NumPy's linspace).
 * `leading`: multiples of trainTimesteps / steps rounded down; timestep 0 included, the last not.
 * `trailing`: the same counted down from the last timestep.
 * `quad`: squares of equally spaced roots up to 0.8 of the training timesteps, as the DDPM and DDIM
 * programs do with `--skip_type quad`; small timesteps can repeat when there are many steps.
 */
export const TIMESTEP_SPACINGS = ['linear', 'leading', 'trailing', 'quad'] as const;
export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];

export const FINAL_LEVELS = ['zero', 'first'] as const;
/** What the last step leaves: no noise at all, or that of the first training timestep. */
export type FinalLevel = (typeof FINAL_LEVELS)[number];

export const TIMESTEP_OPTIONS = {
  steps: { type: 'integer', minimum: 1, default: 50, description: 'Steps, and so calls' },
  spacing: {
    enum: TIMESTEP_SPACINGS,
    default: 'leading',
    title: 'timestep spacing',
    description: 'Which timesteps are visited',
  },
  offset: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Added to timesteps that are spaced',
  },
  timesteps: {
    type: 'array',
    items: { type: 'number' },
    description: 'The timesteps themselves, descending, in place of steps, spacing and offset',
  },
  start: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Steps left out at the beginning, where a picture is changed: see `noised`',
  },
  karras: {
    type: 'boolean',
    default: false,
    flag: true,
    description:
      'Levels as Karras et al. place them (equation 5, rho 7) over the whole training range',
  },
  final: {
    enum: FINAL_LEVELS,
    default: 'zero',
    title: 'final noise level',
    description: 'What the last step leaves: no noise, or that of the first training timestep',
  },
  // without fractions, levels belong to the rounded timesteps, but for Karras levels, which come first
  fractionalTimesteps: {
    type: 'boolean',
    default: false,
    description: 'Keep fractions of timesteps; most denoisers take whole numbers',
  },
} as const;

export type Placing = Completed<typeof TIMESTEP_OPTIONS>;

/** What a sampler walks along. */
export interface Walk {
  readonly timesteps: readonly number[];
  /** One more than timesteps: the last is where the sampler arrives. */
  readonly levels: readonly NoiseLevel[];
  /** Steps that were left out before the first. */
  readonly first: number;
}

/**
 * @param arrivalPoint see `SpacingOptions`
 * @throws SAMPLER_OPTION_RANGE, SAMPLER_TIMESTEPS_ORDER, SAMPLER_KARRAS_TIMESTEPS
 */
export function placeTimesteps(path: NoisePath, placing: Placing, arrivalPoint: boolean): Walk {
  const { start } = placing;
  const { timesteps, levels } = wholeWalk(path, placing, arrivalPoint);
  if (start >= timesteps.length)
    throw samplerOptionOutOfRange('start', start, `from 0 to ${timesteps.length - 1}`);
  return { timesteps: timesteps.slice(start), levels: levels.slice(start), first: start };
}

function wholeWalk(
  path: NoisePath,
  placing: Placing,
  arrivalPoint: boolean,
): Pick<Walk, 'timesteps' | 'levels'> {
  const { steps, spacing, offset, timesteps: list, karras, final } = placing;
  const { trainTimesteps, firstTimestep, lastTimestep } = path;
  const whole = !placing.fractionalTimesteps && !path.continuous;
  const round = whole ? roundHalfToEven : (timestep: number) => timestep;
  const first = path.levelAt(firstTimestep);
  const end = final === 'zero' ? path.levelOf(0) : first;
  if (karras && !list) {
    const noisiest = path.levelAt(lastTimestep);
    const ratios = karrasRatios(noisiest.ratio, first.ratio, steps);
    return {
      timesteps: ratios.map((ratio) => round(path.timestepAt(ratio))),
      levels: [...ratios.map(path.levelOf), end],
    };
  }
  if (karras) throw karrasWithTimesteps();
  if (list) checkTimesteps(list, path);
  const spaced = () =>
    spacedTimesteps({
      ...{ spacing, steps, trainTimesteps, offset, arrivalPoint },
      whole: !path.continuous,
    }).map((timestep) => path.place(timestep, spacing === 'linear'));
  const timesteps = (list ?? spaced()).map(round);
  return { timesteps, levels: [...timesteps.map(path.levelAt), end] };
}

/** A single step starts from the noisiest point, where NumPy's linspace would give the first one. */
const downFrom = (end: number, steps: number) =>
  steps === 1 ? [end] : linspace(0, end, steps).reverse();

type Spacing = (
  trainTimesteps: number,
  steps: number,
  round: (timestep: number) => number,
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
};

export interface SpacingOptions {
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
  const extra = options.arrivalPoint && spacing !== 'trailing' ? 1 : 0;
  const most = trainTimesteps - extra;
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw samplerOptionOutOfRange('steps', steps, `an integer from 1 to ${most}`);
  }
  const timesteps = SPACINGS[spacing](
    trainTimesteps,
    steps + extra,
    whole ? roundHalfToEven : (timestep) => timestep,
  ).slice(0, steps);
  const room = trainTimesteps - 1 - timesteps[0]!;
  if (!Number.isInteger(offset) || offset < 0 || offset > room) {
    throw samplerOptionOutOfRange('offset', offset, `an integer from 0 to ${Math.floor(room)}`);
  }
  return timesteps.map((timestep) => timestep + offset);
}

/** Checks a list of timesteps that the caller chose. Equal neighbours are allowed, as `quad` has them. */
function checkTimesteps(timesteps: readonly number[], { lastTimestep }: NoisePath): void {
  if (timesteps.length === 0)
    throw samplerOptionOutOfRange('timesteps', 0, 'at least one timestep');
  timesteps.forEach((timestep, index) => {
    if (!(timestep >= 0 && timestep <= lastTimestep)) {
      throw samplerOptionOutOfRange('timesteps', timestep, `from 0 to ${lastTimestep}`);
    }
    const before = timesteps[index - 1];
    if (before !== undefined && timestep > before) {
      throw timestepsNotDescending(index, timestep, before);
    }
  });
}
