/**
 * The weights of a bundle, every byte of them: `openBundle` looks at samples, which is enough to notice another
 * model's; whether they are the same to the last byte is for whoever asks for a proof. Costs reading
 * the files once.
 */
import path from 'node:path';
import { sha256 } from '../../model/files/hash-file.js';
import { describeChange } from '../../runtime/node/index.js';
import type { Schedule } from '../../runtime/schedule/index.js';

/** How much of a weights file was compared with what was written. */
export interface ComparedWeights {
  readonly file: string;
  readonly bytes: number;
  readonly compared: 'whole' | 'samples' | 'size';
}

/** @throws SCHEDULE_WEIGHTS_CHANGED */
export function checkWholeWeights(
  folder: string,
  { weights }: Schedule,
  onProgress?: (what: string) => void,
): ComparedWeights[] {
  return weights.map(({ file, bytes, sha256: expected, samples }) => {
    if (expected === undefined)
      return { file, bytes, compared: samples === undefined ? 'size' : 'samples' };
    onProgress?.(`all of ${file}`);
    const found = sha256(path.join(folder, file));
    if (found !== expected)
      throw describeChange(folder, file, { differs: 'SHA-256', expected, found });
    return { file, bytes, compared: 'whole' };
  });
}
