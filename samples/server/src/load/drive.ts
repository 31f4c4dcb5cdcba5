/** Many clients at a time, of whom some give up; and every latent that they got held against the plain loop's. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ending, FICKLE, Full, PATIENT } from './client.js';
import type { Asked } from './digits.js';
import { randomOf } from './random.js';

export interface DriveOptions {
  readonly url: string;
  readonly expected: ReadonlyMap<Asked, Float32Array>;
  readonly count: number;
  readonly atATime: number;
  readonly seed: number;
  /** Milliseconds that an image takes or more: within these clients give up. */
  readonly patience: number;
  readonly onImage?: (done: number) => Promise<void> | void;
}

export interface Driven {
  readonly endings: Readonly<Record<Ending, number>>;
  /** How often the server was full, and asked again. */
  readonly full: number;
  /** Latents that are not those of the plain loop, bit for bit. */
  readonly wrong: readonly Asked[];
}

export async function drive(options: DriveOptions): Promise<Driven> {
  const { url, expected, count, atATime, patience } = options;
  const random = randomOf(options.seed);
  const asked = [...expected.keys()];
  const endings = { got: 0, cancelled: 0, 'hung up': 0 };
  const wrong: Asked[] = [];
  let started = 0;
  let full = 0;
  const client = async () => {
    while (started < count) {
      started++;
      const one = random.of(asked);
      const way = random.of(random.uniform() < 0.3 ? FICKLE : PATIENT);
      const pause = random.uniform() * patience;
      const { ending, npy } = await untilRoom(
        () => way(url, one, pause),
        () => {
          full++;
        },
      );
      endings[ending]++;
      if (npy && !isLatent(npy, expected.get(one)!)) wrong.push(one);
      await options.onImage?.(endings.got + endings.cancelled + endings['hung up']);
    }
  };
  await Promise.all(Array.from({ length: atATime }, client));
  return { endings, full, wrong };
}

async function untilRoom<T>(work: () => Promise<T>, onFull: () => void): Promise<T> {
  for (;;)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Full)) throw error;
      onFull();
      // sooner than the server says, which is about a real queue's length
      await sleep(Math.min(20, 1000 * error.seconds));
    }
}

/** The bits behind the header of a .npy. */
function isLatent(npy: Uint8Array, expected: Float32Array): boolean {
  const wanted = new Uint8Array(expected.buffer, expected.byteOffset, expected.byteLength);
  const header = 10 + new DataView(npy.buffer, npy.byteOffset).getUint16(8, true);
  return Buffer.compare(npy.subarray(header), wanted) === 0;
}
