/** The bundle in a folder: the folder itself, or the denoiser's of a pipeline that transform wrote. */
import fs from 'node:fs';
import path from 'node:path';
import { severalBundles } from '../../errors/index.js';
import { isFolder } from '../../io/is-folder.js';
import { SCHEDULE_FILE } from '../schedule/index.js';
import { isDenoiser } from './component-names.js';

/**
 * @param given the folder of a bundle or of a pipeline; anything else is given back as it is
 * @throws FOLDER_SEVERAL_BUNDLES
 */
export function findBundle(given: string): string {
  const bundles = bundlesIn(given);
  if (bundles.length > 1) throw severalBundles(given, bundles);
  return bundles[0] ?? given;
}

/** Is there a bundle at a path, or in the pipeline there? */
export const holdsBundle = (given: string): boolean => bundlesIn(given).length > 0;

/** The folder itself, or the denoisers' folders right inside it that are bundles. */
export function bundlesIn(folder: string): string[] {
  if (!isFolder(folder)) return [];
  if (isBundle(folder)) return [folder];
  return fs
    .readdirSync(folder)
    .filter(isDenoiser)
    .sort()
    .map((name) => path.join(folder, name))
    .filter(isBundle);
}

const isBundle = (folder: string) => fs.existsSync(path.join(folder, SCHEDULE_FILE));
