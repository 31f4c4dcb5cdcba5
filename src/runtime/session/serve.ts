/**
 * Serves a session on a message port, so that another thread can drive it: onnxruntime-node's
 * `run()` blocks the event loop for a whole inference, and so does a browser's WebAssembly engine.
 */
import type { ElementType } from '../../generated/schedule.js';
import type { Engine } from './engine.js';
import {
  type ClientMessage,
  listen,
  type MessagePortLike,
  packError,
  packMoved,
  send,
  unpack,
} from './messages.js';
import type { ScheduledSession } from './scheduled-session.js';
import { zeroTensor } from './tensors.js';

/**
 * To be called in the worker before anything is awaited there, so that no message is missed. What
 * `open` throws becomes the failure of the client's `connect`. Serves until the client closes the
 * port or ends the worker: were the worker to end first, its last answer could be overtaken by its
 * exit.
 * @param ort makes the tensors that the session is fed
 * @param port the worker's own scope (`self`), or a MessagePort
 */
export function serveSession(
  ort: Pick<Engine, 'Tensor'>,
  port: MessagePortLike,
  open: () => Promise<ScheduledSession>,
): void {
  const opening = open();
  const announce = () =>
    opening.then(
      ({ schedule, newImage }) => send(port, { kind: 'ready', schedule, newImage }),
      (error) => send(port, { kind: 'failed', error: packError(error) }),
    );
  listen<ClientMessage>(port, async (message) => {
    if (message.kind === 'hello') return announce();
    const session = await opening;
    if (message.kind === 'reset') return session.reset();
    try {
      if (message.kind === 'run') await run(session, message);
      else {
        await session.release();
        send(port, { kind: 'done', id: message.id });
      }
    } catch (error) {
      send(port, { kind: 'error', id: message.id, error: packError(error) });
    }
  });
  // A client that said hello before this script ran is told here.
  void announce();

  async function run(session: ScheduledSession, { id, feeds, wanted, options }: RunMessage) {
    const start = performance.now();
    // the session checks the shape of what the client has to write into, before anything changes
    const fetches = Object.fromEntries(
      wanted.map(({ name, into }) => [
        name,
        into ? zeroTensor(ort, into.type as ElementType, into.dims) : null,
      ]),
    );
    const results = await session.run(unpack(ort, feeds), fetches, options);
    const milliseconds = performance.now() - start;
    const { tensors, transfer } = await packMoved(results);
    send(port, { kind: 'done', id, result: { outputs: tensors, milliseconds } }, transfer);
  }
}

type RunMessage = Extract<ClientMessage, { kind: 'run' }>;
