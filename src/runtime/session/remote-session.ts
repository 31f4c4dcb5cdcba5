/**
 * A session that runs in another thread, with the same surface as one that runs here. Feeds are
 * copied over, since the caller keeps them; results are moved. States never leave the worker.
 */
import type { OnnxValue, Tensor } from 'onnxruntime-common';
import { fetchesInvalid, tensorNotTransferable, workerEnded } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import type { CallInfo, Engine, NewImage } from './engine.js';
import {
  type ClientMessage,
  listen,
  type MessagePortLike,
  packCopies,
  type RunResult,
  type ServerMessage,
  send,
  unpack,
  unpackError,
} from './messages.js';
import { type CallRequest, SessionSurface } from './surface.js';
import { fill, isInMemory } from './tensors.js';

export interface RemoteSessionOptions {
  /** Is told of every call that ended well; times are the worker's. */
  readonly onCall?: (info: CallInfo) => void;
  /** Resolves with the reason when the other side is gone, so that nothing waits for it for ever. */
  readonly ended?: Promise<string>;
  /** Is called when the session has been released: end the worker here. */
  readonly close?: () => void | Promise<void>;
}

type ReadyMessage = Extract<ServerMessage, { kind: 'ready' }>;
type RunMessage = Extract<ClientMessage, { kind: 'run' }>;

interface Waiting {
  readonly resolve: (result: RunResult | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Ports of Node keep the process alive while referenced; a session that only waits should not. */
type Referenced = MessagePortLike & { ref?(): void; unref?(): void };

export class RemoteSession extends SessionSurface {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: Error | undefined;

  private constructor(
    private readonly ort: Pick<Engine, 'Tensor'>,
    private readonly port: Referenced,
    { schedule, newImage }: { readonly schedule: Schedule; readonly newImage: NewImage },
    private readonly options: RemoteSessionOptions,
  ) {
    super(schedule, newImage, options.onCall);
    const stop = listen<ServerMessage>(port, (message) => this.#receive(message));
    options.ended?.then((why) => {
      stop();
      this.#fail(workerEnded(why));
    });
    port.unref?.();
  }

  /**
   * Waits until the other side has opened its session.
   * @param ort makes the tensors that `run` returns; onnxruntime-common has what is needed
   * @param port a web Worker that calls `serveSession`, or a MessagePort to one of either kind
   * @throws StepfoldError whatever opening the session threw; WORKER_ENDED
   */
  static async connect(
    ort: Pick<Engine, 'Tensor'>,
    port: MessagePortLike,
    options: RemoteSessionOptions = {},
  ): Promise<RemoteSession> {
    const ready = await new Promise<ReadyMessage>((resolve, reject) => {
      const stop = listen<ServerMessage>(port, (message) => {
        if (message.kind !== 'ready' && message.kind !== 'failed') return;
        stop();
        if (message.kind === 'ready') resolve(message);
        else reject(unpackError(message.error));
      });
      options.ended?.then((why) => {
        stop();
        reject(workerEnded(why));
      });
      send(port, { kind: 'hello' });
    });
    return new RemoteSession(ort, port, ready, options);
  }

  /** @internal */
  protected override async execute({ feeds, wanted, options }: CallRequest) {
    const targets = [...wanted] as [string, Tensor | null][];
    for (const [name, target] of targets)
      if (target && !isInMemory(target)) throw tensorNotTransferable(name, target.location);
    const { tensors, transfer } = packCopies(this.inputNames, feeds);
    const message: Omit<RunMessage, 'id'> = {
      kind: 'run',
      feeds: tensors,
      wanted: targets.map(([name, target]) =>
        target ? { name, into: { type: target.type, dims: target.dims } } : { name },
      ),
      options,
    };
    const result = await this.#ask((id) => send(this.port, { ...message, id }, transfer));
    const outputs: Record<string, OnnxValue> = unpack(this.ort, result!.outputs);
    for (const [name, target] of targets) {
      if (!target) continue;
      await fill(name, target, outputs[name] as Tensor);
      outputs[name] = target;
    }
    return { outputs, milliseconds: result!.milliseconds };
  }

  /** @internal */
  protected override forget(): void {
    if (this.#failure) throw this.#failure;
    send(this.port, { kind: 'reset' });
  }

  /** @internal */
  protected override async close(): Promise<void> {
    if (!this.#failure) await this.#ask((id) => send(this.port, { kind: 'release', id }));
    await this.options.close?.();
  }

  #ask(post: (id: number) => void): Promise<RunResult | undefined> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      try {
        post(id);
      } catch (error) {
        // feeds are plain data by now: it is the options that hold what no message can
        throw fetchesInvalid(
          `their options cannot be sent to a worker, ${(error as Error).message}`,
        );
      }
      if (this.#waiting.size === 0) this.port.ref?.();
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #receive(message: ServerMessage): void {
    if (message.kind !== 'done' && message.kind !== 'error') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.port.unref?.();
    if (message.kind === 'done') waiting?.resolve(message.result);
    else waiting?.reject(unpackError(message.error));
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
