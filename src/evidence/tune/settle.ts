/** Settling trials: what is known is taken, and the rest is run here or by whoever else has a share in them. */
import { setTimeout } from 'node:timers/promises';
import type { Bundles } from './bundles.js';
import type { TuningFolder } from './folder.js';
import { idOf, type TrialJob } from './job.js';
import type { Taken, TrialShare } from './share.js';
import { runTrial, type TrialResult } from './trial.js';

/** Milliseconds between looks at what others are at. */
export const LOOK = 100;

/** Who ran a trial: an earlier search, this process, or another one. */
export type RunBy = 'before' | 'here' | 'others';

export interface Settled {
  readonly result: TrialResult;
  readonly by: RunBy;
}

export interface Settling {
  readonly bundles: Bundles;
  /** What is known. */
  readonly folder: TuningFolder;
  readonly share: TrialShare;
}

export interface SettleOptions {
  /** Asked between trials: what is open then stays so. */
  readonly isLate?: () => boolean;
  readonly onSettled?: (settled: ReadonlyMap<string, Settled>, all: number) => void;
}

/** As people are told of it: `3 of 12 trials, 2 of them by others`. */
export function settledText(settled: ReadonlyMap<string, Settled>, all: number): string {
  const others = [...settled.values()].filter(({ by }) => by === 'others').length;
  return `${settled.size} of ${all} trials${others > 0 ? `, ${others} of them by others` : ''}`;
}

/** @returns by the ids of the trials, those that were settled */
export async function settleTrials(
  { bundles, folder, share }: Settling,
  jobs: readonly TrialJob[],
  { isLate = () => false, onSettled }: SettleOptions = {},
): Promise<ReadonlyMap<string, Settled>> {
  const open = new Map(jobs.map((job) => [idOf(job), job]));
  const settled = new Map<string, Settled>();
  const all = open.size;
  const settle = (id: string, result: TrialResult, by: RunBy) => {
    open.delete(id);
    settled.set(id, { result, by });
    onSettled?.(settled, all);
  };
  for (const id of [...open.keys()]) {
    const result = folder.result(id);
    if (result) settle(id, result, 'before');
  }
  if (open.size > 0) await share.ask([...open.values()]);
  while (open.size > 0) {
    for (const [id, result] of await share.collect([...open.keys()])) settle(id, result, 'others');
    if (open.size === 0 || isLate()) break;
    const taken = await share.take([...open.values()]);
    if (taken) settle(idOf(taken.job), await runTaken(bundles, taken), 'here');
    else await setTimeout(LOOK);
  }
  return settled;
}

/**
 * Runs a trial that was taken; whatever keeps it from its end, it is done or given back.
 * @param signal ends it between two calls of the model
 * @throws the reason of `signal`, and faults that are none of the trial's own
 */
export async function runTaken(
  bundles: Bundles,
  taken: Taken,
  signal?: AbortSignal,
): Promise<TrialResult> {
  try {
    const { job } = taken;
    const result = await runTrial(bundles, { family: '', ...job }, job.batch, signal);
    await taken.done(result);
    return result;
  } catch (error) {
    await taken.giveBack(signal?.aborted ? undefined : error);
    throw error;
  }
}
