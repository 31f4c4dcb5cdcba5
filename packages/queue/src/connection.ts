/** The connection to Redis: made within seconds or not at all, and made again for ever once it was there. */
import { Redis, ReplyError } from 'ioredis';
import type { QueueFault } from '../../../src/evidence/tune/queue/trial-queue.js';

/** Milliseconds. */
const CONNECT = 5000;
const LONGEST_PAUSE = 2000;

/** Redis itself says no; everything else is a connection that is lost or was never there. */
export class Fault extends Error implements QueueFault {
  readonly fault: QueueFault['fault'];

  constructor(cause: Error) {
    super(cause.message || String(cause), { cause });
    this.fault = cause.name === ReplyError.name ? 'refused' : 'down';
  }
}

export interface Connection {
  readonly redis: Redis;
  /** From here on nothing is made again that is lost, nor what was made from it. */
  stop(): void;
}

/** @throws a `QueueFault` */
export async function openRedis(url: string): Promise<Connection> {
  let isWanted = false;
  let first: Error | undefined;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT,
    // what cannot be said now is not kept for later: whoever asks decides anew
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => (isWanted ? Math.min(100 * times, LONGEST_PAUSE) : null),
    // what BullMQ's scripts expect
    protocol: 2,
  });
  redis.on('error', (error: Error) => {
    first ??= error;
  });
  try {
    await redis.connect();
    // a database that is not there is an event and no failure: others' trials would go to the first one
    if (first) throw first;
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    throw new Fault(first ?? (error as Error));
  }
  isWanted = true;
  return {
    redis,
    stop: () => {
      isWanted = false;
    },
  };
}
