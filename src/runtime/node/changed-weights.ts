/**
 * What happened to a weights file that is not what the bundle was written with. A hard link that still is the
 * file that was linked was written to in place, by whoever wrote to the source's; anything else was put in
 * its place, or lost something on the way.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type ChangedWeights, weightsChanged } from '../../errors/index.js';
import { readRegularText } from '../../io/regular-file.js';
import { REPORT_FILE } from '../schedule/index.js';

/** As much of report.json as is of use here; a bundle may have lost it. */
interface RecordedWeights {
  readonly by?: unknown;
  readonly inode?: unknown;
}

/** @param how what differs: the size, the samples or the whole */
export function describeChange(
  folder: string,
  file: string,
  how: Pick<ChangedWeights, 'differs' | 'expected' | 'found'>,
) {
  const place = path.join(folder, file);
  const { nlink, ino, mtime } = fs.statSync(place, { bigint: true });
  const { by, inode } = recorded(folder, file);
  const isTheLinked = by === 'linked' && inode === String(ino);
  const cause = isTheLinked
    ? 'overwritten'
    : by === 'linked'
      ? 'replaced'
      : by === undefined && nlink > 1n
        ? 'either'
        : 'damaged';
  return weightsChanged({ file: place, cause, modified: mtime.toISOString(), ...how });
}

function recorded(folder: string, file: string): RecordedWeights {
  try {
    const { weights } = JSON.parse(readRegularText(path.join(folder, REPORT_FILE)));
    const found: unknown = weights?.[file];
    return typeof found === 'object' && found !== null ? found : {};
  } catch {
    return {};
  }
}
