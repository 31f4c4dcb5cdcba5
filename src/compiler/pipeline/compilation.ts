/** What comes out of a pipeline. */
import type { LoopSampler } from '../../runtime/samplers/index.js';
import type { GuidancePair, LoopShape } from '../../runtime/schedule/index.js';
import type { Instrumented, Lowered, WholePlanForm } from '../lower/index.js';
import type { Plan } from '../plan/index.js';
import type { TargetResult } from '../targets/target.js';
import type { WholeLoop } from './options.js';
import type { ModelInCanonicalForm } from './prepared.js';

/** What a pipeline makes of a model, in memory. */
export interface Compilation extends ModelInCanonicalForm {
  readonly guidance?: GuidancePair | undefined;
  readonly timesteps?: readonly number[] | undefined;
  readonly sampler?: LoopSampler | undefined;
  /** The loop that the plan is for. */
  readonly loop: LoopShape;
  /** The passes with the options that were given, in order. */
  readonly passes: readonly {
    readonly pass: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[];
  readonly plan: Plan;
  /** @internal */
  readonly instrumented: Instrumented;
  /** @internal */
  readonly lowered: Lowered;
  /** What the form `loop` holds beside the plan. */
  readonly whole?: WholeLoop | undefined;
  /**
   * The form that what is lowered is yet to be given, where that is one for the whole plan.
   * @internal
   */
  readonly form?: WholePlanForm | undefined;
  /** What was rewritten for the target, and what was left and why, by model. */
  readonly target?:
    | { readonly name: string; readonly models: ReadonlyMap<string, TargetResult> }
    | undefined;
}
