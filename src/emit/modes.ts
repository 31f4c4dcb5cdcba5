/**
 * How a bundle gets its weights file: a link to the source's where the file system allows one, a copy, or
 * a file of its own that holds only what some model of the bundle reads.
 */
export const WEIGHTS_MODES = ['link', 'copy', 'prune'] as const;
export type WeightsMode = (typeof WEIGHTS_MODES)[number];
