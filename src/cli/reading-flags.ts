/** Options as they were given, for a further command that is to be told them too. */
import { kebab } from './kebab.js';

/** Each option with its value, in the order of the names; an option that was given several times as often. */
export const givenFlags = <A extends object>(
  args: A,
  names: readonly (keyof A & string)[],
): string[][] =>
  names.flatMap((name) => {
    const value: unknown = args[name];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [[`--${value ? '' : 'no-'}${kebab(name)}`]];
    return [value].flat().map((one) => [`--${kebab(name)}`, String(one)]);
  });

export interface ReadingArguments {
  readonly shape?: readonly string[] | undefined;
  readonly freeze?: readonly string[] | undefined;
  readonly latent?: string | undefined;
  readonly timestep?: string | undefined;
}

/** Those that say how a model is read. */
export const readingFlags = (args: ReadingArguments): string[][] =>
  givenFlags(args, ['shape', 'freeze', 'latent', 'timestep']);
