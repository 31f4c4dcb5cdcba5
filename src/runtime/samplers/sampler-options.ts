/**
 * What each sampler can be given, spelled out for whoever calls one. The solvers' schemas say the same to
 * checks, command line and page; that the two agree is held by a test of types.
 */
import type { Levels } from './levels.js';
import type { NoiseScheduleOptions } from './noise-schedule.js';
import type {
  FlowOptions,
  NoisePathOptions,
  PathName,
  VarianceExplodingOptions,
} from './paths/index.js';
import type { Prediction } from './prediction.js';
import type { NoiseAfterClip } from './solvers/ddim.js';
import type { SecondOrder } from './solvers/dpm-solver.js';
import type { UnipcType } from './solvers/unipc.js';
import type { TimestepSpacing } from './spacings.js';
import type { TimestepScale } from './timestep-scale.js';
import type { FinalLevel, LevelEnds } from './timesteps.js';

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
  /** Timesteps of the distillation that `distilled` spacing chooses from. */
  readonly distilledSteps?: number | undefined;
  /** Noise levels in place of timesteps. */
  readonly levels?: Levels | undefined;
  /** Whether those are between the ends of the training range or of the spacing. */
  readonly levelEnds?: LevelEnds | undefined;
  /** The least of the levels in place of that. */
  readonly levelMin?: number | undefined;
  /** The largest of the levels in place of that. */
  readonly levelMax?: number | undefined;
  /** What the last step leaves. */
  readonly final?: FinalLevel | undefined;
  /** Keep fractions of timesteps; most denoisers take whole numbers. */
  readonly fractionalTimesteps?: boolean | undefined;
  /** In which numbers the denoiser is told timesteps. */
  readonly timestepScale?: TimestepScale | undefined;
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

export interface DpmSolver2MOptions extends DpmSolverOptions {
  /** Whether a change counts as in the middle of a step, or as it grows over it. */
  readonly secondOrder?: SecondOrder | undefined;
}

/** Of samplers that draw noise at each step; `Own` is their noise path. */
export interface AncestralOptions<Own extends PathName = 'variance-preserving'>
  extends SamplerOptions<Own> {
  /** Noise of each step, 0 to 1. */
  readonly eta?: number | undefined;
}

export interface LcmOptions extends SamplerOptions {
  /** Timesteps are multiplied by this where the consistency function is bounded. */
  readonly boundaryScale?: number | undefined;
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
  readonly 'dpm++2m': DpmSolver2MOptions;
  readonly 'dpm++2m-sde': DpmSolver2MOptions;
  readonly 'dpm++3m': DpmSolverOptions;
  readonly euler: SamplerOptions;
  readonly 'euler-ancestral': AncestralOptions;
  readonly 'euler-ancestral-flow': AncestralOptions<'flow'>;
  readonly 'euler-flow': SamplerOptions<'flow'>;
  readonly heun: SamplerOptions;
  readonly 'heun-flow': SamplerOptions<'flow'>;
  readonly lcm: LcmOptions;
  readonly 'lcm-flow': SamplerOptions<'flow'>;
  readonly plms: SamplerOptions;
  readonly unipc: UnipcOptions;
}

export type SamplerName = keyof SamplerOptionsByName;

/** What any sampler can be given, the options of noise paths among its own. */
export interface AnySamplerOption
  extends Omit<
      DdimOptions & DeisOptions & UnipcOptions & DpmSolver2MOptions & LcmOptions,
      'schedule'
    >,
    NoiseScheduleOptions,
    VarianceExplodingOptions,
    FlowOptions {}
