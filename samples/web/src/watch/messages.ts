/** What page and worker say to one another. */
import type { Schedule } from 'stepfold/runtime';
import type { CatalogueModel } from './catalogue.js';

/** The loop in full, the one with the schedule, and one in full of fewer steps, which takes as long. */
export type Which = 'source' | 'bundle' | 'fewer';

/** Which bundle, and in how many steps. */
export interface LoopChoice {
  readonly model: CatalogueModel;
  readonly variant: string;
  readonly steps: number;
}

export interface DrawRequest extends LoopChoice {
  readonly type: 'draw';
  /** Address of the page. */
  readonly base: string;
  readonly digit: number;
  readonly seed: number;
  readonly backend: string;
}

export type Request =
  | DrawRequest
  /** Shows the plan of another number of steps, if the bundle is loaded. */
  | ({ readonly type: 'plan' } & LoopChoice)
  | { readonly type: 'pause' | 'resume' | 'step' | 'stop' };

export type Reply =
  | { readonly type: 'status'; readonly text: string }
  | { readonly type: 'schedule'; readonly schedule: Schedule }
  | {
      readonly type: 'step';
      readonly which: Which;
      readonly step: number;
      readonly steps: number;
      /** In the engine, of this call. */
      readonly milliseconds: number;
      readonly latent: Float32Array;
      /** Where the states lay that the calls so far were fed. */
      readonly stateLocations: readonly string[];
    }
  | {
      readonly type: 'done';
      readonly latents: Readonly<Record<Which, Float32Array>>;
      /** In the engine, of all calls. */
      readonly milliseconds: Readonly<Record<Which, number>>;
      readonly stateLocations: readonly string[];
      /** States on a device that were not freed at the end. */
      readonly statesLeft: number;
    }
  | { readonly type: 'stopped'; readonly statesLeft: number }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
