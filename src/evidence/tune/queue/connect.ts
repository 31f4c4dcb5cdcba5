/** The package that speaks with a queue, which is no part of this one: whoever shares trials by a queue has installed it. */
import { badQueueUrl, noQueuePackage, queueDown, queueRefused } from '../../../errors/index.js';
import type { QueueFault, QueueModule, QueueOptions, TrialQueue } from './trial-queue.js';

const PACKAGE = 'stepfold-queue';
const SCHEMES = ['redis:', 'rediss:'];

export interface QueueAt {
  readonly queue: TrialQueue;
  /** What messages call it. */
  readonly place: string;
}

/**
 * @param url `redis://[user:password@]host[:port][/database]`, or `rediss:` for TLS
 * @throws QUEUE_URL, QUEUE_PACKAGE, QUEUE_DOWN, QUEUE_REFUSED
 */
export async function connectQueue(
  url: string,
  options: QueueOptions = {},
  name = PACKAGE,
): Promise<QueueAt> {
  const place = placeOf(url);
  const { connect } = await load(name);
  try {
    return { queue: await connect(url, options), place };
  } catch (error) {
    if (!isFault(error)) throw error;
    throw error.fault === 'down'
      ? queueDown(place, error.message)
      : queueRefused(place, error.message);
  }
}

/**
 * Without the password.
 * @throws QUEUE_URL
 */
function placeOf(text: string): string {
  if (!URL.canParse(text)) throw badQueueUrl('it is none');
  const { protocol, host, hostname, pathname } = new URL(text);
  if (!SCHEMES.includes(protocol)) throw badQueueUrl(`it begins with "${protocol}"`);
  if (hostname === '') throw badQueueUrl('it names no host');
  if (!/^\/?\d*$/.test(pathname)) throw badQueueUrl(`"${pathname}" is no number of a database`);
  return `${protocol}//${host}${pathname}`;
}

async function load(name: string): Promise<QueueModule> {
  let found: object;
  try {
    found = await import(name);
  } catch (error) {
    throw noQueuePackage(name, (error as Error).message);
  }
  if (!isQueue(found)) throw noQueuePackage(name, 'it is another package of that name');
  return found;
}

const isQueue = (found: object): found is QueueModule =>
  'connect' in found && typeof found.connect === 'function';

const isFault = (error: unknown): error is QueueFault => error instanceof Error && 'fault' in error;
