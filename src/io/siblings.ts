/**
 * What lies beside a file or folder while it is written or replaced, so that it appears only when it is
 * complete: `<target>.partial-<host>-<pid>` is being written, `<target>.old-<host>-<pid>` is what a new one
 * takes the place of. The name says who is at it, so that what a process that is no more has left
 * behind can be told from what is still in use. See docs/decisions/0018-replaced-in-two-steps.md.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundleInterrupted } from '../errors/index.js';

export type SiblingKind = 'partial' | 'old';

export interface Sibling {
  readonly path: string;
  readonly kind: SiblingKind;
  readonly host: string;
  readonly pid: number;
  /**
   * The process that made it is no more. Never said of another machine's. Whoever asks is at nothing of
   * its own, so that what has its number is of one before it: in a container, each has number 1.
   */
  readonly abandoned: boolean;
}

/** Machines are told apart too: containers share folders, and each has a process of number 1. */
export const siblingOf = (target: string, kind: SiblingKind): string =>
  `${target}.${kind}-${os.hostname()}-${process.pid}`;

/** Everything of these names beside a target, whoever made it. */
export function siblingsOf(target: string): Sibling[] {
  const absolute = path.resolve(target);
  const parent = path.dirname(absolute);
  return namesIn(parent).flatMap((name) => {
    const found = /^(.+)\.(partial|old)-(.+)-(\d+)$/.exec(name);
    if (found?.[1] !== path.basename(absolute)) return [];
    const [host, pid] = [found[3] as string, Number(found[4])];
    const abandoned = host === os.hostname() && (pid === process.pid || !isAlive(pid));
    return [{ path: path.join(parent, name), kind: found[2] as SiblingKind, host, pid, abandoned }];
  });
}

/** None where the folder is not there, or may be passed through but not listed. */
function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Puts back what a process had moved aside before it ended between the two steps of a replacement.
 * Everything that opens a bundle calls this first; where the bundle is in its place it costs one look.
 * @throws BUNDLE_INTERRUPTED where it cannot be put back, saying where it is
 */
export function restoreInterrupted(target: string): void {
  if (fs.existsSync(target)) return;
  const aside = siblingsOf(target).filter(({ kind }) => kind === 'old');
  const mine = aside.find(({ abandoned }) => abandoned);
  if (mine)
    try {
      fs.renameSync(mine.path, path.resolve(target));
    } catch {
      // it may be that another process has done so just now
    }
  const [found] = aside;
  if (found && !fs.existsSync(target)) throw bundleInterrupted(target, found);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where a system cannot wait for the disk: Windows opens no folders, some network file systems refuse. */
const CANNOT_SETTLE = ['EPERM', 'EACCES', 'EISDIR', 'EINVAL', 'EBADF', 'ENOTSUP', 'ENOSYS'];

/** Waits until a file, or the list of a folder's entries, is on the disk, where that can be done. */
export function settle(file: string): void {
  try {
    const fd = fs.openSync(file, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (!CANNOT_SETTLE.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
