/** The ways in which a session can be had, for tests that hold for all of them. */
import { MessageChannel } from 'node:worker_threads';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { onTestFinished } from 'vitest';
import { openBundle } from '../../../src/runtime/node/index.js';
import {
  type Bundle,
  type Engine,
  RemoteSession,
  ScheduledSession,
  type ScheduledSessionOptions,
  serveSession,
} from '../../../src/runtime/session/index.js';
import type { MessagePortLike } from '../../../src/runtime/session/messages.js';
import type { SessionSurface } from '../../../src/runtime/session/session-surface.js';
import { requireBuilt } from './built.js';
import { type TinyBundle, writeTiny } from './tiny-bundles.js';

web.env.wasm.numThreads = 1;

type Options = Pick<
  ScheduledSessionOptions,
  'newImage' | 'branches' | 'load' | 'onCall' | 'steps' | 'start'
>;
type Open = (tiny: TinyBundle, options?: Options) => Promise<SessionSurface>;

export const inMemory = ({ schedule, files }: TinyBundle): Bundle => ({
  schedule,
  open: (file) => files[file]!,
  externalData: (file) => files[file]!,
});

/** Both engines in this thread, and node's behind a port, and in a worker of its own (which needs a build). */
const OPENERS: readonly (readonly [string, Open])[] = [
  ['onnxruntime-node', (tiny, options) => here(node, tiny, options)],
  ['onnxruntime-web', (tiny, options) => here(web, tiny, options)],
  ['a port', onPort],
  // mutations are tried on sources alone
  ...(process.env['MUTATION_TESTS'] ? [] : [['a worker', inWorker] as const]),
];

/** Released when the test ends. */
export const HOSTS = OPENERS.map(([name, open]) => {
  const released: Open = async (tiny, options) => {
    const session = await open(tiny, options);
    onTestFinished(() => session.release());
    return session;
  };
  return [name, released] as const;
});

const here = (ort: Engine, tiny: TinyBundle, options: Options = {}) =>
  ScheduledSession.create(ort, inMemory(tiny), options);

async function inWorker(tiny: TinyBundle, options: Options = {}) {
  requireBuilt();
  return (await openBundle(await writeTiny(tiny), { ...options, worker: true })) as RemoteSession;
}

async function onPort(tiny: TinyBundle, { onCall, ...options }: Options = {}) {
  const { port1, port2 } = new MessageChannel();
  serveSession(node, port2 as unknown as MessagePortLike, () => here(node, tiny, options));
  return RemoteSession.connect(node, port1 as unknown as MessagePortLike, {
    ...(onCall && { onCall }),
    close: () => port1.close(),
  });
}

export const feeds = (x: readonly number[], t: number) => ({
  x: new node.Tensor('float32', Float32Array.from(x), [x.length / 2, 2]),
  t: new node.Tensor('float32', Float32Array.of(t), [1]),
});

export const numbers = (value: unknown) => [...((value as node.Tensor).data as Float32Array)];

export interface Fed {
  readonly x: number[];
  readonly t: number;
}

/** The calls of one image, of so many rows; so far from others' that a state of theirs would show. */
export const callsOfImage = (image: number, rows = 1, calls = 4): Fed[] =>
  Array.from({ length: calls }, (_, call) => 10 * (calls - call)).map((t, call) => ({
    x: Array.from({ length: 2 * rows }, (_, i) => 1000 * image + 10 * call + i + 1),
    t,
  }));
