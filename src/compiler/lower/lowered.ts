/** What lowering makes: models and how each program runs them, not yet files. */
import type { Model } from '../../model/ir/model.js';
import type { Schedule } from '../../runtime/schedule/index.js';

/** The ways to make models of programs. */
export const EMIT_FORMS = ['split', 'merged', 'chain'] as const;

export type EmitForm = (typeof EMIT_FORMS)[number];

/** One run of a program, as the schedule describes it. */
export type Run = Schedule['programs'][string]['runs'][number];

export interface Lowered {
  readonly emit: EmitForm;
  readonly models: ReadonlyMap<string, Model>;
  /** By a variant's name, what runs it: one model, one of several in a model, or several in turn. */
  readonly programs: ReadonlyMap<string, readonly Run[]>;
}
