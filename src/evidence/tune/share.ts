/**
 * Sharing trials with others. A search asks for trials, runs those that it can take, and collects what others made of
 * the rest; who these are, and how word gets to them, is a share's own.
 */
import type { TrialJob } from './job.js';
import type { TrialResult } from './trial.js';

/** A trial that is this process's to run, until it says what became of it. */
export interface Taken {
  readonly job: TrialJob;
  done(result: TrialResult): Promise<void>;
  /**
   * Leaves it to others.
   * @param fault what kept it from being run; left out where nothing is wrong with it
   */
  giveBack(fault?: unknown): Promise<void>;
}

export interface TrialShare {
  /** Lets others know of trials. Those that are known already stay as they are. */
  ask(jobs: readonly TrialJob[]): Promise<void>;
  /** Of trials that were asked for those that others have run since, by their ids. */
  collect(ids: readonly string[]): Promise<ReadonlyMap<string, TrialResult>>;
  /** One of those that were asked for, or undefined where others are at all of them. */
  take(jobs: readonly TrialJob[]): Promise<Taken | undefined>;
  /** Asks for nothing more. */
  close(): Promise<void>;
}
