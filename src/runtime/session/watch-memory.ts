/** What is remembered of an image's calls, to see where the next image begins. Plain, since it is saved with the image. */
import type { Timestep } from './timestep.js';

/** What is seen of one call. */
export interface Seen {
  readonly timestep: Timestep | undefined;
  /**
   * Of the latent, or of every input where it is not known which that is; what the model fixes is as it says,
   * since another size there is a mistake and no image.
   */
  readonly sizes: readonly (readonly number[])[];
}

/** An image that was not finished: its first and last call, how many it had, and the first of them at its last timestep. */
export interface LeftImage {
  readonly first: Seen;
  readonly last: Seen;
  readonly calls: number;
  readonly reached: number;
}

export interface WatchMemory {
  /** The first call of the image, and the last of each kind of call in a step. */
  first: Seen | undefined;
  last: Seen | undefined;
  lastOfKind: (Seen | undefined)[];
  largestBatch: number;
  /** Of the calls of the image that took their batch for pairs. */
  smallestPairs: number | undefined;
  rises: boolean;
  /**
   * How far the timestep went when it last changed in this image, at which call, and whether the second step
   * repeated that of the first, or the third that of the second.
   */
  stride: number | undefined;
  reached: number;
  repeatsFirst: boolean;
  repeats: boolean;
  /** The image before, where it was left unfinished without a word. */
  left: LeftImage | undefined;
}

/** Before the first call of an image. */
export const nothingSeen = (rises: boolean, left?: LeftImage): WatchMemory => ({
  first: undefined,
  last: undefined,
  lastOfKind: [],
  largestBatch: 0,
  smallestPairs: undefined,
  rises,
  stride: undefined,
  reached: 0,
  repeatsFirst: false,
  repeats: false,
  left,
});
