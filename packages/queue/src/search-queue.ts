/** The trials of one search as jobs of BullMQ. */
import { randomUUID } from 'node:crypto';
import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { QueuedTrial, TrialState } from '../../../src/evidence/tune/queue/trial-queue.js';
import { PREFIX } from './keys.js';

/** How often a trial may fail, or its worker fall silent. */
const ATTEMPTS = 3;
const BACKOFF = { type: 'exponential', delay: 1000 } as const;

export interface TakenJob {
  readonly id: string;
  readonly data: unknown;
  complete(): Promise<void>;
  giveBack(fault?: string): Promise<void>;
  refuse(reason: string): Promise<void>;
}

export class SearchQueue {
  readonly #queue: Queue<object>;
  #worker: Promise<Worker<object>> | undefined;

  private constructor(
    readonly search: string,
    readonly redis: Redis,
    readonly lock: number,
  ) {
    this.#queue = new Queue(search, {
      connection: redis,
      prefix: PREFIX,
      // written late, it would stay behind a search that is withdrawn
      skipMetasUpdate: true,
    });
    // whoever asks for something is told what went wrong with it
    this.#queue.on('error', () => {});
  }

  static async open(search: string, redis: Redis, lock: number): Promise<SearchQueue> {
    const opened = new SearchQueue(search, redis, lock);
    await opened.#queue.waitUntilReady();
    return opened;
  }

  /** It is paused where somebody was cut off while withdrawing it. */
  async resume(): Promise<void> {
    if (await this.#queue.isPaused()) await this.#queue.resume();
  }

  async add(trials: readonly QueuedTrial[]): Promise<void> {
    const options = {
      attempts: ATTEMPTS,
      backoff: BACKOFF,
      removeOnComplete: true,
      removeOnFail: false,
      stackTraceLimit: 1,
    };
    await this.#queue.addBulk(
      trials.map(({ id, trial }) => ({
        name: 'trial',
        data: trial,
        opts: { ...options, jobId: id },
      })),
    );
  }

  states(ids: readonly string[]): Promise<TrialState[]> {
    return Promise.all(
      ids.map(async (id): Promise<TrialState> => {
        const state = await this.#queue.getJobState(id);
        if (state === 'active') return 'running';
        // completed: its result is there, or was lost
        if (state === 'unknown' || state === 'completed') return 'gone';
        if (state !== 'failed') return 'waiting';
        const job = await this.#queue.getJob(id);
        return { failed: job?.failedReason ?? 'it does not say why' };
      }),
    );
  }

  /** @returns whether it is not there any more, for it cannot be while somebody is at it */
  async remove(id: string): Promise<boolean> {
    return (await this.#queue.remove(id)) === 1;
  }

  async obliterate(): Promise<void> {
    await this.#queue.obliterate({ force: true });
  }

  async take(): Promise<TakenJob | undefined> {
    const token = randomUUID();
    const worker = await this.#working();
    const job: Job<object> | undefined = await worker.getNextJob(token, { block: false });
    if (job?.id === undefined) return undefined;
    const timer = setInterval(() => {
      // one that is lost is another's, and what comes of both is the same
      job.extendLock(token, this.lock).catch(() => {});
    }, this.lock / 4);
    timer.unref();
    const ended = async (what: () => Promise<unknown>) => {
      clearInterval(timer);
      await what().catch(unlessLost);
    };
    return {
      id: job.id,
      data: job.data,
      complete: () => ended(() => job.moveToCompleted(null, token, false)),
      giveBack: (fault) =>
        ended(() =>
          fault === undefined
            ? job.moveToWait(token)
            : job.moveToFailed(new Error(fault), token, false),
        ),
      refuse: (reason) =>
        ended(async () => {
          await job.moveToFailed(new UnrecoverableError(reason), token, false);
          await this.remove(job.id!);
        }),
    };
  }

  async close(): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.close(true);
    await this.#queue.close();
  }

  /** That which takes jobs, and gives those of workers that fell silent to others. */
  #working(): Promise<Worker<object>> {
    this.#worker ??= this.#open().catch((error: Error) => {
      // what was lost while it was being made stays so: the next time another one is
      this.#worker = undefined;
      throw error;
    });
    return this.#worker;
  }

  async #open(): Promise<Worker<object>> {
    const worker = new Worker<object>(this.search, null, {
      connection: this.redis,
      prefix: PREFIX,
      autorun: false,
      lockDuration: this.lock,
      stalledInterval: this.lock / 4,
      maxStalledCount: ATTEMPTS,
    });
    worker.on('error', () => {});
    try {
      await worker.waitUntilReady();
    } catch (error) {
      await worker.close(true);
      throw error;
    }
    worker.startStalledCheckTimer().catch(() => {});
    return worker;
  }
}

/** A lock that is lost is another's trial by now, or one that was withdrawn. */
function unlessLost(error: Error): void {
  if (!/^(Missing|Lock mismatch|Job \S+ is not in)/.test(error.message)) throw error;
}
