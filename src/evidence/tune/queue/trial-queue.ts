/**
 * What a queue does for a search and for those that help it, whatever lies behind it: the package `stepfold-queue` is one.
 * It is given nothing to understand: names are hashes, files are bytes, a trial is a value that JSON can say, and what
 * may be run, or is true, is for those to decide that use it. (Nothing is imported here, so that the package has this
 * as its own type.)
 */
export interface QueueModule {
  /**
   * Connects, or fails within seconds; later a connection that is lost is made again for ever.
   * @throws a `QueueFault`
   */
  connect(url: string, options?: QueueOptions): Promise<TrialQueue>;
}

/** Nothing answers, or what answers says no. */
export interface QueueFault extends Error {
  readonly fault: 'down' | 'refused';
}

export interface QueueOptions {
  /** Milliseconds after which a worker of which nothing is heard has lost its trial. */
  readonly lock?: number;
}

/** A promise is kept soon, or broken with a `QueueFault`: nothing waits for a connection. */
export interface TrialQueue {
  readonly isConnected: boolean;

  // of the search

  /**
   * Makes a search known for some minutes, with all that its trials need; so does each later call, whatever was lost.
   * @param files by the SHA-256 of their bytes; that of the search's name is its description
   */
  announce(search: string, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** One whose id is known already stays as it is. */
  ask(search: string, trials: readonly QueuedTrial[]): Promise<void>;
  /** In the order of the ids. */
  states(search: string, ids: readonly string[]): Promise<TrialState[]>;
  /** Those that are there, by their ids; they stay until they are dropped. */
  results(ids: readonly string[]): Promise<Map<string, QueuedResult>>;
  drop(ids: readonly string[]): Promise<void>;
  /** Takes one back that nobody is at and that has no result. */
  takeBack(search: string, id: string): Promise<boolean>;
  /** What workers had to say since they were asked last. */
  remarks(search: string): Promise<string[]>;
  /** Takes the search back, with its trials and what was sent for them: nothing is left of it. */
  withdraw(search: string, files: readonly string[], ids: readonly string[]): Promise<void>;

  // of workers

  /** Names of the searches that are known. */
  searches(): Promise<string[]>;
  file(hash: string): Promise<Uint8Array | undefined>;
  /** The next that nobody is at. */
  take(search: string): Promise<TakenTrial | undefined>;
  /** Tells a search something. */
  remark(search: string, text: string): Promise<void>;

  close(): Promise<void>;
}

export interface QueuedTrial {
  readonly id: string;
  readonly trial: object;
}

export interface QueuedResult {
  readonly record: string;
  readonly latents?: Uint8Array | undefined;
}

/** Waiting for whoever takes it, with somebody, tried in vain as often as it may, or not there. */
export type TrialState = 'waiting' | 'running' | { readonly failed: string } | 'gone';

/** A worker's until it says what became of it, or is silent for too long. */
export interface TakenTrial {
  readonly id: string;
  /** As it was found: anybody may have written it. */
  readonly trial: unknown;
  done(result: QueuedResult): Promise<void>;
  /** @param fault counts as an attempt in vain; after some of them the trial has failed */
  giveBack(fault?: string): Promise<void>;
  /** Removes it. */
  refuse(reason: string): Promise<void>;
}
