export type { Along, Factor, InputAxis, Run } from './along.js';
export { findPlaces, type Places } from './find.js';
export { alongFrames } from './frames.js';
export { type GridGiven, type TokenGrid, tokenGrid, tokenRow } from './token-grid.js';
