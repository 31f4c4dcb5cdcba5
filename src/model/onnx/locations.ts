/** Where external data may lie: below the model's folder, on whichever system the file is read later. */
import { externalDataEscapes } from '../../errors/index.js';

/**
 * Refuses a place of external data outside the model's folder.
 * @throws EXTERNAL_DATA_ESCAPES
 */
export function checkLocation(location: string, tensor: string): void {
  const why = locationProblem(location);
  if (why !== undefined) throw externalDataEscapes(tensor, location, why);
}

/** Undefined for a place inside the folder. */
export function locationProblem(location: string): string | undefined {
  if (location.includes('\0')) return 'holds a zero byte, which no file name does';
  if (/^(?:[A-Za-z]:)?[\\/]/.test(location)) return 'is an absolute path';
  // `C:x` is a file in whatever folder is current on that drive
  if (/^[A-Za-z]:/.test(location)) return 'names a drive';
  // Windows takes dots and spaces off the end of a name, so `.. ` is `..` there
  if (location.split(/[\\/]/).some((part) => /^\.\.[. ]*$/.test(part)))
    return 'leaves the folder by ".."';
  return undefined;
}

/** The same for all spellings of one place, such as `./w.bin`, `a//w.bin`. */
export const plainLocation = (location: string): string =>
  location
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
