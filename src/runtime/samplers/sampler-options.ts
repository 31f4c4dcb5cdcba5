/**
 * What each sampler can be given, spelled out for whoever calls one. The solvers' schemas say the same to
 * checks, command line and page; that the two agree is held by a test of types.
 */
import type { NoiseScheduleOptions } from './noise-schedule.js';
import type { FlowOptions, NoisePathOptions, PathName } from './paths/index.js';
import type { Prediction } from './prediction.js';
import type { NoiseAfterClip } from './solvers/ddim.js';
import type { UnipcType } from './solvers/unipc.js';
import type { FinalLevel, TimestepSpacing } from './timesteps.js';

/** What every sampler takes; `Own` is the noise path that it assumes where `schedule` names none. */
export interface SamplerOptions<Own extends PathName = 'variance-preserving'> {
  /** What the model predicts. */
  readonly prediction?: Prediction | undefined;
  /** Clamp the predicted clean latent to [-clip, clip]. */
  readonly clip?: number | undefined;
  /** Steps, and so calls. */
  readonly steps?: number | undefined;
  /** Which timesteps are visited. */
  readonly spacing?: TimestepSpacing | undefined;
  /** Added to timesteps that are spaced. */
  readonly offset?: number | undefined;
  /** The timesteps themselves, descending, in place of steps, spacing and offset. */
  readonly timesteps?: readonly number[] | undefined;
  /** Steps left out at the beginning, where a picture is changed: see `Sampler.noised`. */
  readonly start?: number | undefined;
  /** Levels as Karras et al. place them over the whole training range. */
  readonly karras?: boolean | undefined;
  /** What the last step leaves. */
  readonly final?: FinalLevel | undefined;
  /** Keep fractions of timesteps; most denoisers take whole numbers. */
  readonly fractionalTimesteps?: boolean | undefined;
  /** The noise path of the denoiser's training. */
  readonly schedule?:
    | NoisePathOptions
    | Omit<Extract<NoisePathOptions, { readonly path?: Own }>, 'path'>;
}

export interface DdimOptions extends SamplerOptions {
  /** Noise of each step, 0 to 1. */
  readonly eta?: number | undefined;
  /** Where `clip` changed the clean latent, whether noise is derived from that or stays as predicted. */
  readonly noiseAfterClip?: NoiseAfterClip | undefined;
}

export interface DpmSolverOptions extends SamplerOptions {
  /** Whether the last steps are of lower order; left out: below 15 steps. */
  readonly lowerOrderFinal?: boolean | undefined;
}

export interface DeisOptions extends DpmSolverOptions {
  /** Order of the method, 1 to 3. */
  readonly order?: number | undefined;
}

export interface UnipcOptions extends SamplerOptions {
  /** Whether the last steps are of lower order; left out: they are. */
  readonly lowerOrderFinal?: boolean | undefined;
  /** Order of the method, 1 to 3. */
  readonly order?: number | undefined;
  /** B(h) of the paper: `bh1` is h, `bh2` is exp(h) - 1. */
  readonly solverType?: UnipcType | undefined;
  /** Whether clean latents are extrapolated, or else the noise. */
  readonly predictX0?: boolean | undefined;
  /** Steps whose latent is not corrected by the call after them. */
  readonly disableCorrector?: readonly number[] | undefined;
}

/** The options of each sampler, by its name. */
export interface SamplerOptionsByName {
  readonly ddim: DdimOptions;
  readonly deis: DeisOptions;
  readonly 'dpm++2m': DpmSolverOptions;
  readonly 'dpm++3m': DpmSolverOptions;
  readonly euler: SamplerOptions;
  readonly 'euler-flow': SamplerOptions<'flow'>;
  readonly unipc: UnipcOptions;
}

export type SamplerName = keyof SamplerOptionsByName;

/** What any sampler can be given, the options of noise paths among its own. */
export interface AnySamplerOption
  extends Omit<DdimOptions & DeisOptions & UnipcOptions, 'schedule'>,
    NoiseScheduleOptions,
    FlowOptions {}
