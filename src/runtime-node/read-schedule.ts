/** Reads the schedule of a bundle's folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileNotFound } from '../errors/index.js';
import { parseSchedule, type Schedule } from '../schedule/index.js';

/** @throws StepfoldError FILE_NOT_FOUND, SCHEDULE_NOT_JSON, SCHEDULE_VERSION, SCHEDULE_INVALID */
export async function readSchedule(folder: string): Promise<Schedule> {
  const file = join(folder, 'schedule.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR' ? fileNotFound(file) : error;
  });
  return parseSchedule(text, file);
}
