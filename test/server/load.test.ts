/** Clients at a time, of whom a third gives up: what the others get is the plain loop's, bit for bit, and nothing stays. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Asked, plainLatents } from '../../samples/server/src/load/digits.js';
import { drive } from '../../samples/server/src/load/drive.js';
import { figures, until, useServers } from './fixture.js';

const { digits, start } = useServers();

const ASKED: readonly Asked[] = [
  { label: 0, seed: 3, steps: 2, scale: 2 },
  { label: 4, seed: 3, steps: 4, scale: 2 },
  { label: 4, seed: 3, steps: 4, scale: 1 },
  { label: 9, seed: 2 ** 40, steps: 5, scale: 2 },
  { label: 4, seed: 2 ** 40, steps: 5, scale: 2 },
];

let expected: ReadonlyMap<Asked, Float32Array>;
beforeAll(async () => {
  expected = await plainLatents(await digits(), ASKED, 1);
});

describe('60 images for 8 clients', () => {
  test.each([
    { images: 1, queue: 1 },
    { images: 4, queue: 2 },
  ])('$images at a time, $queue waiting', async ({ images, queue }) => {
    const url = await start(...['--images', `${images}`, '--queue', `${queue}`, '--keep', '1']);
    const { endings, full, wrong } = await drive({
      ...{ url, expected, count: 60, atATime: 8, seed: images, patience: 60 },
    });
    expect(wrong).toEqual([]);
    expect(endings.got + endings.cancelled + endings['hung up']).toBe(60);
    expect(endings.got).toBeGreaterThan(20);
    expect(endings.cancelled + endings['hung up']).toBeGreaterThan(5);
    expect(full).toBeGreaterThan(0);
    // what was done when its client gave up goes after its second
    await until(url, ({ places }) => places.taken === 0);
    expect(await figures(url)).toMatchObject({ inFlight: { images: 0 }, queue: { length: 0 } });
  });

  test('latents differ by what is asked for, so that a mixed up one would be seen', () => {
    const distinct = new Set([...expected.values()].map((latent) => latent.join()));
    expect(distinct.size).toBe(ASKED.length);
  });
});
