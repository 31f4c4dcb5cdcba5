/** Starts the worker thread that runs a bundle and gives the session that talks to it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { Tensor } from 'onnxruntime-common';
import { workerNotFound } from '../../errors/index.js';
import { type CallInfo, RemoteSession } from '../session/index.js';
import type { MessagePortLike } from '../session/messages.js';
import type { WorkerData } from './worker-data.js';

/** @throws StepfoldError what opening in the worker throws; WORKER_ENDED, WORKER_NOT_FOUND */
export async function openInWorker(
  data: Omit<WorkerData, 'port'>,
  onCall?: (info: CallInfo) => void,
): Promise<RemoteSession> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(workerFile(), {
    workerData: { ...data, port: port2 },
    transferList: [port2],
    // The process's own flags are not for this script: `node --input-type=module -e …` would end it.
    execArgv: [],
  });
  const ended = new Promise<string>((resolve) => {
    worker.once('error', (error) => resolve(error.message));
    worker.once('exit', (code) => resolve(`exit code ${code}`));
  });
  const close = async () => {
    port1.close();
    await worker.terminate();
  };
  try {
    // Node's MessagePort has the web's events beside its own.
    const port = port1 as unknown as MessagePortLike;
    const session = await RemoteSession.connect({ Tensor }, port, {
      ...(onCall && { onCall }),
      ended,
      close,
    });
    // From here on only a run in progress keeps the process alive.
    worker.unref();
    return session;
  } catch (error) {
    await close();
    throw error;
  }
}

/** A worker runs built JavaScript; started from the TypeScript sources, it is the one in dist. */
function workerFile(): URL {
  const beside = new URL('./worker.js', import.meta.url);
  if (existsSync(beside)) return beside;
  const built = new URL('../../../dist/src/runtime/node/worker.js', import.meta.url);
  if (!existsSync(built)) throw workerNotFound(fileURLToPath(built));
  return built;
}
