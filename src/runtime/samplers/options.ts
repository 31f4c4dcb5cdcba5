/**
 * Options as plain objects: what type an option has, what it may be, what it is where left out and what it
 * means. Types, checks, the command line and the page of samplers are all made from these.
 */
import {
  samplerOptionOutOfRange,
  unknownSamplerChoice,
  unknownSamplerOption,
} from '../../errors/index.js';

interface Described {
  readonly description: string;
  /** Whether the command line has it too, as `--beta-start` for `betaStart`. */
  readonly flag?: boolean;
}

export interface ChoiceSchema<Value extends string = string> extends Described {
  readonly enum: readonly Value[];
  readonly default: Value;
  /** What is chosen, as a noun: `timestep spacing`. */
  readonly title: string;
}

/** Bounds as in JSON Schema; infinity and NaN are never allowed. */
export interface NumberSchema extends Described {
  readonly type: 'number' | 'integer';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly default?: number;
}

export interface SwitchSchema extends Described {
  readonly type: 'boolean';
  readonly default?: boolean;
}

export interface ListSchema extends Described {
  readonly type: 'array';
  readonly items: Pick<NumberSchema, 'type' | 'minimum'>;
}

export type OptionSchema = ChoiceSchema | NumberSchema | SwitchSchema | ListSchema;
export type OptionSchemas = Readonly<Record<string, OptionSchema>>;

export type ValueOf<S extends OptionSchema> =
  S extends ChoiceSchema<infer Value>
    ? Value
    : S extends SwitchSchema
      ? boolean
      : S extends ListSchema
        ? readonly number[]
        : number;

/** What a caller gives: everything may be left out. */
export type Given<S extends OptionSchemas> = {
  readonly [K in keyof S]?: ValueOf<S[K]> | undefined;
};

/** What a caller gave, with defaults in the place of what was left out. */
export type Completed<S extends OptionSchemas> = {
  readonly [K in keyof S as S[K] extends { readonly default: unknown } ? K : never]: ValueOf<S[K]>;
} & {
  readonly [K in keyof S as S[K] extends { readonly default: unknown } ? never : K]?: ValueOf<S[K]>;
};

/**
 * @param of whose options they are: `The sampler "ddim"`
 * @throws SAMPLER_OPTION_UNKNOWN, SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_RANGE
 */
export function checkOptions<S extends OptionSchemas>(
  of: string,
  schemas: S,
  given: Readonly<Record<string, unknown>>,
): Completed<S> {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(schemas, name)) throw unknownSamplerOption(of, name, Object.keys(schemas));
    checkValue(name, schemas[name]!, value);
  }
  const values = Object.entries(schemas).map(([name, schema]) => [
    name,
    given[name] ?? ('default' in schema ? schema.default : undefined),
  ]);
  // each value was checked against its schema, from which its type is made
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Completed<S>;
}

function checkValue(name: string, schema: OptionSchema, value: unknown): void {
  if ('enum' in schema) {
    if (!schema.enum.some((choice) => choice === value))
      throw unknownSamplerChoice(schema.title, String(value), schema.enum);
  } else if (schema.type === 'boolean') {
    if (typeof value !== 'boolean') throw samplerOptionOutOfRange(name, value, 'true or false');
  } else if (schema.type === 'array') {
    if (!Array.isArray(value)) throw samplerOptionOutOfRange(name, value, 'a list of numbers');
    for (const item of value) checkNumber(name, schema.items, item);
  } else checkNumber(name, schema, value);
}

function checkNumber(name: string, schema: Omit<NumberSchema, keyof Described>, value: unknown) {
  const { type, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  const { exclusiveMinimum: above = Number.NEGATIVE_INFINITY } = schema;
  const { exclusiveMaximum: below = Number.POSITIVE_INFINITY } = schema;
  const fits =
    typeof value === 'number' &&
    (type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    value >= minimum &&
    value <= maximum &&
    value > above &&
    value < below;
  if (!fits) throw samplerOptionOutOfRange(name, value, allowed(schema));
}

/** `an integer from 1 up`, `above 0`. */
function allowed(schema: Omit<NumberSchema, keyof Described>): string {
  const { type, minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  const bounds = [
    ...(minimum === undefined ? [] : [`from ${minimum} ${maximum === undefined ? 'up' : ''}`]),
    ...(above === undefined ? [] : [below === undefined ? `above ${above}` : `between ${above}`]),
    ...(maximum === undefined ? [] : [`to ${maximum}`]),
    ...(below === undefined ? [] : [`${above === undefined ? 'below' : 'and'} ${below}`]),
  ].map((bound) => bound.trim());
  const kind = type === 'integer' ? ['an integer'] : bounds.length === 0 ? ['a number'] : [];
  return [...kind, ...bounds].join(' ');
}
