export * from './base.js';
export * from './graph.js';
export * from './onnx.js';
export * from './schedule.js';
export * from './io.js';
export * from './sampler.js';
export * from './plan.js';
export * from './text.js';
