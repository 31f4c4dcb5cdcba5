/**
 * How a bundle gets its weights: hard links to the source's files, copy-on-write clones of them, copies
 * with bytes of their own, or one file that holds only what some model of the bundle reads. Where the
 * file system cannot do it, a link falls back to a clone and a clone to a copy.
 */
export const WEIGHTS_MODES = ['link', 'reflink', 'copy', 'prune'] as const;
export type WeightsMode = (typeof WEIGHTS_MODES)[number];

/** How a weights file came to be in the end: placed as it is, or gathered from several. */
export type WeightsPlaced = 'linked' | 'cloned' | 'copied' | 'gathered';

/** How a file came into a folder. */
export type Placed = Exclude<WeightsPlaced, 'gathered'>;
