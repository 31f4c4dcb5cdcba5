/** A queue of trials in Redis. Files, results and remarks are keys; who runs which trial, and what becomes of it, is BullMQ's. */
import type { Redis } from 'ioredis';
import type {
  QueuedResult,
  QueuedTrial,
  TakenTrial,
  TrialQueue,
  TrialState,
} from '../../../src/evidence/tune/queue/trial-queue.js';
import { type Connection, Fault } from './connection.js';
import {
  fileKey,
  MOST_REMARKS,
  RESULT_STAYS,
  remarksKey,
  resultKey,
  SEARCH_STAYS,
  SEARCHES,
} from './keys.js';
import { SearchQueue } from './search-queue.js';

/** Milliseconds after which an answer is none. */
const SOON = 30_000;

export class RedisTrialQueue implements TrialQueue {
  readonly #searches = new Map<string, Promise<SearchQueue>>();

  readonly redis: Redis;

  constructor(
    readonly connection: Connection,
    readonly lock: number,
  ) {
    this.redis = connection.redis;
  }

  get isConnected(): boolean {
    return this.redis.status === 'ready';
  }

  announce(search: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    return this.#soon(async () => {
      const now = await this.#now();
      const there = await Promise.all(
        [...files.keys()].map((hash) => this.redis.expire(fileKey(hash), SEARCH_STAYS)),
      );
      for (const [i, [hash, bytes]] of [...files].entries())
        if (there[i] === 0)
          await this.redis.set(fileKey(hash), Buffer.from(bytes), 'EX', SEARCH_STAYS);
      await (await this.#of(search)).resume();
      await this.redis.zadd(SEARCHES, now, search);
      await this.#sweep(now);
    });
  }

  ask(search: string, trials: readonly QueuedTrial[]): Promise<void> {
    return this.#soon(async () => (await this.#of(search)).add(trials));
  }

  states(search: string, ids: readonly string[]): Promise<TrialState[]> {
    return this.#soon(async () => (await this.#of(search)).states(ids));
  }

  results(ids: readonly string[]): Promise<Map<string, QueuedResult>> {
    return this.#soon(async () => {
      const found = new Map<string, QueuedResult>();
      await Promise.all(
        ids.map(async (id) => {
          const { record, latents } = await this.redis.hgetallBuffer(resultKey(id));
          if (record) found.set(id, { record: record.toString(), latents });
        }),
      );
      return found;
    });
  }

  drop(ids: readonly string[]): Promise<void> {
    return this.#soon(async () => {
      if (ids.length > 0) await this.redis.del(ids.map(resultKey));
    });
  }

  takeBack(search: string, id: string): Promise<boolean> {
    return this.#soon(async () => {
      const queue = await this.#of(search);
      if (!(await queue.remove(id))) return false;
      // one that has just been done is not there any more either
      return (await this.redis.exists(resultKey(id))) === 0;
    });
  }

  remarks(search: string): Promise<string[]> {
    return this.#soon(async () => (await this.redis.lpop(remarksKey(search), MOST_REMARKS)) ?? []);
  }

  withdraw(search: string, files: readonly string[], ids: readonly string[]): Promise<void> {
    return this.#soon(async () => {
      await this.redis.zrem(SEARCHES, search);
      await (await this.#of(search)).obliterate();
      await this.redis.del([remarksKey(search), ...files.map(fileKey), ...ids.map(resultKey)]);
    });
  }

  searches(): Promise<string[]> {
    return this.#soon(async () => {
      const since = (await this.#now()) - 1000 * SEARCH_STAYS;
      return this.redis.zrange(SEARCHES, since, '+inf', 'BYSCORE');
    });
  }

  file(hash: string): Promise<Uint8Array | undefined> {
    return this.#soon(async () => (await this.redis.getBuffer(fileKey(hash))) ?? undefined);
  }

  take(search: string): Promise<TakenTrial | undefined> {
    return this.#soon(async () => {
      const queue = await this.#of(search);
      const job = await queue.take();
      if (!job) return undefined;
      return {
        id: job.id,
        trial: job.data,
        done: (result) =>
          this.#soon(async () => {
            await this.#put(job.id, result);
            await job.complete();
          }),
        giveBack: (fault) => this.#soon(() => job.giveBack(fault)),
        refuse: (reason) => this.#soon(() => job.refuse(reason)),
      };
    });
  }

  remark(search: string, text: string): Promise<void> {
    return this.#soon(async () => {
      const key = remarksKey(search);
      await this.redis
        .multi()
        .rpush(key, text)
        .ltrim(key, -MOST_REMARKS, -1)
        .expire(key, SEARCH_STAYS)
        .exec();
    });
  }

  async close(): Promise<void> {
    // whatever waits for a connection is told that there will be none
    this.connection.stop();
    for (const opened of this.#searches.values()) {
      const queue = await opened.catch(() => undefined);
      await queue?.close();
    }
    this.#searches.clear();
    this.redis.disconnect();
  }

  async #put(id: string, { record, latents }: QueuedResult): Promise<void> {
    const key = resultKey(id);
    const fields = new Map<string, string | Buffer>([['record', record]]);
    if (latents) fields.set('latents', Buffer.from(latents));
    const done = await this.redis.multi().hset(key, fields).expire(key, RESULT_STAYS).exec();
    for (const [error] of done ?? []) if (error) throw error;
  }

  /** Queues of searches that were never withdrawn. */
  async #sweep(now: number): Promise<void> {
    const left = await this.redis.zrange(
      SEARCHES,
      '-inf',
      `${now - 1000 * SEARCH_STAYS}`,
      'BYSCORE',
    );
    for (const search of left) {
      await (await this.#of(search)).obliterate();
      await this.redis.zrem(SEARCHES, search);
    }
  }

  /** Clocks of machines differ: only the server's counts. */
  async #now(): Promise<number> {
    const [seconds, micro] = await this.redis.time();
    return 1000 * Number(seconds) + Math.floor(Number(micro) / 1000);
  }

  #of(search: string): Promise<SearchQueue> {
    const known = this.#searches.get(search);
    if (known) return known;
    const opened = SearchQueue.open(search, this.redis, this.lock).catch((error: Error) => {
      this.#searches.delete(search);
      throw error;
    });
    this.#searches.set(search, opened);
    return opened;
  }

  async #soon<T>(work: () => Promise<T>): Promise<T> {
    if (!this.isConnected) throw new Fault(new Error('there is no connection'));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('there is no answer')), SOON);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      throw new Fault(error as Error);
    } finally {
      clearTimeout(timer);
    }
  }
}
