/** What a search has written, read again. */
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
