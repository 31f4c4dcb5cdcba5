/** Reads what a bundle's folder keeps of the loops over it. */
import fs from 'node:fs';
import { join } from 'node:path';
import type { DefaultsFile } from '../../generated/defaults.js';
import { readRegularText } from '../../io/regular-file.js';
import { DEFAULTS_FILE, parseDefaults } from '../schedule/index.js';

/**
 * @returns nothing where the bundle says nothing
 * @throws StepfoldError FILE_UNREADABLE, DEFAULTS_NOT_JSON, DEFAULTS_VERSION, DEFAULTS_INVALID
 */
export function readDefaults(folder: string): DefaultsFile | undefined {
  const file = join(folder, DEFAULTS_FILE);
  return fs.existsSync(file) ? parseDefaults(readRegularText(file), file) : undefined;
}
