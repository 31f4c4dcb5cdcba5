/**
 * A session that runs in another thread, with the same surface as one that runs here. Feeds are
 * copied over, since the caller keeps them; results are moved. States never leave the worker.
 */
import type { InferenceSession } from 'onnxruntime-common';
import { workerEnded } from '../errors/index.js';
import type { Schedule } from '../generated/schedule.js';
import type { CallInfo, Engine } from './engine.js';
import {
  listen,
  type Port,
  packCopies,
  type RunResult,
  type ServerMessage,
  send,
  unpack,
  unpackError,
} from './messages.js';
import { type CallRequest, SessionSurface } from './surface.js';

export interface RemoteSessionOptions {
  /** Is told of every call that ended well; times are the worker's. */
  readonly onCall?: (info: CallInfo) => void;
  /** Resolves with the reason when the other side is gone, so that nothing waits for it for ever. */
  readonly ended?: Promise<string>;
  /** Is called when the session has been released: end the worker here. */
  readonly close?: () => void | Promise<void>;
}

interface Waiting {
  readonly resolve: (result: RunResult | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Ports of Node keep the process alive while referenced; a session that only waits should not. */
type Referenced = Port & { ref?(): void; unref?(): void };

export class RemoteSession extends SessionSurface {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: Error | undefined;

  private constructor(
    private readonly ort: Pick<Engine, 'Tensor'>,
    private readonly port: Referenced,
    schedule: Schedule,
    private readonly options: RemoteSessionOptions,
  ) {
    super(schedule, options.onCall);
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
    port: Port,
    options: RemoteSessionOptions = {},
  ): Promise<RemoteSession> {
    const schedule = await new Promise<Schedule>((resolve, reject) => {
      const stop = listen<ServerMessage>(port, (message) => {
        if (message.kind !== 'ready' && message.kind !== 'failed') return;
        stop();
        if (message.kind === 'ready') resolve(message.schedule);
        else reject(unpackError(message.error));
      });
      options.ended?.then((why) => {
        stop();
        reject(workerEnded(why));
      });
      send(port, { kind: 'hello' });
    });
    return new RemoteSession(ort, port, schedule, options);
  }

  protected override async execute({ feeds, wanted, options }: CallRequest) {
    const { tensors, transfer } = packCopies(this.inputNames, feeds);
    const result = await this.#ask((id) =>
      send(
        this.port,
        { kind: 'run', id, feeds: tensors, wanted: [...wanted.keys()], options },
        transfer,
      ),
    );
    const { outputs, milliseconds } = result!;
    return { outputs: unpack(this.ort, outputs) as InferenceSession.ReturnType, milliseconds };
  }

  protected override forget(): void {
    if (this.#failure) throw this.#failure;
    send(this.port, { kind: 'reset' });
  }

  protected override async close(): Promise<void> {
    if (!this.#failure) await this.#ask((id) => send(this.port, { kind: 'release', id }));
    await this.options.close?.();
  }

  #ask(post: (id: number) => void): Promise<RunResult | undefined> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      post(id);
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
