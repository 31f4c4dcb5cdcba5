/** The ways in which clients get an image, or go without one. Each gives the .npy that it got, if any. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageStatus } from '../image.js';
import type { Asked } from './digits.js';

export type Ending = 'got' | 'cancelled' | 'hung up';

export interface Outcome {
  readonly ending: Ending;
  readonly npy?: Uint8Array;
}

/** @param pause milliseconds until it is given up, where it is given up */
export type Way = (url: string, asked: Asked, pause: number) => Promise<Outcome>;

/** The server has no room. */
export class Full extends Error {
  constructor(readonly seconds: number) {
    super(`full for ${seconds} s`);
  }
}

export const bodyOf = ({ label, seed, steps, scale }: Asked): string =>
  JSON.stringify({ feeds: { class_labels: label }, seed, steps, guidanceScale: scale });

async function ask(url: string, asked: Asked, query = '', signal?: AbortSignal): Promise<Response> {
  const response = await fetch(`${url}/images${query}`, {
    method: 'POST',
    body: bodyOf(asked),
    ...(signal && { signal }),
  });
  if (response.status === 429) {
    await response.arrayBuffer();
    throw new Full(Number(response.headers.get('retry-after')));
  }
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response;
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

async function submitted(url: string, asked: Asked): Promise<string> {
  const { id } = (await (await ask(url, asked)).json()) as ImageStatus;
  return `${url}/images/${id}`;
}

async function latentAt(image: string): Promise<Outcome> {
  const response = await fetch(`${image}/latent.npy`);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return { ending: 'got', npy: await bytesOf(response) };
}

/** What comes of an abort: the error of the client itself. */
async function untilHungUp(work: (signal: AbortSignal) => Promise<Outcome>, pause: number) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), pause);
  try {
    return await work(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    return { ending: 'hung up' } as const;
  } finally {
    clearTimeout(timer);
  }
}

/** Follows events until the last. */
async function follow(image: string, signal?: AbortSignal): Promise<ImageStatus> {
  const response = await fetch(`${image}/events`, { ...(signal && { signal }) });
  let text = '';
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) text += part;
  const last = text.trimEnd().split('\n\n').at(-1)!;
  return JSON.parse(last.split('\ndata: ')[1]!) as ImageStatus;
}

const waiting: Way = async (url, asked) => ({
  ending: 'got',
  npy: await bytesOf(await ask(url, asked, '?wait=latent.npy')),
});

const following: Way = async (url, asked) => {
  const image = await submitted(url, asked);
  const { state } = await follow(image);
  if (state !== 'done') throw new Error(`The image ended as ${state}.`);
  return latentAt(image);
};

const polling: Way = async (url, asked) => {
  const image = await submitted(url, asked);
  for (;;) {
    const { state } = (await (await fetch(image)).json()) as ImageStatus;
    if (state === 'done') return latentAt(image);
    if (state !== 'queued' && state !== 'running') throw new Error(`The image ended as ${state}.`);
    await sleep(5);
  }
};

const cancelling: Way = async (url, asked, pause) => {
  const image = await submitted(url, asked);
  await sleep(pause);
  const { status } = await fetch(image, { method: 'DELETE' });
  if (status !== 204) throw new Error(`DELETE gave ${status}.`);
  const again = await fetch(image);
  await again.arrayBuffer();
  if (again.status !== 404) throw new Error(`A cancelled image gave ${again.status}.`);
  return { ending: 'cancelled' };
};

const leavingTheAnswer: Way = (url, asked, pause) =>
  untilHungUp(
    async (signal) => ({
      ending: 'got',
      npy: await bytesOf(await ask(url, asked, '?wait=latent.npy', signal)),
    }),
    pause,
  );

const leavingTheEvents: Way = async (url, asked, pause) => {
  const image = await submitted(url, asked);
  return untilHungUp(async (signal) => {
    await follow(image, signal);
    return latentAt(image);
  }, pause);
};

export const PATIENT: readonly Way[] = [waiting, following, polling];
export const FICKLE: readonly Way[] = [cancelling, leavingTheAnswer, leavingTheEvents];
