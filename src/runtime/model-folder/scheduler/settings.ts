/** What a scheduler's file says, in the words of the samplers. */
import type {
  BetaSchedule,
  FinalLevel,
  NoiseAfterClip,
  Prediction,
  SamplerName,
  TimestepSpacing,
} from '../../samplers/index.js';

/** What the command line can say, too, and then has the first word. */
export interface GivenSettings {
  readonly betas?: BetaSchedule;
  readonly betaStart?: number;
  readonly betaEnd?: number;
  readonly trainTimesteps?: number;
  readonly zeroSnr?: boolean;
  readonly snrShift?: number;
  readonly prediction?: Prediction;
  readonly clip?: number;
  readonly spacing?: TimestepSpacing;
}

export interface SchedulerSettings extends GivenSettings {
  /** Added to timesteps of `leading` spacing. */
  readonly offset?: number;
  readonly final?: FinalLevel;
  readonly noiseAfterClip?: NoiseAfterClip;
  readonly lowerOrderFinal?: boolean;
}

/** How the loop is run. */
export interface SchedulerUse extends GivenSettings {
  /** The sampler here; default DDIM. */
  readonly sampler?: SamplerName;
  /** Is there a list of timesteps? Then the file does not say where the steps lie. */
  readonly timesteps?: unknown;
}
