export * from './bundle.js';
export type { Report } from './report.js';
