/** The shape of a command, and the type of its arguments from its yargs builder. */
import type { Argv } from 'yargs';

export interface Command {
  readonly command: string;
  readonly describe: string;
  readonly builder: (yargs: Argv) => Argv;
  readonly handler: (args: never) => Promise<void>;
}

/** What a builder's options come out as. */
export type Arguments<B extends (yargs: Argv) => Argv> =
  ReturnType<B> extends Argv<infer T> ? T : never;
