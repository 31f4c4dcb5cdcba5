export * from './bundle.js';
export * from './folder.js';
export type { Report } from './report.js';
