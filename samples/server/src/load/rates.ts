/**
 * Images a second by how many are under way at a time, and what processors have to do for one; all settings in turns,
 * and of each the median.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bodyOf } from './client.js';
import { writeDigits } from './digits.js';
import { startServer } from './start-server.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    /** Of each setting in each round. */
    images: { type: 'string', default: '32' },
  },
});
const images = Number(values.images);

interface Setting {
  readonly servers: number;
  readonly threads: number;
  readonly atATime: number;
}

const SETTINGS: readonly Setting[] = [
  ...[1, 2].flatMap((threads) => [1, 2, 4, 8].map((atATime) => ({ servers: 1, threads, atATime }))),
  { servers: 2, threads: 1, atATime: 2 },
];

interface Measured {
  /** Images a second. */
  readonly rate: number;
  /** Seconds of processors for an image. */
  readonly cpu: number;
}

/** Asks for all of them, so many at a time, over the servers in turns. */
async function measure(urls: readonly string[], atATime: number): Promise<Measured> {
  let asked = 0;
  const client = async (url: string) => {
    while (asked < images) {
      const body = bodyOf({ label: asked % 10, seed: asked++, steps: 20, scale: 2 });
      const response = await fetch(`${url}/images?wait=latent.npy`, { method: 'POST', body });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${response.status}`);
    }
  };
  const before = await cpuSeconds(urls);
  const start = performance.now();
  await Promise.all(Array.from({ length: atATime }, (_, i) => client(urls[i % urls.length]!)));
  const seconds = (performance.now() - start) / 1000;
  return { rate: images / seconds, cpu: ((await cpuSeconds(urls)) - before) / images };
}

async function cpuSeconds(urls: readonly string[]): Promise<number> {
  let sum = 0;
  for (const url of urls) {
    const health = (await (await fetch(`${url}/health`)).json()) as { cpuSeconds: number };
    sum += health.cpuSeconds;
  }
  return sum;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-rates-'));
try {
  const bundle = await writeDigits(path.join(folder, 'bundle'));
  const measured = SETTINGS.map((): Measured[] => []);
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [i, { servers, threads, atATime }] of SETTINGS.entries()) {
      const options = ['--threads', `${threads}`, '--images', `${atATime}`];
      const started = [];
      for (let s = 0; s < servers; s++) started.push(await startServer(bundle, options));
      const urls = started.map(({ url }) => url);
      await measure(urls, atATime);
      measured[i]!.push(await measure(urls, atATime));
      for (const server of started) await server.stop();
    }
  const median = (of: readonly number[]) => of.toSorted((a, b) => a - b)[of.length >> 1]!;
  console.table(
    SETTINGS.map((setting, i) => {
      const rates = measured[i]!.map(({ rate }) => rate);
      return {
        ...setting,
        'images/s': median(rates).toFixed(1),
        least: Math.min(...rates).toFixed(1),
        most: Math.max(...rates).toFixed(1),
        'cpu ms an image': (1000 * median(measured[i]!.map(({ cpu }) => cpu))).toFixed(0),
      };
    }),
  );
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
