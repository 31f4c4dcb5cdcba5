/**
 * What a session and its client in another thread say to each other. Plain objects that the
 * structured clone algorithm carries; tensors travel as type, dims and elements, and their memory
 * moves over where it belongs to the message alone.
 */
import type { InferenceSession, OnnxValue, Tensor } from 'onnxruntime-common';
import { type ErrorDetails, StepfoldError, tensorNotTransferable } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import type { ImageSettings } from './denoiser.js';
import type { Engine } from './engine.js';
import type { SavedImage } from './saved-image.js';
import type { SessionSchedules } from './session-surface.js';

/** Marks our messages, so that others may use the port too. */
export const PROTOCOL = 'stepfold.session.5';

/** What both Node's MessagePort and the web's MessagePort, Worker and worker scope have. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  removeEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  start?(): void;
}

export interface TensorMessage {
  readonly type: Tensor.Type;
  readonly dims: readonly number[];
  readonly data: Tensor['data'];
}

export type TensorMessages = Readonly<Record<string, TensorMessage>>;

/** An output that is wanted, with type and dims of the tensor that the client will write it into. */
export interface WantedMessage {
  readonly name: string;
  readonly into?: Pick<TensorMessage, 'type' | 'dims'>;
}

/** What can be told of an image's settings: who is told of calls is on the client's side. */
export type PlainSettings = Omit<ImageSettings, 'onCall'>;

export const plain = ({ newImage, branches }: ImageSettings): PlainSettings => ({
  ...(newImage !== undefined && { newImage }),
  ...(branches !== undefined && { branches }),
});

/** The image that is the session itself; others are counted up by the client. */
export const OWN_IMAGE = 0;

/** Of images by number; `id` where an answer is waited for. */
export type ClientMessage =
  | { readonly kind: 'hello' }
  | {
      readonly kind: 'image';
      readonly image: number;
      readonly settings: PlainSettings;
      readonly schedule: Schedule;
    }
  | {
      readonly kind: 'run';
      readonly image: number;
      readonly id: number;
      readonly feeds: TensorMessages;
      readonly wanted: readonly WantedMessage[];
      readonly options: InferenceSession.RunOptions | undefined;
    }
  | { readonly kind: 'reset'; readonly image: number }
  | { readonly kind: 'follow'; readonly image: number; readonly schedule: Schedule }
  | { readonly kind: 'save'; readonly image: number; readonly id: number }
  | { readonly kind: 'restore'; readonly image: number; readonly saved: SavedImage }
  /** Of the session's own image: all of the session. */
  | { readonly kind: 'release'; readonly image: number; readonly id: number };

/** What an answer carries, by what was asked for. */
export interface Answers {
  readonly run: RunResult;
  readonly save: SavedImage;
  readonly release: undefined;
}

export type ServerMessage =
  | {
      readonly kind: 'ready';
      readonly schedules: SessionSchedules;
      readonly settings: PlainSettings;
    }
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  | { readonly kind: 'done'; readonly id: number; readonly result: Answers[keyof Answers] }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorMessage };

export interface RunResult {
  readonly outputs: TensorMessages;
  readonly milliseconds: number;
}

export interface ErrorMessage {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly details: ErrorDetails | undefined;
}

export function send(
  port: MessagePortLike,
  message: ClientMessage | ServerMessage,
  transfer: Transferable[] = [],
): void {
  port.postMessage({ protocol: PROTOCOL, ...message }, transfer);
}

/** Calls back for our messages; returns what takes the listener away. */
export function listen<M>(port: MessagePortLike, handle: (message: M) => void): () => void {
  const listener = ({ data }: { data: unknown }) => {
    if ((data as { protocol?: unknown } | null)?.protocol === PROTOCOL) handle(data as M);
  };
  port.addEventListener('message', listener);
  port.start?.();
  return () => port.removeEventListener('message', listener);
}

/**
 * Feeds for the other side: copied once, since the caller keeps its arrays, and the copies moved.
 * The copy also takes elements out of shared memory, which onnxruntime-node refuses.
 * @throws StepfoldError TENSOR_NOT_TRANSFERABLE
 */
export function packCopies(
  names: readonly string[],
  values: Readonly<Record<string, OnnxValue>>,
): { tensors: TensorMessages; transfer: Transferable[] } {
  const tensors: Record<string, TensorMessage> = {};
  const transfer: Transferable[] = [];
  for (const name of names) {
    const { type, dims, data, location } = values[name] as Tensor;
    if (location !== 'cpu') throw tensorNotTransferable(name, location);
    const copy = data.slice();
    tensors[name] = { type, dims, data: copy };
    if (ArrayBuffer.isView(copy)) transfer.push(copy.buffer as ArrayBuffer);
  }
  return { tensors, transfer };
}

/** Results for the other side; nobody here needs them any more, so their memory moves. */
export async function packMoved(
  values: Readonly<Record<string, OnnxValue>>,
): Promise<{ tensors: TensorMessages; transfer: Transferable[] }> {
  const tensors: Record<string, TensorMessage> = {};
  const transfer = new Set<ArrayBuffer>();
  for (const [name, value] of Object.entries(values)) {
    const tensor = value as Tensor;
    const data = await tensor.getData(true);
    tensors[name] = { type: tensor.type, dims: tensor.dims, data };
    // A view into a larger buffer (the memory of WebAssembly) is copied instead.
    if (!ArrayBuffer.isView(data) || !(data.buffer instanceof ArrayBuffer)) continue;
    if (data.byteLength === data.buffer.byteLength) transfer.add(data.buffer);
  }
  return { tensors, transfer: [...transfer] };
}

export function unpack(
  ort: Pick<Engine, 'Tensor'>,
  tensors: TensorMessages,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { type, dims, data }]) => [
      name,
      new ort.Tensor(type, data, dims),
    ]),
  );
}

export function packError(error: unknown): ErrorMessage {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const { code, details } = error instanceof StepfoldError ? error : ({} as Partial<StepfoldError>);
  return { name, message, stack, code, details };
}

/** The error as it was thrown on the other side, with that side's stack. */
export function unpackError({ name, message, stack, code, details }: ErrorMessage): Error {
  const error: Error =
    code === undefined ? new Error(message) : new StepfoldError(code, message, details);
  if (code === undefined && name !== 'Error') error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
