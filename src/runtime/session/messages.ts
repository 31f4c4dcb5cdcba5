/**
 * What a session and its client in another thread say to each other. Plain objects that the
 * structured clone algorithm carries; tensors travel as type, dims and elements, and their memory
 * moves over where it belongs to the message alone.
 */
import type { InferenceSession, OnnxValue, Tensor } from 'onnxruntime-common';
import { type ErrorDetails, StepfoldError, tensorNotTransferable } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import type { Engine, NewImage } from './engine.js';

/** Marks our messages, so that others may use the port too. */
export const PROTOCOL = 'stepfold.session.2';

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

export type ClientMessage =
  | { readonly kind: 'hello' }
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly feeds: TensorMessages;
      readonly wanted: readonly WantedMessage[];
      readonly options: InferenceSession.RunOptions | undefined;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'release'; readonly id: number };

export type ServerMessage =
  | { readonly kind: 'ready'; readonly schedule: Schedule; readonly newImage: NewImage }
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  | { readonly kind: 'done'; readonly id: number; readonly result?: RunResult }
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
