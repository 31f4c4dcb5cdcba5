/** What a scheduler's file says, in the words of the samplers. */
import type { AnySamplerOption, PathName, SamplerName } from '../../samplers/index.js';

export interface SchedulerSettings extends Omit<AnySamplerOption, 'steps' | 'timesteps' | 'start'> {
  /** Where the noise is not along the sampler's own path. */
  readonly path?: PathName | undefined;
}

/** How the loop is run: what the command line says, which then has the first word. */
export interface SchedulerUse extends SchedulerSettings {
  /** The sampler here; default DDIM. */
  readonly sampler?: SamplerName | undefined;
  /** Is there a list of timesteps? Then the file does not say where the steps lie. */
  readonly timesteps?: unknown;
}
