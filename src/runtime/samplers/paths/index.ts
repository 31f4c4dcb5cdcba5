/** Noise paths by name. */
import { unknownSamplerChoice } from '../../../errors/index.js';
import {
  LEAST_SIGNAL,
  NOISE_SCHEDULE_OPTIONS,
  type NoiseScheduleOptions,
} from '../noise-schedule.js';
import { FLOW_OPTIONS, type FlowOptions, flow } from './flow.js';
import type { NoisePath } from './noise-path.js';
import {
  VARIANCE_EXPLODING_OPTIONS,
  type VarianceExplodingOptions,
  varianceExploding,
} from './variance-exploding.js';
import { variancePreserving } from './variance-preserving.js';

export type { FlowOptions } from './flow.js';
export type { ShiftOptions, TimeShift } from './flow-shift.js';
export { karrasRatios } from './karras.js';
export { logSnr, type NoiseLevel, type NoisePath } from './noise-path.js';
export type { VarianceExplodingOptions } from './variance-exploding.js';

/** The options of each path. */
export const PATHS = {
  'variance-preserving': NOISE_SCHEDULE_OPTIONS,
  'variance-exploding': VARIANCE_EXPLODING_OPTIONS,
  flow: FLOW_OPTIONS,
} as const;

/** A path by its name, with its options beside that. */
export type NoisePathOptions =
  | ({ readonly path?: 'variance-preserving' } & NoiseScheduleOptions)
  | ({ readonly path: 'variance-exploding' } & VarianceExplodingOptions)
  | ({ readonly path: 'flow' } & FlowOptions);

export type PathName = NonNullable<NoisePathOptions['path']>;

/**
 * Makes the path that the denoiser was trained on.
 *
 * @param needs `signal` where a solver divides by what there is at every level; `ratio` where noise over
 * signal has to be finite for levels to be placed. A little is taken for it where none is left.
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_RANGE, SAMPLER_OPTION_UNKNOWN, SAMPLER_SHIFT_TOKENS
 */
export function noisePath(
  options: NoisePathOptions = {},
  needs: { readonly signal?: boolean; readonly ratio?: boolean } = {},
): NoisePath {
  if (options.path === 'flow') {
    const { path: _, ...rest } = options;
    return flow(rest, needs.signal);
  }
  if (options.path === 'variance-exploding') {
    const { path: _, ...rest } = options;
    return varianceExploding(rest);
  }
  const { path = 'variance-preserving', ...rest } = options;
  if (path !== 'variance-preserving')
    throw unknownSamplerChoice('noise path', path, Object.keys(PATHS));
  return variancePreserving(rest, needs.signal || needs.ratio ? LEAST_SIGNAL : 0);
}
