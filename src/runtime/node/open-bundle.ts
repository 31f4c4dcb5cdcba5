/** Opens a bundle's folder for running, in this thread or in a worker. */
import { resolve } from 'node:path';
import { workerTakesNoEngine } from '../../errors/index.js';
import type { DenoiserSession } from '../session/index.js';
import { type OpenBundleOptions, openHere } from './open-here.js';
import { openInWorker } from './worker-session.js';

/**
 * @throws StepfoldError what readSchedule, checkFiles and ScheduledSession.create throw;
 *   WORKER_TAKES_NO_ENGINE
 */
export async function openBundle(
  folder: string,
  options: OpenBundleOptions = {},
): Promise<DenoiserSession> {
  const { worker, onCall, ort, ...rest } = options;
  if (!worker) return openHere(folder, options);
  if (ort) throw workerTakesNoEngine();
  return openInWorker({ folder: resolve(folder), options: rest }, onCall);
}
