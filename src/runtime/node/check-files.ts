/**
 * Checks that a bundle's files are those that its schedule was made for: models by SHA-256, weights
 * by size and samples. Models are read once as a stream; of weights, which may be gigabytes, 2 MiB are.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  cannotRead,
  hashMismatch,
  StepfoldError,
  scheduleFileEscapes,
} from '../../errors/index.js';
import { openRegularLater, regularFile } from '../../io/regular-file.js';
import { sha256OfSamples } from '../../model/files/hash-file.js';
import { isInside } from '../../model/onnx/hub-cache.js';
import type { Schedule } from '../schedule/index.js';
import { describeChange } from './changed-weights.js';

/**
 * @param hashes false leaves files unread: only their presence and weights sizes count
 * @throws StepfoldError FILE_NOT_FOUND, FILE_UNREADABLE, SCHEDULE_FILE_ESCAPES, SCHEDULE_HASH_MISMATCH,
 *   SCHEDULE_WEIGHTS_SIZE, SCHEDULE_WEIGHTS_CHANGED
 */
export async function checkFiles(folder: string, schedule: Schedule, hashes = true): Promise<void> {
  for (const { file, bytes, samples } of schedule.weights) {
    const path = join(folder, file);
    const found = sizeOf(folder, path);
    if (found !== bytes)
      throw describeChange(folder, file, { differs: 'bytes', expected: bytes, found });
    if (!hashes || samples === undefined) continue;
    const sampled = sampleOf(path);
    if (sampled !== samples)
      throw describeChange(folder, file, { differs: 'samples', expected: samples, found: sampled });
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

function sampleOf(path: string): string {
  try {
    return sha256OfSamples(path);
  } catch (error) {
    throw error instanceof StepfoldError ? error : cannotRead(path, (error as Error).message);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await openRegularLater(path);
  await pipeline(file.createReadStream(), hash);
  return hash.digest('hex');
}
