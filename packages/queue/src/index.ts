/** Trials of `stepfold tune` on many machines, through Redis by BullMQ. Stepfold loads this by itself, for `--queue`. */
import type { QueueOptions, TrialQueue } from '../../../src/evidence/tune/queue/trial-queue.js';
import { openRedis } from './connection.js';
import { RedisTrialQueue } from './redis-trial-queue.js';

/** Milliseconds: a call of the model may take long, and a worker is not heard while it does. */
const LOCK = 60_000;

/** @throws a `QueueFault` */
export async function connect(
  url: string,
  { lock = LOCK }: QueueOptions = {},
): Promise<TrialQueue> {
  return new RedisTrialQueue(await openRedis(url), lock);
}
