/** A server of the digits in this process, on a port of its own, and what tests ask of it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect } from 'vitest';
import { writeDigits } from '../../samples/server/src/load/digits.js';
import { readOptions } from '../../samples/server/src/options.js';
import { type RunningServer, serve } from '../../samples/server/src/serve.js';

export const OPTIONS = [
  ...['--port', '0', '--threads', '1', '--grace', '20'],
  ...['--classes', 'class_labels=10', '--unconditional', 'class_labels=10'],
  ...['--guidance-scale', '2'],
];

export interface Servers {
  /** Removed behind the tests of the file. */
  readonly scratch: string;
  /** The folder of a bundle. */
  digits(): Promise<string>;
  /** Listens; the models are being loaded. Stopped behind the tests of the file. */
  listen(folder: string, ...options: string[]): Promise<RunningServer>;
  /** The server of these options, which the tests of the file share; gives its address. */
  start(...options: string[]): Promise<string>;
}

/** Those of a file of tests, asked for at its top. */
export function useServers(): Servers {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-server-'));
  const servers: RunningServer[] = [];
  const started = new Map<string, Promise<string>>();
  let bundle: Promise<string> | undefined;
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    fs.rmSync(scratch, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const image of left) await fetch(image, { method: 'DELETE' }).catch(() => {});
    left.clear();
  });
  const digits = () => {
    bundle ??= writeDigits(path.join(scratch, 'bundle'));
    return bundle;
  };
  const listen = async (folder: string, ...options: string[]) => {
    const server = await serve(readOptions([folder, ...OPTIONS, ...options]));
    servers.push(server);
    return server;
  };
  const begin = async (options: readonly string[]) => {
    const { url, loaded } = await listen(await digits(), ...options);
    await loaded;
    return url;
  };
  const start = (...options: string[]) => {
    const key = options.join(' ');
    if (!started.has(key)) started.set(key, begin(options));
    return started.get(key)!;
  };
  return { scratch, digits, listen, start };
}

/** Images that a test may have left; no other test waits for them. */
const left = new Set<string>();

export const IMAGE = { feeds: { class_labels: 3 }, seed: 7, steps: 3 };
/** Long enough that nothing of a test's comes too late. */
export const LONG = { ...IMAGE, steps: 200 };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered
  readonly body: any;
}

export async function answer(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  // no answer ever tells of the inside
  expect(text).not.toMatch(/^\s*at |node_modules|\.[jt]s:\d/m);
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : text,
  };
}

export const post = (url: string, body: unknown = IMAGE, query = ''): Promise<Answer> =>
  answer(`${url}/images${query}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** An image that was accepted; gives its address. */
export async function submitted(url: string, body: unknown = IMAGE): Promise<string> {
  const { status, body: image } = await post(url, body);
  expect(status).toBe(202);
  const address = `${url}/images/${image.id}`;
  left.add(address);
  return address;
}

export const figures = async (url: string) => (await answer(`${url}/health`)).body;

/** Until the server is so, by its own account. */
// biome-ignore lint/suspicious/noExplicitAny: figures are what a server says
export async function until(url: string, isSo: (figures: any) => boolean): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (isSo(await figures(url))) return;
    await sleep(10);
  }
  throw new Error(`Never so: ${JSON.stringify(await figures(url))}`);
}

/** Until an image is in a state; gives its status. */
export async function untilState(image: string, ...states: string[]) {
  for (let i = 0; i < 1000; i++) {
    const { status, body } = await answer(image);
    expect(status).toBe(200);
    if (states.includes(body.state)) return body;
    await sleep(10);
  }
  throw new Error(`Never ${states.join(' or ')}`);
}
