/**
 * What a bundle keeps of the loops over it, in place of options that are left out: guidance and inputs, as they were
 * given when it was made. What is given takes their place option by option, and inputs name by name; `--guidance none`
 * leaves out all that belongs to guidance.
 */
import path from 'node:path';
import { loadOrt } from '../evidence/measure/engine.js';
import {
  batchOf,
  type DenoiserPorts,
  type GivenFeeds,
  rowsInTurn,
} from '../evidence/measure/index.js';
import type { DefaultsFile } from '../generated/defaults.js';
import { findBundle, holdsBundle } from '../runtime/model-folder/index.js';
import { readDefaults } from '../runtime/node/index.js';
import type { Arguments } from './command.js';
import { kebab } from './kebab.js';
import type { keptOptions } from './kept-options.js';
import { shellWord } from './shell.js';

export type KeptArguments = Partial<Arguments<typeof keptOptions>>;

export interface Kept {
  /** Options that the bundle stands for, as they would be given. */
  readonly flags: readonly string[];
  /** Names of the inputs among them. */
  readonly feeds: readonly string[];
  readonly unconditional: readonly string[];
}

const NOTHING: Kept = { flags: [], feeds: [], unconditional: [] };

/** @throws FILE_UNREADABLE, DEFAULTS_NOT_JSON, DEFAULTS_VERSION, DEFAULTS_INVALID, FOLDER_SEVERAL_BUNDLES */
export function withKept<A extends KeptArguments>(
  given: string,
  args: A,
): { readonly args: A; readonly kept: Kept } {
  const folder = holdsBundle(given) ? findBundle(given) : undefined;
  const defaults = folder === undefined ? undefined : readDefaults(folder);
  if (folder === undefined || !defaults) return { args, kept: NOTHING };
  const isGuided = args.guidance !== 'none';
  const { feeds, embeddedGuidance } = defaults;
  const { guidance, unconditional } = isGuided ? defaults : { unconditional: undefined };
  const values: KeptArguments = {
    ...guidanceOf(guidance),
    ...(embeddedGuidance !== undefined && { embeddedGuidance }),
  };
  const lists = {
    feed: inputsOf(folder, feeds, args.feed),
    unconditional: inputsOf(folder, unconditional, args.unconditional),
  };
  const isLeft = ([name]: readonly [string, unknown]) =>
    args[name as keyof KeptArguments] === undefined;
  const left = Object.entries(values).filter(isLeft);
  const more = Object.entries(lists).filter(([, texts]) => texts.length > 0);
  return {
    args: {
      ...args,
      ...Object.fromEntries(left),
      ...Object.fromEntries(
        more.map(([name, texts]) => [
          name,
          [...(args[name as keyof typeof lists] ?? []), ...texts],
        ]),
      ),
    },
    kept: {
      flags: [
        ...left.map(([name, value]) => `--${kebab(name)} ${value}`),
        ...more.flatMap(([name, texts]) => texts.map((text) => `--${name} ${shellWord(text)}`)),
      ],
      feeds: lists.feed.map(nameOf),
      unconditional: lists.unconditional.map(nameOf),
    },
  };
}

const nameOf = (text: string): string => text.slice(0, text.indexOf('='));

const guidanceOf = (guidance: DefaultsFile['guidance']): KeptArguments => {
  if (!guidance) return {};
  const { order, mode, scale, interval, rescale } = guidance;
  return {
    guidance: order,
    guidanceMode: mode,
    guidanceScale: scale,
    ...(interval && { guidanceInterval: interval.join('-') }),
    ...(rescale !== undefined && { guidanceRescale: rescale }),
  };
};

/** As they are written on a command line, but for those that are given. */
function inputsOf(
  folder: string,
  inputs: DefaultsFile['feeds'] = {},
  given: readonly string[] = [],
): string[] {
  const isGiven = (name: string) => given.some((text) => text.startsWith(`${name}=`));
  return Object.entries(inputs)
    .filter(([name]) => !isGiven(name))
    .map(([name, one]) =>
      typeof one === 'string' ? `${name}=${path.join(folder, one)}` : `${name}=${one.join(',')}`,
    );
}

/** What a loop is given for its inputs. */
interface Inputs<G> {
  readonly feeds: GivenFeeds;
  readonly guidance: G | undefined;
}

/**
 * Rows that are kept are for as many images as the loop had then; for another number they are taken in turn.
 * @param images as they are asked for; else those of arrays that are given with a row for each
 */
export async function forImages<G extends { readonly unconditional?: GivenFeeds }>(
  ports: DenoiserPorts,
  { feeds, guidance }: Inputs<G>,
  kept: Kept,
  images: number | undefined,
): Promise<Inputs<G>> {
  const count = images ?? rowsOfGiven(ports, feeds, kept.feeds);
  if (count === undefined) return { feeds, guidance };
  const { Tensor } = await loadOrt();
  const inTurn = (given: GivenFeeds, names: readonly string[]): GivenFeeds => {
    const some = Object.entries(given).filter(([name]) => names.includes(name));
    return { ...given, ...rowsInTurn(Tensor as never, ports, Object.fromEntries(some), 0, count) };
  };
  return {
    feeds: inTurn(feeds, kept.feeds),
    guidance: guidance && {
      ...guidance,
      unconditional: inTurn(guidance.unconditional ?? {}, kept.unconditional),
    },
  };
}

function rowsOfGiven(
  ports: DenoiserPorts,
  feeds: GivenFeeds,
  kept: readonly string[],
): number | undefined {
  const batch = batchOf(ports);
  const rows = ports.inputs.flatMap(({ name, shape }) => {
    const one = kept.includes(name) || shape[0] !== batch ? undefined : feeds[name];
    return one && 'dims' in one && one.dims[0] !== 1 ? [one.dims[0]!] : [];
  });
  return rows[0];
}
