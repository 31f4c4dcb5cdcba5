/** Multiply-accumulates, parameters and bytes of a graph. */
export * from '../operators/counts.js';
export * from './exclusive-cost.js';
export * from './macs.js';
export * from './model-cost.js';
