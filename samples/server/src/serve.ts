/** The server as a whole: listens at once, loads the models meanwhile, and stops without losing what it accepted. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ServerOptions } from './options.js';
import { Pool } from './pool.js';
import { problemOf } from './problem.js';
import { type Condition, createServer } from './server.js';
import { RECORD_BYTES } from './sizes.js';
import { SettingsError, Studio } from './studio.js';

export interface RunningServer {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Resolves when the models are loaded; rejects where they cannot be. */
  readonly loaded: Promise<void>;
  /** Ends what is under way and refuses what is new; resolves when nothing is left. */
  stop(): Promise<void>;
}

/**
 * Listens.
 * @throws SettingsError, StepfoldError where the bundle or the options are at fault
 */
export async function serve(options: ServerOptions): Promise<RunningServer> {
  const studio = await Studio.of(options);
  let condition: Condition = { state: 'loading' };
  const pool = new Pool(poolLimits(options, studio), (...asked) => studio.make(...asked));
  const { requestBytes, connections } = options;
  const server = createServer({
    studio,
    pool,
    requestBytes,
    connections,
    condition: () =>
      studio.ended && condition.state === 'ready'
        ? { state: 'broken', error: studio.ended }
        : condition,
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const loaded = studio.load().then(
    () => {
      condition = { state: 'ready' };
    },
    (error) => {
      condition = { state: 'broken', error: problemOf(error).body };
      throw error;
    },
  );
  // whoever does not wait for it sees it in /health
  loaded.catch(() => {});
  const { address, port, family } = server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    loaded,
    stop() {
      stopped ??= (async () => {
        await pool.stop(options.graceMilliseconds);
        server.close();
        server.closeAllConnections();
        await loaded.catch(() => {});
        await studio.release();
      })();
      return stopped;
    },
  };
}

/** @throws SettingsError */
function poolLimits(options: ServerOptions, { sizes: { stateBytes, latentBytes } }: Studio) {
  const { stateBytes: room, resultBytes, keepMilliseconds, queue } = options;
  const atATime = stateBytes === 0 ? options.images : Math.floor(room / stateBytes);
  const imageBytes = latentBytes + RECORD_BYTES;
  const places = Math.floor(resultBytes / imageBytes);
  if (atATime < 1)
    throw new SettingsError(
      `The states of one image take ${stateBytes} bytes.\nGive a --state-mib of ${Math.ceil(stateBytes / 2 ** 20)} or more.`,
    );
  if (places < 1)
    throw new SettingsError(
      `The result of an image takes ${imageBytes} bytes.\nGive a --result-mib of ${Math.ceil(imageBytes / 2 ** 20)} or more.`,
    );
  return { images: Math.min(options.images, atATime), queue, places, keepMilliseconds };
}
