/** Options of the command line for samplers and noise paths, from what those say of themselves. */
import {
  type Flag,
  type LoopOptions,
  type OptionSchema,
  type OptionSchemas,
  SAMPLER_NAMES,
  type SamplerName,
  SOLVERS,
} from '../runtime/samplers/index.js';
import { number, wholeNumber } from './arguments.js';
import type { Option } from './command.js';
import { kebab } from './kebab.js';

/** Where neither the command line nor a bundle names one. */
export const DEFAULT_SAMPLER: SamplerName = 'ddim';

/** `betaStart` as `beta-start`. */
type Kebab<Name> = Name extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `-${Lowercase<Head>}`}${Kebab<Rest>}`
  : Name;

type OptionOf<Schema> = Schema extends { readonly enum: readonly (infer Value)[] }
  ? { readonly choices: readonly Value[]; readonly describe: string }
  : Schema extends { readonly type: 'boolean' }
    ? { readonly type: 'boolean'; readonly describe: string }
    : { readonly type: 'number'; readonly describe: string };

type OptionsOf<Flags> = {
  readonly [Name in keyof Flags as Kebab<Name>]: Flags[Name] extends { readonly schema: infer S }
    ? OptionOf<S>
    : never;
};

/** Options of the command line, under their names there. */
export const optionsOf = <Flags extends Readonly<Record<keyof Flags, Flag>>>(flags: Flags) =>
  Object.fromEntries(
    Object.entries<Flag>(flags).map(([name, flag]) => [
      kebab(name),
      { ...typeOf(kebab(name), flag.schema), describe: describe(flag) },
    ]),
    // made from the same objects as the type
  ) as OptionsOf<Flags>;

function typeOf(name: string, schema: OptionSchema): Option {
  if ('enum' in schema) return { choices: schema.enum };
  if (schema.type === 'boolean') return { type: 'boolean' };
  if (schema.type !== 'integer') return { type: 'number', check: number(name) };
  return { type: 'number', check: wholeNumber(name, schema.minimum ?? 0, schema.maximum) };
}

/** What it means, whose it is where few have it, and its default. */
function describe({ schema, owners }: Flag): string {
  const few = owners.size <= SAMPLER_NAMES.length / 2;
  const whose = few ? ` (${namesOf([...owners.keys()])})` : '';
  return `${schema.description}${whose}${defaultIn(owners)}`;
}

const FLOWS: readonly string[] = SOLVERS.filter(({ path }) => path === 'flow').map(
  ({ name }) => name,
);

/** Names of samplers; those of flow matching in one word where they are all among them. */
function namesOf(names: readonly string[]): string {
  if (!FLOWS.every((name) => names.includes(name))) return names.join(', ');
  return [...names.filter((name) => !FLOWS.includes(name)), 'flow matching'].join(', ');
}

/** The defaults of an option that every sampler has. */
export const defaultsOf = (name: keyof LoopOptions): string =>
  defaultIn(
    new Map(
      SOLVERS.map((solver): [string, unknown] => {
        const schema: OptionSchema = solver.options[name];
        return [solver.name, 'default' in schema ? schema.default : undefined];
      }),
    ),
  );

function defaultIn(owners: ReadonlyMap<string, unknown>): string {
  const [[, first] = []] = owners;
  if (first === undefined) return '';
  const others = new Set([...owners.values()].filter((value) => value !== first));
  const having = (value: unknown) =>
    namesOf([...owners].filter(([, own]) => own === value).map(([name]) => name));
  const shown = (value: unknown) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : value);
  const parts = [...others].map((value) => `${shown(value)} with ${having(value)}`);
  return ` [default: ${[shown(first), ...parts].join('; ')}]`;
}

/**
 * The values that were given of these options, by their names in the library. Choices, such as what the
 * model predicts, are written down also where they are left to their defaults.
 * @param own options of the sampler or the path in use
 */
export function given(
  own: OptionSchemas,
  flags: Readonly<Record<string, Flag>>,
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values = Object.keys(flags).map((name) => {
    const schema = Object.hasOwn(own, name) ? own[name] : undefined;
    return [name, args[name] ?? (schema && 'enum' in schema ? schema.default : undefined)] as const;
  });
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
