/**
 * What a bundle keeps of a weights file, so that another one in its place is noticed: the hash of samples
 * always, that of all bytes where it costs little, and of a hard link what tells it from a file that was
 * put in its place.
 */
import type { WeightsPlaced } from './modes.js';

/** Up to so many bytes are hashed as a whole without being asked: a fraction of a second. */
const CHEAP = 64 * 1024 * 1024;

export const isCheapToHash = (bytes: number): boolean => bytes <= CHEAP;

export interface WeightsRecord {
  readonly by: WeightsPlaced;
  /** SHA-256 of the sampled stretches. */
  readonly samples: string;
  /** SHA-256 of the whole file. */
  readonly sha256?: string;
  /** Of a hard link: when the file was last written to, and its number in the file system. */
  readonly link?: { readonly modified: string; readonly inode: string };
}
