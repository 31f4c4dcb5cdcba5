/** Reads the schedule of a bundle's folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cannotRead, fileNotFound } from '../errors/index.js';
import { restoreInterrupted } from '../io/siblings.js';
import { parseSchedule, type Schedule } from '../schedule/index.js';

/**
 * @throws StepfoldError BUNDLE_INTERRUPTED, FILE_NOT_FOUND, FILE_UNREADABLE, SCHEDULE_NOT_JSON,
 *   SCHEDULE_VERSION, SCHEDULE_INVALID
 */
export async function readSchedule(folder: string): Promise<Schedule> {
  restoreInterrupted(folder);
  const file = join(folder, 'schedule.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR'
      ? fileNotFound(file)
      : cannotRead(file, error.message);
  });
  return parseSchedule(text, file);
}
