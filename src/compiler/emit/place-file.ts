/**
 * Puts a file that is there already into a folder without reading it where that can be helped: as a hard
 * link, or as a clone that shares its blocks until one of the two is written (btrfs, XFS, APFS, ReFS).
 * Both need the two places to lie on one file system; where they do not, or the file system can do
 * neither, the bytes are copied.
 */
import fs from 'node:fs';
import type { Placed } from './modes.js';

/** Ways to place a file, the first that works being taken. */
const WAYS = {
  link: ['linked', 'cloned', 'copied'],
  reflink: ['cloned', 'copied'],
  copy: ['copied'],
} as const satisfies Record<string, readonly Placed[]>;

const ACTS: Record<Placed, (source: string, target: string) => void> = {
  linked: (source, target) => fs.linkSync(source, target),
  cloned: (source, target) => fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE_FORCE),
  copied: (source, target) => fs.copyFileSync(source, target),
};

/** How file systems say that they cannot link or clone, and how others say it for them. */
const CANNOT: ReadonlySet<string | undefined> = new Set([
  'EXDEV',
  'EPERM',
  'EACCES',
  'EMLINK',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'ENOTTY',
  'EINVAL',
  'EBADF',
]);

/** @param source of which the real file is placed, where it is a symbolic link */
export function placeFile(source: string, target: string, mode: keyof typeof WAYS): Placed {
  const real = fs.realpathSync(source);
  for (const way of WAYS[mode]) {
    try {
      ACTS[way](real, target);
      return way;
    } catch (error) {
      if (way === 'copied' || !CANNOT.has((error as NodeJS.ErrnoException).code)) throw error;
    }
  }
  throw new TypeError(`no way to place a file by ${mode}`);
}
