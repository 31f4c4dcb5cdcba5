/** Loops of any length: by which rules the calls of a schedule come to be. */
export * from './axes.js';
export * from './choices.js';
export { nonUniformCalls } from './crowded.js';
export { fedParameters } from './fed.js';
export * from './forecast-weights.js';
export * from './full-steps.js';
export * from './loop-shape.js';
export * from './schedule-for.js';
