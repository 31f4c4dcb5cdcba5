/** Files in and out. Free of Node imports; files.ts, which reads and writes disks, is separate. */
export * from './codec.js';
export { memorySource, type Piece } from './source.js';
