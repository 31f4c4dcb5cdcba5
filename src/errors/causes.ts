/**
 * Why the operating system would not do something with a file, in words, and what to do about it; by the
 * codes that Node gives. What is not listed is said in the system's own words.
 */

/** An error of the operating system, as Node gives it; spelled out so that types need no Node. */
export interface SystemFailure {
  readonly message: string;
  readonly code?: string | undefined;
  readonly path?: string | undefined;
}

interface Cause {
  readonly why: string;
  /** Where it does not depend on what was to be done with the file. */
  readonly hint?: string;
}

const FREE_SPACE = 'Free space or choose another place, and run the command again.';

const CAUSES: Readonly<Record<string, Cause>> = {
  ENOENT: { why: 'there is no such file or folder' },
  ENOSPC: { why: 'the disk is full', hint: FREE_SPACE },
  EDQUOT: { why: 'the quota is used up', hint: FREE_SPACE },
  EROFS: { why: 'the file system is read-only' },
  EACCES: { why: 'permission denied' },
  EPERM: { why: 'permission denied' },
  ENOTDIR: { why: 'a part of the path is a file, not a folder' },
  EISDIR: { why: 'it is a folder' },
  ENAMETOOLONG: { why: 'the name is too long', hint: 'Choose a shorter one.' },
  ELOOP: { why: 'its links lead round in a circle' },
  EIO: {
    why: 'the disk or the network failed',
    hint: 'Check the disk, and run the command again.',
  },
  EMFILE: {
    why: 'this process may not open more files',
    hint: 'Allow it more, such as with `ulimit -n 1024`, and run the command again.',
  },
  ENFILE: {
    why: 'the system may not open more files',
    hint: 'End other programs, and run the command again.',
  },
  ENOMEM: {
    why: 'the system is out of memory',
    hint: 'End other programs, and run the command again.',
  },
  EAGAIN: { why: 'the system is too busy', hint: 'Run the command again.' },
};

/** @param otherwise what to do where the cause does not say */
export function causeOf({ code = '', message }: SystemFailure, otherwise: string): Required<Cause> {
  const { why, hint } = (Object.hasOwn(CAUSES, code) && CAUSES[code]) || { why: message };
  return { why, hint: hint ?? otherwise };
}
