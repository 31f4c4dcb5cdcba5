/**
 * Checks that a bundle's files are those that its schedule was made for: models by SHA-256, weights
 * by size. Models are read once as a stream; weights, which may be gigabytes, are not read.
 */
import { createHash } from 'node:crypto';
import { createReadStream, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  cannotRead,
  fileNotFound,
  hashMismatch,
  scheduleFileEscapes,
  weightsSizeMismatch,
} from '../errors/index.js';
import { isInside } from '../onnx/hub-cache.js';
import type { Schedule } from '../schedule/index.js';

/**
 * @param hashes false leaves models unread: only the presence of the files and weights sizes count
 * @throws StepfoldError FILE_NOT_FOUND, FILE_UNREADABLE, SCHEDULE_FILE_ESCAPES, SCHEDULE_HASH_MISMATCH,
 *   SCHEDULE_WEIGHTS_SIZE
 */
export async function checkFiles(folder: string, schedule: Schedule, hashes = true): Promise<void> {
  for (const { file, bytes } of schedule.weights) {
    const path = join(folder, file);
    const found = await sizeOf(folder, path);
    if (found !== bytes) throw weightsSizeMismatch(path, bytes, found);
  }
  for (const [id, { file, sha256 }] of Object.entries(schedule.models)) {
    const path = join(folder, file);
    await sizeOf(folder, path);
    if (!hashes) continue;
    const found = await hashOf(path);
    if (found !== sha256) throw hashMismatch(path, id, sha256, found);
  }
}

async function sizeOf(folder: string, path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? fileNotFound(path) : cannotRead(path, error.message);
  });
  if (!found.isFile()) throw cannotRead(path, 'it is not a file');
  if (!isInside(realpathSync(path), realpathSync(folder))) throw scheduleFileEscapes(path, folder);
  return found.size;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
