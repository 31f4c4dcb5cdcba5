/**
 * Checks that a bundle's files are those that its schedule was made for: models by SHA-256, weights
 * by size. Models are read once as a stream; weights, which may be gigabytes, are not read.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { hashMismatch, scheduleFileEscapes, weightsSizeMismatch } from '../errors/index.js';
import { openRegularLater, regularFile } from '../io/regular-file.js';
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
    const found = sizeOf(folder, path);
    if (found !== bytes) throw weightsSizeMismatch(path, bytes, found);
  }
  for (const [id, { file, sha256 }] of Object.entries(schedule.models)) {
    const path = join(folder, file);
    sizeOf(folder, path);
    if (!hashes) continue;
    const found = await hashOf(path);
    if (found !== sha256) throw hashMismatch(path, id, sha256, found);
  }
}

function sizeOf(folder: string, path: string): number {
  const { size } = regularFile(path);
  if (!isInside(realpathSync(path), realpathSync(folder))) throw scheduleFileEscapes(path, folder);
  return size;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await openRegularLater(path);
  await pipeline(file.createReadStream(), hash);
  return hash.digest('hex');
}
