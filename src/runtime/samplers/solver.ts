/**
 * What makes a sampler: a name, options, and the arithmetic of one step. Where it steps, along which noise
 * path, what the denoiser predicts and what is checked are the same for all of them (create.ts).
 */
import type { Completed, OptionSchema, OptionSchemas, ValueOf } from './options.js';
import type { NoiseLevel, NoisePath, PathName } from './paths/index.js';
import { PREDICTIONS } from './prediction.js';
import type { Trajectory } from './sampler.js';
import { TIMESTEP_SCALE } from './timestep-scale.js';
import { TIMESTEP_OPTIONS, type Walk } from './timesteps.js';

/** Options that every sampler has; each spreads them into its own and may change their defaults. */
export const LOOP_OPTIONS = {
  prediction: {
    enum: PREDICTIONS,
    default: 'epsilon',
    title: 'prediction',
    flag: true,
    description: 'What the model predicts',
  },
  clip: {
    type: 'number',
    exclusiveMinimum: 0,
    flag: true,
    description: 'Clamp predicted pixels to [-clip, clip]',
  },
  ...TIMESTEP_OPTIONS,
  timestepScale: TIMESTEP_SCALE,
} as const;

/** The same of solvers of flow matching. */
export const FLOW_LOOP_OPTIONS = {
  ...LOOP_OPTIONS,
  prediction: { ...LOOP_OPTIONS.prediction, default: 'flow' },
  spacing: { ...LOOP_OPTIONS.spacing, default: 'trailing' },
} as const;

type Widened<S extends OptionSchema> = S extends { readonly default: unknown }
  ? Omit<S, 'default' | 'description'> & {
      readonly default: ValueOf<S>;
      readonly description: string;
    }
  : S;

/** The same with whatever defaults a sampler gives them. */
export type LoopOptions = {
  readonly [K in keyof typeof LOOP_OPTIONS]: Widened<(typeof LOOP_OPTIONS)[K]>;
};

/** What a step starts from. A step is one call: a solver that makes two for a step of its own takes two. */
export interface StepInput {
  readonly step: number;
  /** The level of the step before; that of this one in the first. */
  readonly before: NoiseLevel;
  readonly now: NoiseLevel;
  /** The level to arrive at. */
  readonly next: NoiseLevel;
  readonly latent: Float32Array;
  /** Of the denoiser, as long as the latent. */
  readonly output: Float32Array;
  readonly trajectory: Trajectory;
  /** As long as the latent; undefined where the caller gave none. */
  readonly noise: () => Float32Array | undefined;
}

export interface Steps {
  step(input: StepInput): Trajectory;
  /** Whether `step` draws noise; default false. */
  readonly needsNoise?: boolean;
  /** Standard deviation of the initial latent; default the path's. */
  readonly initialScale?: number;
  /** By what the latent is multiplied for the denoiser; default nothing. */
  readonly inputScale?: (level: NoiseLevel) => number;
}

export interface CallRule {
  /** How many calls so many steps are. */
  count(steps: number): number;
  /** Timesteps and levels of calls, from those of steps. */
  expand(steps: Walk): Walk;
}

export interface Solver<
  Name extends string = string,
  Path extends PathName = PathName,
  Options extends LoopOptions = LoopOptions,
> {
  readonly name: Name;
  /** As texts call it. */
  readonly title: string;
  readonly description: string;
  /** The noise path where `schedule` names none. */
  readonly path: Path;
  /** See `SpacingOptions`. */
  readonly arrivalPoint: boolean;
  /** It divides by the signal, so that there has to be some at every level. */
  readonly signal: boolean;
  /** Whether noise is drawn in its steps whatever its options leave out, so that no two lengths end alike. */
  readonly drawsNoise?: boolean;
  /** Where the calls of its steps lie, if it makes more than one for each. */
  readonly calls?: CallRule;
  readonly options: Options;
  make(given: MadeFrom<Options>): Steps;
}

export interface MadeFrom<Options extends OptionSchemas> {
  readonly options: Completed<Options>;
  readonly path: NoisePath;
  /** Of calls. */
  readonly walk: Walk;
  /** Steps of the whole loop, those that a start leaves out among them. */
  readonly steps: number;
  /** Infinity where nothing is clamped. */
  readonly clip: number;
}

/** A solver as it is, with its types found. */
export const solver = <
  const Name extends string,
  const Path extends PathName,
  const Options extends LoopOptions,
>(
  made: Solver<Name, Path, Options>,
): Solver<Name, Path, Options> => made;
