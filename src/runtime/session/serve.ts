/**
 * Serves a session on a message port, so that another thread can drive it: onnxruntime-node's
 * `run()` blocks the event loop for a whole inference, and so does a browser's WebAssembly engine.
 */
import type { ElementType } from '../../generated/schedule.js';
import type { Engine } from './engine.js';
import type { ImageSurface } from './image-surface.js';
import {
  type ClientMessage,
  listen,
  type MessagePortLike,
  OWN_IMAGE,
  packError,
  packMoved,
  plain,
  send,
  unpack,
} from './messages.js';
import { transferOf } from './saved-image.js';
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
  const images = new Map<number, ImageSurface>();
  void opening.then(
    (session) => images.set(OWN_IMAGE, session),
    () => {},
  );
  const announce = () =>
    opening.then(
      (session) =>
        send(port, {
          kind: 'ready',
          schedules: session.schedules,
          settings: plain(session.settings),
        }),
      (error) => send(port, { kind: 'failed', error: packError(error) }),
    );
  listen<ClientMessage>(port, async (message) => {
    if (message.kind === 'hello') return announce();
    const session = await opening;
    if (message.kind === 'image') {
      images.set(message.image, session.imageOn(message.schedule, message.settings));
      return;
    }
    const image = images.get(message.image)!;
    switch (message.kind) {
      case 'reset':
        return image.reset();
      case 'follow':
        return image.follow(message.schedule);
      case 'restore':
        return image.restore(message.saved);
      default:
        try {
          await answer(image, message);
        } catch (error) {
          send(port, { kind: 'error', id: message.id, error: packError(error) });
        }
    }
  });
  // A client that said hello before this script ran is told here.
  void announce();

  async function answer(image: ImageSurface, question: Question) {
    const { id } = question;
    if (question.kind === 'run') return run(image, question);
    if (question.kind === 'save') {
      const result = await image.save();
      return send(port, { kind: 'done', id, result }, transferOf(result));
    }
    await image.release();
    images.delete(question.image);
    send(port, { kind: 'done', id, result: undefined });
  }

  async function run(image: ImageSurface, { id, feeds, wanted, options }: RunMessage) {
    // the image checks the shape of what the client has to write into, before anything changes
    const fetches = Object.fromEntries(
      wanted.map(({ name, into }) => [
        name,
        into ? zeroTensor(ort, into.type as ElementType, into.dims) : null,
      ]),
    );
    const { outputs, milliseconds } = await image.call(unpack(ort, feeds), fetches, options);
    const { tensors, transfer } = await packMoved(outputs);
    send(port, { kind: 'done', id, result: { outputs: tensors, milliseconds } }, transfer);
  }
}

type Question = Extract<ClientMessage, { id: number }>;
type RunMessage = Extract<ClientMessage, { kind: 'run' }>;
