/** An image's progress as server-sent events. Whoever hangs up before its end does not want it any more. */
import type { ServerResponse } from 'node:http';
import type { Image } from './image.js';

/**
 * Sends the status at every change, the last of them at the end. Clients that read slowly miss some of those between.
 * @param onLeft called where the client hung up first
 */
export function watch(image: Image, response: ServerResponse, onLeft: () => void): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = () => {
    if (response.writableNeedDrain && !image.isOver) return;
    response.write(`event: image\ndata: ${JSON.stringify(image.status)}\n\n`);
    if (image.isOver) response.end();
  };
  image.on('change', send);
  response.on('close', () => {
    image.off('change', send);
    if (!image.isOver) onLeft();
  });
  send();
}
