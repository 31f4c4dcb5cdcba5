/**
 * Files that are read: the one place where they are opened (Node only). A file is a regular one, or it is
 * refused. A named pipe or a terminal would be waited for, for ever where nobody writes, and a device may
 * never end; besides, models are read at many places and more than once. So `/dev/stdin` is a file where one
 * was redirected to it, and is refused where it is a pipe or a terminal. What a path leads to is looked at
 * before it is opened, since opening alone makes some devices act, and again after, as it may be another by
 * then; it is opened without waiting.
 */
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { cannotRead, fileNotFound, notARegularFile, readFailed } from '../errors/index.js';

/** Windows has no such flag, nor files that would wait. */
const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0);

/** One read of Node's `fs` must stay below 2^31 bytes. */
const CHUNK = 2 ** 26;

/**
 * What is at a path, links followed, where it is a file that can be read.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export function regularFile(file: string): fs.Stats {
  const fd = openRegular(file);
  try {
    return fs.fstatSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Opens a file for reading; the caller closes it.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export function openRegular(file: string): number {
  return readable(file, () => {
    requireRegular(file, fs.statSync(file));
    const fd = fs.openSync(file, FLAGS);
    try {
      requireRegular(file, fs.fstatSync(fd));
      return fd;
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  });
}

/**
 * The same by promise.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function openRegularLater(file: string): Promise<fs.promises.FileHandle> {
  try {
    requireRegular(file, await fs.promises.stat(file));
    const handle = await open(file, FLAGS);
    try {
      requireRegular(file, await handle.stat());
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw refusal(file, error);
  }
}

/**
 * The whole of a file, whatever size the system says it has (that of files under /proc is 0).
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export function readRegular(file: string): Uint8Array<ArrayBuffer> {
  const fd = openRegular(file);
  try {
    return readable(file, () => {
      let bytes = new Uint8Array(fs.fstatSync(fd).size + 1);
      let end = 0;
      for (;;) {
        const got = fs.readSync(fd, bytes, end, Math.min(CHUNK, bytes.length - end), null);
        if (got === 0) return bytes.slice(0, end);
        end += got;
        if (end < bytes.length) continue;
        const longer = new Uint8Array(2 * bytes.length);
        longer.set(bytes);
        bytes = longer;
      }
    });
  } finally {
    fs.closeSync(fd);
  }
}

/** Longer texts are none that a person or a program wrote for this, and JavaScript holds none of 2^29. */
const MOST_TEXT = 2 ** 28;

/**
 * A file as text in UTF-8.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export function readRegularText(file: string): string {
  const { size } = regularFile(file);
  if (size > MOST_TEXT) throw cannotRead(file, `it has ${size} bytes, too many for a text`);
  return new TextDecoder().decode(readRegular(file));
}

function requireRegular(file: string, stat: fs.Stats): void {
  if (stat.isFile()) return;
  throw notARegularFile(file, kindOf(stat));
}

/** What something is that is no regular file, for a sentence. */
export function kindOf(stat: fs.Stats): string {
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a pipe';
  if (stat.isSocket()) return 'a socket';
  return stat.isCharacterDevice() || stat.isBlockDevice() ? 'a device' : 'not a file';
}

/** What the system refuses, said of that file. */
export function readable<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw refusal(file, error);
  }
}

function refusal(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const failure = error as NodeJS.ErrnoException;
  const isMissing = failure.code === 'ENOENT' || failure.code === 'ENOTDIR';
  return isMissing ? fileNotFound(file) : readFailed(file, failure);
}
