/**
 * Who is at which trial. A claim is a file that one process alone can make, and that is touched as long as that process is
 * at it; one that is not is taken over. Two that come to run the same trial after all write the same result.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ownMark, readMark } from '../../io/mark.js';

/** Milliseconds between touches, and after which without one a claim on another machine counts for nothing. */
const TOUCHED = 5000;
const STALE = 120_000;

export class Claim {
  readonly #timer: NodeJS.Timeout;

  private constructor(readonly file: string) {
    this.#timer = setInterval(() => touch(file), TOUCHED);
    this.#timer.unref();
  }

  /** Undefined where another process is at it. */
  static take(folder: string, id: string): Claim | undefined {
    fs.mkdirSync(folder, { recursive: true });
    const file = path.join(folder, id);
    try {
      fs.writeFileSync(file, ownMark(), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isHeld(file)) return undefined;
      // the first to remove it may go on; the other finds a claim again, or nothing
      fs.rmSync(file, { force: true });
      return Claim.take(folder, id);
    }
    return new Claim(file);
  }

  release(): void {
    clearInterval(this.#timer);
    fs.rmSync(this.file, { force: true });
  }
}

function isHeld(file: string): boolean {
  const mark = readMark(file);
  return mark !== undefined && (mark.owner?.alive ?? mark.age < STALE);
}

function touch(file: string): void {
  try {
    const now = new Date();
    fs.utimesSync(file, now, now);
  } catch {
    // taken over; whoever did so runs the same
  }
}
