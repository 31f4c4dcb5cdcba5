/** Running the trials that are asked for in a folder, beside whoever else does. */
import { setTimeout } from 'node:timers/promises';
import type { Bundles } from './bundles.js';
import { Claim } from './claims.js';
import type { TuningFolder } from './folder.js';
import { idOf, type TrialJob } from './job.js';
import { runTrial, type TrialResult } from './trial.js';

/** Milliseconds between looks at what others are at. */
const LOOK = 100;

/**
 * One trial, here or by whoever is at it: what is there already is taken.
 * @returns its result, and whether it was run here
 */
export async function settleTrial(
  bundles: Bundles,
  folder: TuningFolder,
  job: TrialJob,
): Promise<{ readonly result: TrialResult; readonly here: boolean }> {
  const id = idOf(job);
  for (;;) {
    const result = folder.result(id);
    if (result) return { result, here: false };
    const made = await tryTrial(bundles, folder, job);
    if (made) return { result: made, here: true };
    await setTimeout(LOOK);
  }
}

/** Undefined where somebody else is at it, or was by the time that it could be claimed. */
export async function tryTrial(
  bundles: Bundles,
  folder: TuningFolder,
  job: TrialJob,
): Promise<TrialResult | undefined> {
  const id = idOf(job);
  const claim = Claim.take(folder.claims, id);
  if (!claim) return undefined;
  try {
    if (folder.has(id)) return undefined;
    const result = await runTrial(bundles, { family: '', ...job }, job.batch);
    folder.keep(id, result);
    return result;
  } finally {
    claim.release();
  }
}

/** All of some trials: those that nobody is at are run here, and the others waited for. */
export async function settleTrials(
  bundles: Bundles,
  folder: TuningFolder,
  jobs: readonly TrialJob[],
  isLate: () => boolean,
): Promise<void> {
  const open = new Map(jobs.map((job) => [idOf(job), job]));
  for (const [id, job] of open) {
    if (folder.has(id)) open.delete(id);
    else folder.ask(job);
  }
  while (open.size > 0) {
    const before = open.size;
    for (const [id, job] of open) {
      if (isLate()) return;
      if (folder.has(id) || (await tryTrial(bundles, folder, job))) open.delete(id);
    }
    if (open.size === before) await setTimeout(LOOK);
  }
}

export interface WorkOptions {
  readonly bundles: Bundles;
  readonly folder: TuningFolder;
  /** What the folder's search is for: jobs of others are left alone. */
  readonly search: string;
  /** Seconds without anything to do after which it ends. */
  readonly idle: number;
  readonly onTrial?: (done: number, id: string, result: TrialResult) => void;
  /** Asked between trials. */
  readonly isEnded?: () => boolean;
}

/** Runs what is asked for until there has been nothing for a while. */
export async function work(options: WorkOptions): Promise<number> {
  const { bundles, folder, search, idle, isEnded = () => false } = options;
  let done = 0;
  let last = performance.now();
  while (!isEnded()) {
    let some = false;
    // the search goes through them from the first on
    for (const job of folder.asked(search).reverse()) {
      if (isEnded()) return done;
      const result = await tryTrial(bundles, folder, job);
      if (!result) continue;
      some = true;
      options.onTrial?.(++done, idOf(job), result);
    }
    if (some) last = performance.now();
    else if (performance.now() - last >= 1000 * idle) break;
    else await setTimeout(LOOK);
  }
  return done;
}
