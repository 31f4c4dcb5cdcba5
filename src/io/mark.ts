/** Marks: files that say which process is at something, `<host> <pid>`. */
import fs from 'node:fs';
import os from 'node:os';
import { isAlive } from './siblings.js';

export interface Mark {
  /** Milliseconds since it was made or touched. */
  readonly age: number;
  /** Undefined while it is being written. */
  readonly owner?: {
    readonly host: string;
    readonly pid: number;
    /** Undefined of other machines: nothing can be said of their processes. */
    readonly alive?: boolean;
  };
}

export const ownMark = (): string => `${os.hostname()} ${process.pid}\n`;

/** Undefined where there is none. */
export function readMark(file: string): Mark | undefined {
  try {
    const age = Date.now() - fs.statSync(file).mtimeMs;
    const found = /^(\S+) (\d+)$/.exec(fs.readFileSync(file, 'utf8').trim());
    if (!found) return { age };
    const [host, pid] = [found[1]!, Number(found[2])];
    return { age, owner: { host, pid, ...(host === os.hostname() && { alive: isAlive(pid) }) } };
  } catch {
    // gone by now
    return undefined;
  }
}
