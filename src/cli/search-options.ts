/** Options of commands that search on a loop that they run, and the order of their help. */
import type { Argv } from 'yargs';
import { roleOptions, seedOption, shapeOptions, texts, wholeNumber } from './arguments.js';
import type { Option } from './command.js';
import { guidanceOptions, noiseOptions, samplerOptions } from './loop-options.js';
import { partOptions } from './pipeline-options.js';

type Options = Readonly<Record<string, Option>>;

/** What a command has of its own, and what of the loop and its inputs. */
interface SearchParts<S, L, I> {
  readonly search: S;
  readonly loop: L;
  readonly inputs: I;
}

/** @param samples by default */
export const searchLoop = (samples: number) =>
  ({
    samples: {
      type: 'number',
      default: samples,
      describe: 'Images to make and compare',
      check: wholeNumber('samples', 1),
    },
    ...seedOption('the noise, and of conditions that are not given'),
    ...samplerOptions,
  }) as const;

export const searchInputs = {
  feed: texts(
    'Condition from a file, a row per image or one for all, or numbers: labels=labels.npy, guidance=3.5; others are made up',
  ),
  ...shapeOptions,
  ...roleOptions,
} as const;

export const searchOptions = <S extends Options, L extends Options, I extends Options>({
  search,
  loop,
  inputs,
}: SearchParts<S, L, I>) => ({
  ...search,
  ...loop,
  ...noiseOptions,
  ...guidanceOptions,
  ...inputs,
});

/** Of searches whose loops may start from pictures and have further models. */
export const searchWithParts = <S extends Options, L extends Options, I extends Options>(
  parts: SearchParts<S, L, I>,
) => ({ ...searchOptions(parts), ...partOptions });

export const groupSearch = (
  yargs: Argv,
  { search, loop, inputs }: SearchParts<Options, Options, Options>,
): Argv =>
  yargs
    .group(Object.keys(search), 'Search:')
    .group(Object.keys(loop), 'Loop:')
    .group(Object.keys(noiseOptions), 'Noise schedule of the training:')
    .group(Object.keys(guidanceOptions), 'Guidance:')
    .group(Object.keys(inputs), 'Inputs:');

export const groupSearchWithParts = (
  yargs: Argv,
  parts: SearchParts<Options, Options, Options>,
): Argv =>
  groupSearch(yargs, parts).group(
    Object.keys(partOptions),
    'Pictures to start from, and further models:',
  );
