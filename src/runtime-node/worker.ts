/** The worker thread's program: opens the bundle that it was told of and serves it. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { Tensor } from 'onnxruntime-common';
import { serveSession } from '../runtime/index.js';
import type { Port } from '../runtime/messages.js';
import { type OpenBundleOptions, openHere } from './open-bundle.js';

export interface WorkerData {
  /** Absolute path of the bundle. */
  readonly folder: string;
  readonly options: Omit<OpenBundleOptions, 'worker' | 'onCall' | 'ort'>;
  readonly port: MessagePort;
}

const { folder, options, port } = workerData as WorkerData;
serveSession({ Tensor }, port as unknown as Port, () => openHere(folder, options));
