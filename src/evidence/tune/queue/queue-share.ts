/**
 * Sharing by a queue. What workers need is sent, and what they find is kept in the search's own folder, as if it had been
 * found here. The queue may go away and come back empty: the search goes on by itself, and asks again for what is
 * not there any more.
 */
import { StepfoldError } from '../../../errors/index.js';
import type { TuningFolder } from '../folder.js';
import { idOf, type TrialJob } from '../job.js';
import { decodeResult } from '../result-files.js';
import type { WrittenSearch } from '../search-file.js';
import type { Taken, TrialShare } from '../share.js';
import type { TrialResult } from '../trial.js';
import type { QueueAt } from './connect.js';
import { QueueCalls } from './queue-calls.js';
import type { QueuedResult, TrialState } from './trial-queue.js';

/** Milliseconds between signs of life, and between looks at what became of trials. */
const ANNOUNCE = 30_000;
const LOOK = 1000;
/** How often a trial is asked for that is not there any more, before it is run here. */
const ASKS = 5;
/** A trial that somebody else is at is run here too where that takes so many times as long as the longest here. */
const PATIENCE = 2;
const LEAST_PATIENCE = 2000;

interface Asked {
  readonly job: TrialJob;
  times: number;
  /** When somebody else was first seen at it. */
  since?: number | undefined;
  /** It came to nothing elsewhere. */
  isOwn: boolean;
}

export interface QueueShareOptions {
  readonly at: QueueAt;
  readonly folder: TuningFolder;
  readonly search: WrittenSearch;
  readonly onNotice: (text: string) => void;
}

export class QueueShare implements TrialShare {
  readonly #asked = new Map<string, Asked>();
  readonly #calls: QueueCalls;
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #timer: NodeJS.Timeout;
  #looked = performance.now();
  /** Of a trial here, in milliseconds. */
  #longest = 0;
  #isClosed = false;

  private constructor(readonly options: QueueShareOptions) {
    const { at, search, onNotice } = options;
    this.#calls = new QueueCalls(at, onNotice);
    this.#files = new Map([...search.inputs, [search.id, new TextEncoder().encode(search.text)]]);
    this.#timer = setInterval(() => void this.#announce(), ANNOUNCE);
    this.#timer.unref();
  }

  /** @throws QUEUE_REFUSED, for what it says no to now it does later */
  static async open(options: QueueShareOptions): Promise<QueueShare> {
    const share = new QueueShare(options);
    await share.#calls.demand((queue) => queue.announce(options.search.id, share.#files));
    return share;
  }

  async ask(jobs: readonly TrialJob[]): Promise<void> {
    for (const job of jobs)
      if (!this.#asked.has(idOf(job))) this.#asked.set(idOf(job), { job, times: 1, isOwn: false });
    await this.#send(jobs);
  }

  async collect(ids: readonly string[]): Promise<ReadonlyMap<string, TrialResult>> {
    if (this.#calls.isBack()) await this.#announce();
    // states come first: what is gone by then, and has no result after that, is lost
    const states = await this.#look(ids);
    const sent = (await this.#calls.attempt((queue) => queue.results(ids))) ?? new Map();
    const found = new Map<string, TrialResult>();
    for (const [id, one] of sent) {
      const result = this.#read(id, one);
      if (!result) continue;
      this.options.folder.keep(id, result);
      found.set(id, result);
    }
    await this.#forget([...sent.keys()], found);
    await this.#mend(ids, states);
    return found;
  }

  async take(jobs: readonly TrialJob[]): Promise<Taken | undefined> {
    const { id: search } = this.options.search;
    for (const job of jobs) {
      const id = idOf(job);
      if (this.#asked.get(id)?.isOwn) return this.#taken(id, job);
      const isFree = await this.#calls.attempt((queue) => queue.takeBack(search, id));
      // while there is no queue, nobody else can take it
      if (isFree !== false) return this.#taken(id, job);
    }
    const late = jobs.find((job) => this.#isLate(this.#asked.get(idOf(job))));
    return late && this.#taken(idOf(late), late);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    // whoever is in the middle of something may still ask
    this.#isClosed = true;
    clearInterval(this.#timer);
    const { id } = this.options.search;
    const [files, trials] = [[...this.#files.keys()], [...this.#asked.keys()]];
    await this.#calls.attempt((queue) => queue.withdraw(id, files, trials));
  }

  async #announce(): Promise<void> {
    if (this.#isClosed) return;
    await this.#calls.attempt((queue) => queue.announce(this.options.search.id, this.#files));
  }

  async #send(jobs: readonly TrialJob[]): Promise<void> {
    if (this.#isClosed) return;
    const trials = jobs.map((trial) => ({ id: idOf(trial), trial }));
    await this.#calls.attempt((queue) => queue.ask(this.options.search.id, trials));
  }

  /** Once in a while. */
  async #look(ids: readonly string[]): Promise<readonly TrialState[] | undefined> {
    if (performance.now() - this.#looked < LOOK) return undefined;
    this.#looked = performance.now();
    const { search, onNotice } = this.options;
    const remarks = await this.#calls.attempt((queue) => queue.remarks(search.id));
    for (const text of remarks ?? []) onNotice(text);
    return this.#calls.attempt((queue) => queue.states(search.id, ids));
  }

  /** Undefined where it is none: the trial is run here then. */
  #read(id: string, sent: QueuedResult): TrialResult | undefined {
    const name = `result ${id} of ${this.options.at.place}`;
    try {
      return decodeResult(sent, { record: name, latents: name });
    } catch (error) {
      if (!(error instanceof StepfoldError)) throw error;
      this.#keepHere(id, error.message);
      return undefined;
    }
  }

  async #forget(sent: readonly string[], found: ReadonlyMap<string, TrialResult>): Promise<void> {
    if (sent.length > 0) await this.#calls.attempt((queue) => queue.drop(sent));
    for (const id of found.keys()) this.#asked.delete(id);
  }

  async #mend(ids: readonly string[], states: readonly TrialState[] | undefined): Promise<void> {
    const lost: TrialJob[] = [];
    for (const [i, state] of (states ?? []).entries()) {
      const asked = this.#asked.get(ids[i]!);
      if (!asked || asked.isOwn) continue;
      asked.since = state === 'running' ? (asked.since ?? performance.now()) : undefined;
      if (typeof state === 'object') this.#keepHere(ids[i]!, state.failed);
      else if (state === 'gone' && asked.times++ < ASKS) lost.push(asked.job);
      else if (state === 'gone')
        this.#keepHere(ids[i]!, 'it is not there, however often asked for');
    }
    if (lost.length > 0) await this.#send(lost);
  }

  #keepHere(id: string, why: string): void {
    const asked = this.#asked.get(id);
    if (asked) asked.isOwn = true;
    this.options.onNotice(
      `Trial ${id.slice(0, 12)} came to nothing elsewhere, and is run here: ${why}`,
    );
  }

  #isLate(asked: Asked | undefined): boolean {
    if (asked?.since === undefined) return false;
    const patience = Math.max(LEAST_PATIENCE, PATIENCE * this.#longest);
    return performance.now() - asked.since > patience;
  }

  #taken(id: string, job: TrialJob): Taken {
    const start = performance.now();
    return {
      job,
      done: async (result) => {
        this.#longest = Math.max(this.#longest, performance.now() - start);
        this.options.folder.keep(id, result);
        this.#asked.delete(id);
      },
      // the search ends with it, and takes all of its trials back
      giveBack: async () => {},
    };
  }
}
