/** What a worker is started with. */
import type { MessagePort } from 'node:worker_threads';
import type { OpenBundleOptions } from './open-here.js';

export interface WorkerData {
  /** Absolute path of the bundle. */
  readonly folder: string;
  readonly options: Omit<OpenBundleOptions, 'worker' | 'onCall' | 'ort'>;
  readonly port: MessagePort;
}
