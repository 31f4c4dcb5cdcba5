/**
 * Trials for a worker from a queue: of every search there that is of this version, for this model, and has all that it
 * names. What a queue says is believed where a hash proves it, and a trial is run where it is nothing else.
 */
import os from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { badJob, queueDown, StepfoldError } from '../../../errors/index.js';
import type { Ort } from '../../measure/engine.js';
import { Bundles } from '../bundles.js';
import { parseNamedJob, type TrialJob } from '../job.js';
import { encodeResult } from '../result-files.js';
import { openSearch, type WorkerModel } from '../search-file.js';
import type { Taken } from '../share.js';
import type { TrialResult } from '../trial.js';
import type { TrialSource } from '../work.js';
import type { QueueAt } from './connect.js';
import { QueueCalls } from './queue-calls.js';
import type { TakenTrial } from './trial-queue.js';

/** Milliseconds between looks for searches, and between attempts to deliver. */
const LOOK = 1000;
const AGAIN = 500;

export interface QueueSourceOptions {
  readonly at: QueueAt;
  readonly ort: Ort;
  readonly own: WorkerModel;
  readonly threads?: number | undefined;
  readonly onNotice: (text: string) => void;
  /** After it nothing is waited for. */
  readonly signal: AbortSignal;
}

/** Of a search what is not there yet, or not any more. */
class NotThere extends Error {}

export class QueueSource implements TrialSource {
  readonly #calls: QueueCalls;
  readonly #served = new Map<string, Bundles>();
  readonly #refused = new Map<string, StepfoldError>();
  #looked = Number.NEGATIVE_INFINITY;

  constructor(readonly options: QueueSourceOptions) {
    this.#calls = new QueueCalls(options.at, options.onNotice);
  }

  /** @throws QUEUE_REFUSED */
  async next(): Promise<{ readonly taken: Taken; readonly bundles: Bundles } | undefined> {
    this.#calls.isBack();
    await this.#look();
    for (const [search, bundles] of [...this.#served]) {
      const found = await this.#calls.demand((queue) => queue.take(search));
      if (!found) continue;
      // the next one is another search's, where there is one
      this.#served.delete(search);
      this.#served.set(search, bundles);
      const job = await this.#accept(search, found);
      if (job) return { bundles, taken: this.#taken(found, job) };
    }
    return undefined;
  }

  isOver(): boolean {
    return false;
  }

  failure(done: number): StepfoldError | undefined {
    const { queue, place } = this.options.at;
    if (!queue.isConnected) return queueDown(place, 'the connection was lost');
    return done === 0 && this.#served.size === 0 ? [...this.#refused.values()][0] : undefined;
  }

  async close(): Promise<void> {
    for (const bundles of this.#served.values()) await bundles.release();
  }

  async #look(): Promise<void> {
    if (performance.now() - this.#looked < LOOK) return;
    this.#looked = performance.now();
    const searches = await this.#calls.demand((queue) => queue.searches());
    if (!searches) return;
    for (const [search, bundles] of [...this.#served])
      if (!searches.includes(search)) {
        this.#served.delete(search);
        await bundles.release();
      }
    for (const search of searches)
      if (!this.#served.has(search) && !this.#refused.has(search)) await this.#open(search);
  }

  async #open(search: string): Promise<void> {
    const { ort, own, at, threads } = this.options;
    const fetch = async (hash: string): Promise<Uint8Array> => {
      const bytes = await this.#calls.demand((queue) => queue.file(hash));
      if (!bytes) throw new NotThere();
      return bytes;
    };
    try {
      const text = new TextDecoder().decode(await fetch(search));
      const name = `search ${search.slice(0, 12)} of ${at.place}`;
      const subject = await openSearch(ort, { id: search, text, place: name }, own, fetch);
      this.#served.set(search, new Bundles(subject, own.model, threads));
    } catch (error) {
      // it may be told again, with all that it takes
      if (error instanceof NotThere) return;
      if (!(error instanceof StepfoldError)) throw error;
      this.#refused.set(search, error);
      await this.#say(search, error);
    }
  }

  /** Undefined where it is not run. */
  async #accept(search: string, { id, trial, refuse }: TakenTrial): Promise<TrialJob | undefined> {
    const name = `trial ${id.slice(0, 12)} of ${this.options.at.place}`;
    try {
      const job = parseNamedJob(trial, id, name);
      if (job.search !== search) throw badJob(name, 'it is of another search');
      return job;
    } catch (error) {
      if (!(error instanceof StepfoldError)) throw error;
      await this.#calls.attempt(() => refuse(error.message));
      await this.#say(search, error);
      return undefined;
    }
  }

  /** Here and to the search. */
  async #say(search: string, { code, message }: StepfoldError): Promise<void> {
    this.options.onNotice(`${code}: ${message}`);
    const who = `Process ${process.pid} of ${os.hostname()}`;
    const text = `${who} does not do it: ${code}: ${message}`;
    await this.#calls.attempt((queue) => queue.remark(search, text));
  }

  #taken(found: TakenTrial, job: TrialJob): Taken {
    return {
      job,
      done: (result) => this.#deliver(found, result),
      giveBack: async (fault) => {
        const why = fault === undefined ? undefined : String((fault as Error).message ?? fault);
        await this.#calls.attempt(() => found.giveBack(why));
      },
    };
  }

  /** As long as it takes, since it is done. */
  async #deliver(found: TakenTrial, result: TrialResult): Promise<void> {
    const files = encodeResult(result);
    while ((await this.#calls.demand(() => found.done(files).then(() => true))) !== true)
      await setTimeout(AGAIN, undefined, { signal: this.options.signal });
  }
}
