export * from './base.js';
export * from './graph.js';
export * from './onnx.js';
export * from './schedule.js';
