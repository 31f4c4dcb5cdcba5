/** The client's end of a port: asks, waits for answers, and knows when the other side is gone. */
import { fetchesInvalid, workerEnded } from '../../errors/index.js';
import {
  type Answers,
  type ClientMessage,
  listen,
  type MessagePortLike,
  type ServerMessage,
  send,
  unpackError,
} from './messages.js';

type Asked = keyof Answers;
type Question<K extends Asked> = Extract<ClientMessage, { kind: K }>;
type Statement = Exclude<ClientMessage, { id: number }>;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Ports of Node keep the process alive while referenced; a session that only waits should not. */
type Referenced = MessagePortLike & { ref?(): void; unref?(): void };

export class Connection {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: Error | undefined;

  constructor(
    private readonly port: Referenced,
    ended: Promise<string> | undefined,
  ) {
    const stop = listen<ServerMessage>(port, (message) => this.#receive(message));
    ended?.then((why) => {
      stop();
      this.#fail(workerEnded(why));
    });
    port.unref?.();
  }

  get isLost(): boolean {
    return this.#failure !== undefined;
  }

  /** @throws StepfoldError WORKER_ENDED */
  tell(message: Statement): void {
    if (this.#failure) throw this.#failure;
    send(this.port, message);
  }

  /** @throws StepfoldError WORKER_ENDED, and what the other side throws */
  ask<K extends Asked>(
    question: (id: number) => Question<K>,
    transfer: Transferable[] = [],
  ): Promise<Answers[K]> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      try {
        send(this.port, question(id), transfer);
      } catch (error) {
        // feeds are plain data by now: it is the options that hold what no message can
        throw fetchesInvalid(
          `their options cannot be sent to a worker, ${(error as Error).message}`,
        );
      }
      if (this.#waiting.size === 0) this.port.ref?.();
      // the other side answers what it was asked
      this.#waiting.set(id, { resolve: (result) => resolve(result as Answers[K]), reject });
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
