/**
 * What a loop over a bundle is given where whoever runs it says nothing else, as files of the bundle: numbers as they
 * are, arrays as .npy files beside the schedule. Free of Node imports.
 */
import type { Tensor } from 'onnxruntime-common';
import type { DefaultsFile } from '../../generated/defaults.js';
import { type NumericArray, writeNpy } from '../../io/npy.js';
import { hashOfBytes } from '../../model/files/stream.js';
import { DEFAULTS_FILE, formatDefaults } from '../../runtime/schedule/index.js';

/** An array, as a tensor of onnxruntime is one, or numbers that take type and shape from the input. */
export type DefaultInput = Pick<Tensor, 'type' | 'data' | 'dims'> | readonly number[];

export interface LoopDefaults {
  readonly guidance?: DefaultsFile['guidance'];
  /** Scale of guidance that the model takes as an input. */
  readonly embeddedGuidance?: number;
  /** Inputs by name, of the conditional half where there is guidance. */
  readonly feeds?: Readonly<Record<string, DefaultInput>>;
  /** Inputs of the unconditional half by name. */
  readonly unconditional?: Readonly<Record<string, DefaultInput>>;
}

/** A file with all of its bytes. */
export interface SmallFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Longer names than this no file system has to take, and inputs may be called anything. */
const LONGEST = 60;

/**
 * @returns nothing where nothing is said
 * @throws DEFAULTS_INVALID, NPY_LENGTH
 */
export function defaultsFiles(defaults: LoopDefaults): SmallFile[] {
  const { guidance, embeddedGuidance } = defaults;
  const arrays: SmallFile[] = [];
  const place = (half: string, given: LoopDefaults['feeds'] = {}) =>
    Object.fromEntries(
      Object.entries(given).map(([input, one]) => {
        if (!isArray(one)) return [input, [...one]];
        const bytes = writeNpy(one as NumericArray);
        // by its content, so that a file of this name never needs to be written over
        const name = `${half}-${safe(input)}-${hashOfBytes(bytes).slice(0, 8)}.npy`;
        arrays.push({ name, bytes });
        return [input, name];
      }),
    );
  const feeds = place('feed', defaults.feeds);
  const unconditional = place('unconditional', defaults.unconditional);
  const said: Omit<DefaultsFile, 'format' | 'version'> = {
    ...(guidance && { guidance }),
    ...(embeddedGuidance !== undefined && { embeddedGuidance }),
    ...(Object.keys(feeds).length > 0 && { feeds }),
    ...(Object.keys(unconditional).length > 0 && { unconditional }),
  };
  if (Object.keys(said).length === 0) return [];
  const text = formatDefaults({ format: 'stepfold.defaults', version: 1, ...said });
  return [...arrays, { name: DEFAULTS_FILE, bytes: new TextEncoder().encode(text) }];
}

const isArray = (one: DefaultInput): one is Exclude<DefaultInput, readonly number[]> =>
  !Array.isArray(one);

const safe = (input: string): string => input.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, LONGEST);

/** Names of all files that hold defaults. */
export const namesOfDefaults = ({ feeds = {}, unconditional = {} }: DefaultsFile): string[] => [
  DEFAULTS_FILE,
  ...[feeds, unconditional].flatMap((half) =>
    Object.values(half).filter((one) => typeof one === 'string'),
  ),
];
