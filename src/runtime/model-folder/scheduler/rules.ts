/** What a rule for a setting of a scheduler is, and the kinds of rules that several settings share. */
import { solverOf } from '../../samplers/index.js';
import type { ReadName } from './classes.js';
import type { SCHEDULERS } from './diffusers.js';
import type { SchedulerSettings, SchedulerUse } from './settings.js';

type KeysOf<T> = T extends unknown ? keyof T : never;

/** Settings of the classes that are read, and two that old files have. */
export type Field = KeysOf<(typeof SCHEDULERS)[ReadName]> | 'predict_epsilon' | 'tensor_format';

export interface FieldContext {
  readonly scheduler: ReadName;
  readonly sampler: NonNullable<SchedulerUse['sampler']>;
  readonly given: SchedulerUse;
  /** Whether the model follows flow matching. */
  readonly isFlow: boolean;
  /** Whether the class that the sampler is has this setting. */
  readonly own: (field: Field) => boolean;
  /** Another setting of the file, or its default. */
  readonly other: (field: Field) => unknown;
}

/** What a value says; a sentence's end where it is refused: "is 3, not a number". */
export type Meaning = SchedulerSettings | string;

/** `read`; `same`: refused unless it says nothing, as its default does; `none`: nothing depends on it. */
export type FieldKind = 'read' | 'same' | 'none';

export interface FieldRule {
  readonly kind: FieldKind;
  /** For the page. */
  readonly says: string;
  /** Undefined where nothing depends on it. */
  readonly mean?: (value: unknown, context: FieldContext) => Meaning;
}

export const shown = (value: unknown) => JSON.stringify(value);

export const choice = <K extends keyof SchedulerSettings>(
  to: K,
  option: string,
  known: Readonly<Record<string, NonNullable<SchedulerSettings[K]>>>,
): FieldRule => ({
  kind: 'read',
  says: `read (\`--${option}\`): ${Object.keys(known).join(', ')}; any other is refused`,
  mean(value, { given }) {
    if (given[to] !== undefined) return {};
    const name = String(value);
    if (!Object.hasOwn(known, name))
      return `is ${shown(value)}, not one of ${Object.keys(known).join(', ')}`;
    return { [to]: known[name] };
  },
});

/** @param option where the command line has it */
export const number = (
  to: keyof SchedulerSettings,
  option: string | undefined,
  when = '',
): FieldRule => ({
  kind: 'read',
  says: `read${option === undefined ? '' : ` (\`--${option}\`)`}${when}`,
  mean(value, { given }) {
    if (given[to] !== undefined) return {};
    return typeof value === 'number' ? { [to]: value } : `is ${shown(value)}, not a number`;
  },
});

export const flag =
  (mean: (value: boolean, context: FieldContext) => Meaning) =>
  (value: unknown, context: FieldContext): Meaning =>
    typeof value === 'boolean' ? mean(value, context) : `is ${shown(value)}, not true or false`;

export const none = (why: string): FieldRule => ({
  kind: 'none',
  says: `without effect: ${why}`,
});

export const refusedTrue = (why: string): FieldRule => ({
  kind: 'same',
  says: `without effect where false, else refused: ${why}`,
  mean: flag((value) => (value ? `is true: ${why}` : {})),
});

/** Whether the command line places the steps itself. */
export const isPlaced = ({ spacing, timesteps, levels }: SchedulerUse): boolean =>
  (spacing ?? timesteps ?? levels) !== undefined;

/** Whether the sampler can be told so by an option of its own. */
export const hasOption = ({ sampler }: FieldContext, option: keyof SchedulerSettings): boolean =>
  Object.hasOwn(solverOf(sampler).options, option);
