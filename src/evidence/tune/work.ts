/** Helping searches: running trials that are asked for, one after another. */
import { setTimeout } from 'node:timers/promises';
import type { StepfoldError } from '../../errors/index.js';
import type { Bundles } from './bundles.js';
import type { FolderShare } from './folder-share.js';
import { LOOK, runTaken } from './settle.js';
import type { Taken } from './share.js';

/** Where a worker's trials come from. */
export interface TrialSource {
  /** The next to run, with what its search is about; undefined where there is none now. */
  next(): Promise<{ readonly taken: Taken; readonly bundles: Bundles } | undefined>;
  /** Whether there will never be any more. */
  isOver(): boolean;
  /** At the end, and after so many trials: what was wrong with it. */
  failure(done: number): StepfoldError | undefined;
  close(): Promise<void>;
}

/** Of one search, in whose folder it is. */
export const folderSource = (
  share: FolderShare,
  search: string,
  bundles: Bundles,
  isOver: () => boolean,
): TrialSource => ({
  async next() {
    // the search goes through them from the first on
    const taken = await share.take(share.asked(search).reverse());
    return taken && { taken, bundles };
  },
  isOver,
  failure: () => undefined,
  close: () => bundles.release(),
});

export interface WorkOptions {
  readonly source: TrialSource;
  /** Seconds without anything to do after which it ends. */
  readonly idle: number;
  readonly onTrial?: (done: number) => void;
  /** Ends it: the trial that is running is given back. */
  readonly signal: AbortSignal;
}

/**
 * Runs what is asked for until there has been nothing for a while.
 * @returns how many trials it has run
 * @throws what is wrong with the source, and faults that are none of a trial's own
 */
export async function work({ source, idle, onTrial, signal }: WorkOptions): Promise<number> {
  let done = 0;
  let last = performance.now();
  while (!signal.aborted && !source.isOver()) {
    const found = await source.next();
    if (found) {
      const isDone = await finished(runTaken(found.bundles, found.taken, signal), signal);
      if (!isDone) break;
      done++;
      onTrial?.(done);
      last = performance.now();
    } else if (performance.now() - last >= 1000 * idle) break;
    else await finished(setTimeout(LOOK, undefined, { signal }), signal);
  }
  const failure = signal.aborted ? undefined : source.failure(done);
  if (failure) throw failure;
  return done;
}

/** Whether something came to its end before the signal. */
async function finished(running: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  try {
    await running;
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}
