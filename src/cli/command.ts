/** The shape of a command, and the type of its arguments from its yargs options. */
import type { ArgumentsCamelCase, Argv, InferredOptionTypes, Options } from 'yargs';
import { givenTwice, needsValue } from '../errors/index.js';

/** An option of yargs, with what its value must be beside its type. */
export interface Option extends Options {
  /** Throws what is wrong with the value. Not `coerce`: yargs would make another error of it. */
  readonly check?: (value: number) => void;
  /** May stand without a value, and is '' then. */
  readonly bare?: true;
}

export interface Command {
  /** With its positional arguments: `inspect <model>`. */
  readonly command: string;
  readonly describe: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly builder: (yargs: Argv) => Argv;
  readonly handler: (args: never) => Promise<void>;
}

/** Without its positional arguments. */
export const nameOf = ({ command }: Pick<Command, 'command'>): string => command.split(' ')[0]!;

/** What positional arguments and options come out as; `--latent-shape` becomes `latentShape`. */
export type Arguments<O extends { readonly [name: string]: Option }> = ArgumentsCamelCase<
  InferredOptionTypes<O>
>;

/** Gives a command its options, and checks their values. */
export function addOptions(yargs: Argv, options: Command['options']): Argv {
  const names = Object.keys(options);
  return yargs
    .options(options)
    .requiresArg(names.filter((name) => options[name]?.type !== 'boolean' && !options[name]?.bare))
    .check((args) => {
      for (const name of names) checkValue(name, options[name]!, args[name]);
      return true;
    });
}

/** yargs makes a list of an option given twice, and NaN of a number that is none. */
function checkValue(name: string, option: Option, value: unknown): void {
  if (Array.isArray(value) && !option.array) throw givenTwice(name);
  if (!option.bare && [value].flat().includes('')) throw needsValue(name);
  if (value !== undefined) option.check?.(value as number);
}

/** Lines of help: what a command line does, and the command line itself, indented. */
export const examples = (...pairs: readonly (readonly [what: string, how: string])[]): string =>
  [
    'Examples:',
    ...pairs.flatMap(([what, how]) => [
      `  ${what}:`,
      ...how.split('\n').map((line) => `    ${line}`),
    ]),
  ].join('\n');
