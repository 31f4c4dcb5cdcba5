/** A session that runs in another thread, with the same surface as one that runs here. */
import { workerEnded } from '../../errors/index.js';
import { Connection } from './connection.js';
import type { CallInfo } from './denoiser.js';
import type { Engine } from './engine.js';
import {
  listen,
  type MessagePortLike,
  OWN_IMAGE,
  plain,
  type ServerMessage,
  send,
  unpackError,
} from './messages.js';
import { RemoteImage } from './remote-image.js';
import { SessionSurface } from './session-surface.js';

export interface RemoteSessionOptions {
  /** Is told of every call that ended well; times are the worker's. */
  readonly onCall?: (info: CallInfo) => void;
  /** Resolves with the reason when the other side is gone, so that nothing waits for it for ever. */
  readonly ended?: Promise<string>;
  /** Is called when the session has been released: end the worker here. */
  readonly close?: () => void | Promise<void>;
}

type ReadyMessage = Extract<ServerMessage, { kind: 'ready' }>;

export class RemoteSession extends SessionSurface {
  private constructor(
    ort: Pick<Engine, 'Tensor'>,
    connection: Connection,
    { schedules, settings }: ReadyMessage,
    { onCall, close }: RemoteSessionOptions,
  ) {
    const inputNames = schedules.written.source.inputs.map(({ name }) => name);
    const open = (image: number) => new RemoteImage(ort, connection, image, inputNames);
    let last = OWN_IMAGE;
    super(schedules, { ...settings, ...(onCall && { onCall }) }, open(OWN_IMAGE), {
      open(followed, settings) {
        last += 1;
        const told = { image: last, settings: plain(settings), schedule: followed };
        connection.tell({ kind: 'image', ...told });
        return open(last);
      },
      close: () => close?.(),
    });
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
    return new RemoteSession(ort, new Connection(port, options.ended), ready, options);
  }
}
