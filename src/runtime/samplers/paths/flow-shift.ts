/**
 * How the steps of flow matching are moved towards noise: sigma becomes s sigma / (1 + (s - 1) sigma) (Esser et
 * al., arXiv 2403.03206, equation 23, with s for the square root there). A static shift is s itself; a dynamic
 * one is e^mu or mu, where mu is linear in the number of tokens of the picture, as in FLUX.
 */
import { samplerOptionOutOfRange, shiftNeedsTokens } from '../../../errors/index.js';
import type { Completed } from '../options.js';

export const TIME_SHIFTS = ['exponential', 'linear'] as const;
export type TimeShift = (typeof TIME_SHIFTS)[number];

export const SHIFT_OPTIONS = {
  shift: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 1,
    flag: true,
    description: 'Flow steps moved towards noise: 3 for SD 3',
  },
  dynamicShift: {
    type: 'boolean',
    default: false,
    flag: true,
    description: 'A shift by the size of the picture in place of that, as in FLUX',
  },
  tokens: {
    type: 'integer',
    minimum: 1,
    flag: true,
    description: 'Tokens of the picture, for a dynamic shift: 4096 for 1024 x 1024 in FLUX',
  },
  baseShift: {
    type: 'number',
    default: 0.5,
    description: 'mu of a dynamic shift at the base number of tokens',
  },
  maxShift: {
    type: 'number',
    default: 1.15,
    description: 'mu at the largest number of tokens',
  },
  baseTokens: {
    type: 'integer',
    minimum: 1,
    default: 256,
    description: 'The base number of tokens',
  },
  maxTokens: {
    type: 'integer',
    minimum: 1,
    default: 4096,
    description: 'The largest number of tokens',
  },
  mu: {
    type: 'number',
    flag: true,
    description: 'mu itself, in place of what tokens make it',
  },
  timeShift: {
    enum: TIME_SHIFTS,
    default: 'exponential',
    title: 'time shift',
    flag: true,
    description: 'Whether e^mu is the shift, or mu itself',
  },
  shiftTerminal: {
    type: 'number',
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    flag: true,
    description: 'Steps stretched so that the last is at this share of noise: 0.1 for LTX',
  },
} as const;

/** What `SHIFT_OPTIONS` describes. */
export interface ShiftOptions {
  /** Flow steps moved towards noise. */
  readonly shift?: number | undefined;
  /** A shift by the size of the picture in place of that. */
  readonly dynamicShift?: boolean | undefined;
  /** Tokens of the picture, for a dynamic shift. */
  readonly tokens?: number | undefined;
  /** mu of a dynamic shift at the base number of tokens. */
  readonly baseShift?: number | undefined;
  /** mu at the largest number of tokens. */
  readonly maxShift?: number | undefined;
  /** The base number of tokens. */
  readonly baseTokens?: number | undefined;
  /** The largest number of tokens. */
  readonly maxTokens?: number | undefined;
  /** mu itself, in place of what tokens make it. */
  readonly mu?: number | undefined;
  /** Whether e^mu is the shift, or mu itself. */
  readonly timeShift?: TimeShift | undefined;
  /** Steps stretched so that the last is at this share of noise. */
  readonly shiftTerminal?: number | undefined;
}

export interface Shift {
  readonly shift: (sigma: number) => number;
  /** Whether the least level of training is a shifted one. */
  readonly double: boolean;
  readonly terminal: number | undefined;
}

/** @throws SAMPLER_OPTION_RANGE, SAMPLER_SHIFT_TOKENS where a dynamic shift knows no size */
export function shiftOf(options: Completed<typeof SHIFT_OPTIONS>): Shift {
  const { dynamicShift, shiftTerminal: terminal } = options;
  const by = dynamicShift ? dynamic(options) : options.shift;
  return {
    shift: (sigma) => (by * sigma) / (1 + (by - 1) * sigma),
    double: !dynamicShift,
    terminal,
  };
}

function dynamic(options: Completed<typeof SHIFT_OPTIONS>): number {
  const { tokens, baseShift, maxShift, baseTokens, maxTokens, timeShift } = options;
  if (options.mu === undefined && tokens === undefined) throw shiftNeedsTokens();
  if (maxTokens === baseTokens)
    throw samplerOptionOutOfRange('maxTokens', maxTokens, 'another than baseTokens');
  const slope = (maxShift - baseShift) / (maxTokens - baseTokens);
  const mu = options.mu ?? baseShift + slope * (tokens! - baseTokens);
  if (timeShift === 'exponential') return Math.exp(mu);
  if (mu <= 0) throw samplerOptionOutOfRange('mu', mu, 'above 0 where it is the shift itself');
  return mu;
}
