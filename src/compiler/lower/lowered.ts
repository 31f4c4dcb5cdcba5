/** What lowering makes: models and how each program runs them, not yet files. */
import type { Model } from '../../model/ir/model.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { StateSymbols } from './state-sizes.js';

/** The ways to make models of programs. */
export const PROGRAM_FORMS = ['split', 'merged', 'chain'] as const;

export type ProgramForm = (typeof PROGRAM_FORMS)[number];

/** The ways to put a whole plan into one model, which is made of a merged one when a bundle is written. */
export const WHOLE_PLAN_FORMS = ['stateful', 'loop'] as const;

export type WholePlanForm = (typeof WHOLE_PLAN_FORMS)[number];

export const EMIT_FORMS = [...PROGRAM_FORMS, ...WHOLE_PLAN_FORMS] as const;

export type EmitForm = (typeof EMIT_FORMS)[number];

export const isWholePlan = (form: EmitForm | undefined): form is WholePlanForm =>
  WHOLE_PLAN_FORMS.some((one) => one === form);

/** One run of a program, as the schedule describes it. */
export type Run = Schedule['programs'][string]['runs'][number];

export interface Lowered {
  readonly emit: EmitForm;
  readonly models: ReadonlyMap<string, Model>;
  /** By a variant's name, what runs it: one model, one of several in a model, or several in turn. */
  readonly programs: ReadonlyMap<string, readonly Run[]>;
  /** What sizes of states are called in models whose inputs have symbols of their own for them. */
  readonly symbols?: StateSymbols;
}
