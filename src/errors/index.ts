/** Every message, once: a stable code, what it is about, what to do. */
export * from './base.js';
export * from './bundle.js';
export * from './calibrate.js';
export type { SystemFailure } from './causes.js';
export * from './cli.js';
export * from './folder.js';
export * from './graph.js';
export * from './io.js';
export * from './measure.js';
export * from './onnx.js';
export * from './plan.js';
export * from './report.js';
export * from './sampler.js';
export * from './schedule.js';
export * from './shape.js';
export * from './text.js';
export * from './timesteps.js';
export * from './visible.js';
