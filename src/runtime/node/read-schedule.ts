/** Reads the schedule of a bundle's folder. */
import { join } from 'node:path';
import { readRegularText } from '../../io/regular-file.js';
import { restoreInterrupted } from '../../io/siblings.js';
import { parseSchedule, type Schedule } from '../schedule/index.js';

/**
 * @throws StepfoldError BUNDLE_INTERRUPTED, FILE_NOT_FOUND, FILE_UNREADABLE, SCHEDULE_NOT_JSON,
 *   SCHEDULE_VERSION, SCHEDULE_INVALID
 */
export async function readSchedule(folder: string): Promise<Schedule> {
  restoreInterrupted(folder);
  const file = join(folder, 'schedule.json');
  return parseSchedule(readRegularText(file), file);
}
