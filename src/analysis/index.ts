export * from './attention/index.js';
export * from './branches.js';
export * from './roles.js';
export * from './unet.js';
