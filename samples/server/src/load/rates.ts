/** Images a second by how many are under way at a time; all settings in turns, and of each the median. */
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

/** Asks for all of them, so many at a time, over the servers in turns. */
async function rate(urls: readonly string[], atATime: number): Promise<number> {
  let asked = 0;
  const client = async (url: string) => {
    while (asked < images) {
      const body = bodyOf({ label: asked % 10, seed: asked++, steps: 20, scale: 2 });
      const response = await fetch(`${url}/images?wait=latent.npy`, { method: 'POST', body });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${response.status}`);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: atATime }, (_, i) => client(urls[i % urls.length]!)));
  return (1000 * images) / (performance.now() - start);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-rates-'));
try {
  const bundle = await writeDigits(path.join(folder, 'bundle'));
  const rates = SETTINGS.map((): number[] => []);
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [i, { servers, threads, atATime }] of SETTINGS.entries()) {
      const options = ['--threads', `${threads}`, '--images', `${atATime}`];
      const started = [];
      for (let s = 0; s < servers; s++) started.push(await startServer(bundle, options));
      const urls = started.map(({ url }) => url);
      await rate(urls, atATime);
      rates[i]!.push(await rate(urls, atATime));
      for (const server of started) await server.stop();
    }
  const median = (of: readonly number[]) => of.toSorted((a, b) => a - b)[of.length >> 1]!;
  console.table(
    SETTINGS.map((setting, i) => ({
      ...setting,
      'images/s': median(rates[i]!).toFixed(1),
      least: Math.min(...rates[i]!).toFixed(1),
      most: Math.max(...rates[i]!).toFixed(1),
    })),
  );
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
