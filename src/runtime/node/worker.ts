/** The worker thread's program: opens the bundle that it was told of and serves it. */
import { workerData } from 'node:worker_threads';
import { Tensor } from 'onnxruntime-common';
import { serveSession } from '../session/index.js';
import type { MessagePortLike } from '../session/messages.js';
import { openHere } from './open-here.js';
import type { WorkerData } from './worker-data.js';

const { folder, options, port } = workerData as WorkerData;
serveSession({ Tensor }, port as unknown as MessagePortLike, () => openHere(folder, options));
