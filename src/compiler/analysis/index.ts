/**
 * What a graph is: roles of inputs, skip branches of U-Nets, attention, blocks of transformers, how the
 * batch flows.
 */
export * from './attention/index.js';
export * from './batch/follow.js';
export * from './batch/free.js';
export * from './batch/free-images.js';
export * from './batch/halves.js';
export * from './batch/images.js';
export * from './blocks/index.js';
export * from './branches.js';
export * from './modules/index.js';
export * from './places/index.js';
export * from './refusal.js';
export * from './roles.js';
export * from './skip-join.js';
export * from './stored.js';
export * from './unet.js';
export * from './whole-loop.js';
