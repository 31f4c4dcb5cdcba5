/**
 * The one rule for timesteps: where a sampler calls the denoiser, the noisiest first, and the noise levels
 * that it computes with. A list that the caller chose comes first, then levels that are placed, then a spacing.
 */
import {
  levelsWithTimesteps,
  samplerOptionOutOfRange,
  timestepsNotDescending,
} from '../../errors/index.js';
import { LEVELS, PLACES } from './levels.js';
import { roundHalfToEven } from './numbers.js';
import type { Completed } from './options.js';
import type { NoiseLevel, NoisePath } from './paths/index.js';
import { DISTILLED_STEPS, spacedTimesteps, TIMESTEP_SPACINGS } from './spacings.js';

export const LEVEL_ENDS = ['training', 'spaced'] as const;
export type LevelEnds = (typeof LEVEL_ENDS)[number];

export const FINAL_LEVELS = ['zero', 'first'] as const;
/** What the last step leaves: no noise at all, or that of the first training timestep. */
export type FinalLevel = (typeof FINAL_LEVELS)[number];

export const TIMESTEP_OPTIONS = {
  steps: {
    type: 'integer',
    minimum: 1,
    default: 50,
    description: 'Steps; each is a call but with Heun and PLMS',
  },
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
  distilledSteps: {
    type: 'integer',
    minimum: 1,
    default: DISTILLED_STEPS,
    flag: true,
    description: 'Timesteps of the distillation that distilled spacing chooses from',
  },
  levels: {
    enum: LEVELS,
    default: 'spaced',
    title: 'way to place noise levels',
    flag: true,
    description:
      'Noise levels in place of timesteps: equally spaced in a root or the logarithm, or by a beta distribution',
  },
  levelEnds: {
    enum: LEVEL_ENDS,
    default: 'training',
    title: 'ends of noise levels',
    description: 'Between which levels those are: of the whole training range, or of the spacing',
  },
  levelMin: {
    type: 'number',
    exclusiveMinimum: 0,
    description: 'The least of the levels in place of that',
  },
  levelMax: {
    type: 'number',
    exclusiveMinimum: 0,
    description: 'The largest of the levels in place of that',
  },
  final: {
    enum: FINAL_LEVELS,
    default: 'zero',
    title: 'final noise level',
    description: 'What the last step leaves: no noise, or that of the first training timestep',
  },
  // without fractions, levels belong to the rounded timesteps, but for levels that are placed, which come first
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
 * @throws SAMPLER_OPTION_RANGE, SAMPLER_TIMESTEPS_ORDER, SAMPLER_LEVELS_TIMESTEPS
 */
export function placeTimesteps(path: NoisePath, placing: Placing, arrivalPoint: boolean): Walk {
  const { start } = placing;
  const { timesteps, levels } = wholeWalk(path, placing, arrivalPoint);
  if (start >= timesteps.length)
    throw samplerOptionOutOfRange('start', start, `from 0 to ${timesteps.length - 1}`);
  return { timesteps: timesteps.slice(start), levels: levels.slice(start), first: start };
}

type WholeWalk = Pick<Walk, 'timesteps' | 'levels'>;

function wholeWalk(path: NoisePath, placing: Placing, arrivalPoint: boolean): WholeWalk {
  const { timesteps: list, levels, levelEnds, final } = placing;
  const whole = !placing.fractionalTimesteps && !path.continuous;
  const round = whole ? roundHalfToEven : (timestep: number) => timestep;
  const end = path.levelOf(0);
  const ending = final === 'zero' ? end : path.levelAt(path.firstTimestep);
  if (list && levels !== 'spaced') throw levelsWithTimesteps(levels);
  if (list) checkTimesteps(list, path);
  const spaced = (list ?? spacedOn(path, placing, arrivalPoint)).map(round);
  if (levels === 'spaced')
    return { timesteps: spaced, levels: [...spaced.map(path.levelAt), ending] };
  const [first, last] =
    levelEnds === 'spaced' ? [spaced[0]!, spaced.at(-1)!] : [path.lastTimestep, path.firstTimestep];
  const {
    levelMax = path.levelAt(first)[path.measure],
    levelMin = path.levelAt(last)[path.measure],
  } = placing;
  if (levelMin > levelMax)
    throw samplerOptionOutOfRange('levelMin', levelMin, `at most ${levelMax}`);
  const placed = PLACES[levels](levelMax, levelMin, spaced.length).map(path.levelWith);
  return {
    timesteps: placed.map(({ ratio }) => round(path.timestepAt(ratio))),
    levels: [...placed, ending],
  };
}

function spacedOn(path: NoisePath, placing: Placing, arrivalPoint: boolean): number[] {
  const { steps, spacing, offset, distilledSteps } = placing;
  const { trainTimesteps } = path;
  return path.finish(
    spacedTimesteps({
      ...{ spacing, steps, trainTimesteps, offset, arrivalPoint, distilledSteps },
      whole: !path.continuous,
    }).map((timestep) => path.place(timestep, { spacing, arrivalPoint })),
  );
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
