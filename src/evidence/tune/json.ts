/** What a search has written, read again; anybody may have written something else. */
import { brokenTuning } from '../../errors/index.js';
import { readRegularText } from '../../io/regular-file.js';

/** @throws TUNE_FOLDER */
export const readText = (file: string): string => orBroken(file, () => readRegularText(file));

/**
 * @param place what messages call it
 * @throws TUNE_FOLDER
 */
export const parseJson = (text: string, place: string): unknown =>
  orBroken(place, () => JSON.parse(text) as unknown);

/** @throws TUNE_FOLDER */
export const readJson = (file: string): unknown => parseJson(readText(file), file);

function orBroken<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw brokenTuning(place, `it cannot be read (${(error as Error).message})`);
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isNumber = (value: unknown): value is number => typeof value === 'number';

export const isText = (value: unknown): value is string => typeof value === 'string';

export const isListOf = <T>(value: unknown, is: (one: unknown) => one is T): value is T[] =>
  Array.isArray(value) && value.every(is);

export const isRecordOf = (value: unknown, is: (one: unknown) => boolean): value is Fields =>
  isObject(value) && Object.values(value).every(is);
