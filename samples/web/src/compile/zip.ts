/** A bundle as one zip: straight to a file, where the browser lets the page write one, or as a Blob. */
import { downloadZip } from 'client-zip';
import type { BundleFile } from 'stepfold';
import { notKept, tooLarge } from './problems.js';

export interface ZipTarget {
  readonly handle?: FileSystemFileHandle;
  /** Bytes that the browser lets the page keep. */
  readonly room: number;
}

/** @returns the zip, unless it went to a file */
export async function writeZip(
  files: readonly BundleFile[],
  { handle, room }: ZipTarget,
): Promise<Blob | undefined> {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (!handle && size > room) throw tooLarge(size, room);
  let cause: unknown;
  // what stops a file from being read is lost on the way through a Response
  async function* noticed({ bytes }: BundleFile) {
    try {
      yield* bytes();
    } catch (error) {
      cause = error;
      throw error;
    }
  }
  const lastModified = new Date();
  const zip = downloadZip(
    files.map((file) => ({ name: file.name, size: file.size, lastModified, input: noticed(file) })),
  );
  try {
    if (!handle) return await zip.blob();
    await zip.body!.pipeTo(await handle.createWritable());
  } catch (error) {
    throw cause ?? notKept(size, (error as Error).message);
  }
  return undefined;
}
