/**
 * The load test: a server in a process of its own, 2,000 images, 8 clients at a time. Ends with status 1 where an
 * image was lost, wrong, or left something behind.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Asked, plainLatents, writeDigits } from './digits.js';
import { drive } from './drive.js';
import { startServer } from './start-server.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    /** Of an image, to choose from. */
    steps: { type: 'string', default: '5,8,20' },
    /** Options of the server: `--server="--images 4"`. */
    server: { type: 'string', default: '' },
  },
});
const count = Number(values.count);
const STEPS = values.steps.split(',').map(Number);

const ASKED: readonly Asked[] = [3, 7, 2 ** 40].flatMap((seed) =>
  [0, 4, 9].flatMap((label) =>
    STEPS.flatMap((steps) => [1, 2].map((scale) => ({ label, seed, steps, scale }))),
  ),
);

/** Seconds. */
const KEEP = 5;

const MIB = 2 ** 20;

async function health(url: string) {
  // biome-ignore lint/suspicious/noExplicitAny: what a server says, for a table
  return (await (await fetch(`${url}/health`)).json()) as any;
}

async function main(folder: string): Promise<boolean> {
  const bundle = await writeDigits(path.join(folder, 'bundle'));
  const expected = await plainLatents(bundle, ASKED);
  const server = await startServer(bundle, [
    ...['--images', '8', '--queue', '4', '--keep', `${KEEP}`],
    ...values.server.split(' ').filter((part) => part !== ''),
  ]);
  const { url } = server;
  const memory: { images: number; rss: number; heapUsed: number }[] = [];
  const start = performance.now();
  const driven = await drive({
    ...{ url, expected, count, atATime: Number(values.clients), seed: Number(values.seed) },
    patience: 150,
    async onImage(done) {
      if (done % Math.ceil(count / 10) !== 0) return;
      const { rss, heapUsed } = (await health(url)).memory;
      memory.push({ images: done, rss: rss / MIB, heapUsed: heapUsed / MIB });
    },
  });
  const seconds = (performance.now() - start) / 1000;
  // what was done when its client gave up is kept for so long
  await sleep(1000 * (KEEP + 1));
  const { inFlight, places, queue } = await health(url);
  const status = await server.stop();
  const { endings, full, wrong } = driven;
  console.table(
    memory.map((row) => ({ ...row, rss: row.rss.toFixed(0), heapUsed: row.heapUsed.toFixed(1) })),
  );
  console.log(
    JSON.stringify({
      seconds,
      endings,
      full,
      wrong: wrong.length,
      inFlight,
      places,
      queue,
      status,
    }),
  );
  const all = endings.got + endings.cancelled + endings['hung up'];
  const isEmpty = places.taken === 0 && inFlight.images === 0 && queue.length === 0;
  return all === count && wrong.length === 0 && isEmpty && status === 0;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-load-'));
try {
  process.exitCode = (await main(folder)) ? 0 : 1;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
