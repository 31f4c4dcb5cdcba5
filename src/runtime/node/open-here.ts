/**
 * Opens a bundle's folder in this thread. onnxruntime-node is loaded only here; models are opened by path, so
 * that it finds their weights beside them.
 */
import { join } from 'node:path';
import type { LoopRequest } from '../schedule/index.js';
import { type Engine, ScheduledSession, type ScheduledSessionOptions } from '../session/index.js';
import { checkFiles } from './check-files.js';
import { keptThreads } from './kept-threads.js';
import { readSchedule } from './read-schedule.js';

export interface OpenBundleOptions
  extends Pick<
    ScheduledSessionOptions,
    | 'sessionOptions'
    | 'load'
    | 'stateLocation'
    | 'newImage'
    | 'branches'
    | 'onCall'
    | keyof LoopRequest
  > {
  /**
   * Runs in a worker thread, so that the event loop stays free: onnxruntime-node's `run()` blocks
   * its thread for the whole inference. Copies each feed once.
   */
  readonly worker?: boolean;
  /**
   * Compares the models with the schedule's hashes, and samples of the weights; true by default. The sizes of
   * weights always are.
   */
  readonly verifyHashes?: boolean;
  /** An engine other than onnxruntime-node; not with `worker`. */
  readonly ort?: Engine;
}

/** @throws StepfoldError what readSchedule, checkFiles and ScheduledSession.create throw */
export async function openHere(
  folder: string,
  { verifyHashes = true, ort, ...given }: OpenBundleOptions = {},
): Promise<ScheduledSession> {
  const schedule = await readSchedule(folder);
  await checkFiles(folder, schedule, verifyHashes);
  const engine = ort ?? (await import('onnxruntime-node'));
  const sessionOptions = { ...(!ort && keptThreads()), ...given.sessionOptions };
  const options = { ...given, sessionOptions };
  return ScheduledSession.create(engine, { schedule, open: (file) => join(folder, file) }, options);
}
