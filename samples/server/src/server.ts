/** The server's routes: docs are its README. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { isPicture, npyOf, pngOf } from './encodings.js';
import type { Image, Made } from './image.js';
import type { Pool } from './pool.js';
import { stopping } from './pool.js';
import { badRequest, Problem, type ProblemBody, problemOf } from './problem.js';
import { readRequest } from './request.js';
import { RECORD_BYTES } from './sizes.js';
import type { Studio } from './studio.js';
import { watch } from './watching.js';

/** What the server can do by now. */
export type Condition =
  | { readonly state: 'loading' | 'ready' }
  | { readonly state: 'broken'; readonly error: ProblemBody };

export interface Served {
  readonly studio: Studio;
  readonly pool: Pool;
  readonly condition: () => Condition;
  /** Bytes of a request at most. */
  readonly requestBytes: number;
  /** Connections at a time; more are closed. */
  readonly connections: number;
}

interface Format {
  readonly type: string;
  readonly encode: (made: Made) => Uint8Array;
}

const FORMATS: Readonly<Record<string, Format>> = {
  'latent.npy': { type: 'application/octet-stream', encode: npyOf },
  'picture.png': { type: 'image/png', encode: pngOf },
};

/** Of an address nothing counts but path and query. */
const BASE = 'http://localhost';

/** Time for a client to read an answer, milliseconds. */
const READING = 60_000;

export function createServer(served: Served): http.Server {
  const server = http.createServer({ requestTimeout: 30_000 }, (request, response) => {
    answer(served, request, response).catch((error) => refuse(response, error));
  });
  server.maxConnections = served.connections;
  return server;
}

async function answer(served: Served, request: IncomingMessage, response: ServerResponse) {
  const { method = 'GET' } = request;
  const { url: address = '/' } = request;
  if (!URL.canParse(address, BASE)) throw noSuchPage();
  const url = new URL(address, BASE);
  const [, root, id, part, ...more] = url.pathname.split('/');
  if (root === 'health' && id === undefined)
    return allow(method, { GET: () => health(served, response) });
  if (root !== 'images' || more.length > 0) throw noSuchPage();
  if (id === undefined)
    return allow(method, { POST: () => submit(served, request, response, url.searchParams) });
  const image = served.pool.find(id);
  if (!image) throw unknownImage(id);
  if (part === undefined)
    return allow(method, {
      GET: () => json(response, 200, image.status),
      DELETE: () => {
        served.pool.drop(image);
        response.writeHead(204).end();
      },
    });
  if (part === 'events') {
    const onLeft = url.searchParams.has('keep') ? () => {} : () => served.pool.drop(image);
    return allow(method, { GET: () => watch(image, response, onLeft) });
  }
  const format = formatOf(part, served.studio);
  return allow(method, { GET: () => fetchResult(served.pool, image, format, response) });
}

function allow(method: string, methods: Readonly<Record<string, () => unknown>>): unknown {
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (found) return found();
  const known = Object.keys(methods).join(', ');
  throw new Problem(405, {
    code: 'METHOD_NOT_ALLOWED',
    message: `There is no ${method} here.`,
    hint: `There is ${known}.`,
  });
}

function health({ pool, studio, condition }: Served, response: ServerResponse): void {
  const now = condition();
  const state = now.state !== 'broken' && pool.isStopping ? 'stopping' : now.state;
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const { inFlight, places, queue } = pool.figures;
  const { stateBytes, latentBytes } = studio.sizes;
  json(response, state === 'ready' ? 200 : 503, {
    ...now,
    state,
    queue,
    inFlight,
    places,
    cpuSeconds: (user + system) / 1e6,
    memory: {
      rss,
      heapUsed,
      external,
      statesAtMost: inFlight.limit * stateBytes,
      resultsAtMost: places.limit * (latentBytes + RECORD_BYTES),
    },
  });
}

/** With `wait` the answer is the result itself, and hanging up cancels it. */
async function submit(
  { studio, pool, condition, requestBytes }: Served,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const wait = query.get('wait');
  const format = wait === null ? undefined : formatOf(wait, studio);
  refuseUnready(condition(), pool);
  pool.requireRoom();
  const text = await readBody(request, requestBytes);
  const asked = readRequest(text, studio.limits);
  await studio.check(asked);
  if (response.destroyed) return;
  const image = pool.submit(asked);
  const location = `/images/${image.id}`;
  if (!format) {
    json(response, 202, image.status, { location });
    return;
  }
  // nobody but who waits knows of it
  response.on('close', () => pool.drop(image));
  await image.over();
  if (!response.destroyed) fetchResult(pool, image, format, response, { location });
}

function refuseUnready(condition: Condition, pool: Pool): void {
  if (pool.isStopping) throw stopping();
  if (condition.state === 'broken') throw new Problem(503, condition.error);
  if (condition.state === 'loading')
    throw new Problem(
      503,
      { code: 'LOADING', message: 'The models are being loaded.', hint: 'Ask again in a moment.' },
      1,
    );
}

/** Whoever has got it whole is not in need of it any more. */
function fetchResult(
  pool: Pool,
  image: Image,
  { type, encode }: Format,
  response: ServerResponse,
  headers: http.OutgoingHttpHeaders = {},
): void {
  const { made, problem } = image;
  if (problem) {
    pool.drop(image);
    throw problem;
  }
  if (!made)
    throw new Problem(409, {
      code: 'IMAGE_UNFINISHED',
      message: `The image is ${image.state}.`,
      hint: 'Look at its status or its events, and ask again when it is done.',
    });
  const bytes = encode(made);
  response.on('finish', () => pool.drop(image));
  response.setTimeout(READING, () => response.destroy());
  response.writeHead(200, {
    ...headers,
    'content-type': type,
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'image-seed': image.seed,
  });
  response.end(bytes);
}

function formatOf(name: string, studio: Studio): Format {
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (!format) throw noSuchPage();
  if (format.encode === pngOf && !isPicture(studio.sizes.latent))
    throw new Problem(406, {
      code: 'NO_PICTURE',
      message: `A latent of ${studio.sizes.latent.join('x')} is no picture.`,
      hint: 'Ask for latent.npy, and decode it.',
    });
  return format;
}

async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // leaving the loop must not close the connection, over which the answer goes
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    bytes += part.length;
    if (bytes > limit)
      throw new Problem(413, {
        code: 'REQUEST_TOO_LARGE',
        message: `The request is larger than ${limit} bytes.`,
        hint: 'Ask for fewer numbers, or start the server with a larger --request-mib.',
      });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: http.OutgoingHttpHeaders = {},
): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(text);
}

function refuse(response: ServerResponse, error: unknown): void {
  // it has hung up, or its answer broke off: nobody is there to be told
  if (response.destroyed || response.req.errored) return;
  const { status, body, retryAfter } = problemOf(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  json(
    response,
    status,
    { error: body },
    {
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      // the rest of what is too large is not read, and who stops keeps no connections
      ...((status === 413 || status === 503) && { connection: 'close' }),
    },
  );
}

const noSuchPage = () =>
  new Problem(404, {
    code: 'NOT_FOUND',
    message: 'There is nothing here.',
    hint: 'There are /health, /images, /images/ID, and of an image events, latent.npy, picture.png.',
  });

const unknownImage = (id: string) =>
  id === ''
    ? badRequest('NOT_FOUND', 'The address ends too early.', 'It is /images/ID.')
    : new Problem(404, {
        code: 'IMAGE_UNKNOWN',
        message: `There is no image "${id.slice(0, 80)}".`,
        hint: 'It was fetched, cancelled, or kept for as long as this server keeps images. Ask for it again.',
      });
