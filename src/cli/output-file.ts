/** The file that a search writes: looked at before the search, which may take hours. */
import fs from 'node:fs';
import path from 'node:path';
import { openFolder, refuseSpecial } from '../compiler/emit/index.js';
import { outputIsAFolder, type StepfoldError } from '../errors/index.js';

/**
 * @param exists the error where the file is there and not to be replaced
 * @throws FILE_IS_A_FOLDER, WRITE_FAILED and what `exists` makes
 */
export function checkOutputFile(
  file: string,
  force: boolean,
  exists: (file: string) => StepfoldError,
): void {
  openFolder(path.dirname(path.resolve(file)));
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw outputIsAFolder(file);
  refuseSpecial(file);
  if (stat && !force) throw exists(file);
}
