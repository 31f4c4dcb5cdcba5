/** Many images over one set of models. Expected numbers are computed by hand, image by image, from y = 2 x + t. */
import type { InferenceSession } from 'onnxruntime-common';
import * as node from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  type DenoiserImage,
  type Engine,
  ScheduledSession,
} from '../../../src/runtime/session/index.js';
import { callsOfImage, type Fed, feeds, HOSTS, inMemory, numbers } from './hosts.js';
import { chain, chosen, expected, merged, split, withRoles } from './tiny-bundles.js';

const run = async (image: DenoiserImage, { x, t }: Fed) =>
  numbers((await image.run(feeds(x, t))).y);

/** Every call of each image, in some order: at each turn the image whose next call is made. */
async function inTurns(images: readonly DenoiserImage[], calls: readonly Fed[][], turns: number[]) {
  const made: number[][][] = images.map(() => []);
  for (const i of turns) made[i]!.push(await run(images[i]!, calls[i]![made[i]!.length]!));
  return made;
}

describe.each(HOSTS)('images of a session on %s', (_, open) => {
  it.each([
    ['split', split],
    ['merged', merged],
    ['chain', chain],
  ])('are each what it would be by itself, whoever comes first: %s', async (_name, make) => {
    const session = await open(withRoles(make()));
    const images = [session, session.image(), session.image()];
    const calls = images.map((_, i) => callsOfImage(i));
    const turns = [0, 1, 1, 2, 0, 2, 1, 0, 2, 2, 1, 0];
    expect(await inTurns(images, calls, turns)).toEqual(calls.map((fed) => expected(fed)));
    // and again, each from its start
    images[1]!.reset();
    expect(await inTurns(images, calls, turns)).toEqual(calls.map((fed) => expected(fed)));
  });

  it('can be asked for all at once', async () => {
    const session = await open(split());
    const images = Array.from({ length: 4 }, () => session.image());
    const results = await Promise.all(
      images.map(async (image, i) => {
        const made: number[][] = [];
        for (const fed of callsOfImage(i)) made.push(await run(image, fed));
        return made;
      }),
    );
    expect(results).toEqual(images.map((_, i) => expected(callsOfImage(i))));
    expect(session.callIndex).toBe(0);
    expect(images.map(({ callIndex, program }) => [callIndex, program])).toEqual(
      images.map(() => [4, undefined]),
    );
  });

  it('have sizes of their own, also while others are under way', async () => {
    const session = await open(withRoles(chosen()));
    const images = [session.image(), session.image(), session.image()];
    const calls = images.map((_, i) => callsOfImage(i, i + 1));
    const turns = [0, 1, 2, 2, 1, 0, 1, 2, 0, 0, 1, 2];
    expect(await inTurns(images, calls, turns)).toEqual(calls.map((fed) => expected(fed)));
    // the next one in the same place has another size
    const wide = callsOfImage(7, 4);
    images[0]!.reset();
    expect(await inTurns([images[0]!], [wide], [0, 0, 0, 0])).toEqual([expected(wide)]);
  });

  it('fail alone', async () => {
    const session = await open(split());
    const [one, other] = [session.image(), session.image()];
    const calls = [callsOfImage(0), callsOfImage(1)];
    await inTurns([one, other], calls, [0, 1]);
    const wrong = { ...feeds([1, 2], 0), t: new node.Tensor('float32', new Float32Array(3), [3]) };
    const failing = expect(one.run(wrong)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(await run(other, calls[1]![1]!)).toEqual(expected(calls[1]!)[1]);
    await failing;
    expect([one.callIndex, other.callIndex]).toEqual([1, 2]);
    expect(await run(one, calls[0]![1]!)).toEqual(expected(calls[0]!)[1]);
  });

  it("tell where another image begins, each by its own setting or its session's", async () => {
    const session = await open(withRoles(split()), { newImage: 'error' });
    const [strict, easy] = [session.image(), session.image({ newImage: 'timestep' })];
    expect([strict.newImage, easy.newImage]).toEqual(['error', 'timestep']);
    const [first, second] = [callsOfImage(0), callsOfImage(1)];
    await inTurns([strict, easy], [first, first], [0, 1, 0, 1]);
    await expect(run(strict, second[0]!)).rejects.toMatchObject({ code: 'SESSION_NEW_IMAGE' });
    expect(await inTurns([easy], [second], [0, 0, 0, 0])).toEqual([expected(second)]);
  });

  it('tell of their calls to whom their session does, or to somebody of their own', async () => {
    const told: string[] = [];
    const session = await open(split(), { onCall: ({ call }) => told.push(`session ${call}`) });
    const images = [session, session.image()];
    images.push(session.image({ onCall: ({ call, program }) => told.push(`${program} ${call}`) }));
    const calls = images.map((_, i) => callsOfImage(i));
    await inTurns(images, calls, [0, 1, 2, 2]);
    expect(told).toEqual(['session 0', 'session 0', 'full 0', 'shallow 1']);
  });

  it('are busy one by one', async () => {
    const session = await open(split());
    const image = session.image();
    const running = run(image, callsOfImage(0)[0]!);
    await expect(run(image, callsOfImage(0)[1]!)).rejects.toMatchObject({ code: 'SESSION_BUSY' });
    expect(() => image.reset()).toThrow(expect.objectContaining({ code: 'SESSION_BUSY' }));
    expect(await run(session, callsOfImage(1)[0]!)).toEqual(expected(callsOfImage(1))[0]);
    expect(await running).toEqual(expected(callsOfImage(0))[0]);
  });

  it('are released one by one, after the call in progress', async () => {
    const session = await open(split());
    const [one, other] = [session.image(), session.image()];
    const running = run(one, callsOfImage(0)[0]!);
    await one.release();
    expect(await running).toEqual(expected(callsOfImage(0))[0]);
    await one.release();
    const refused = expect.objectContaining({ code: 'SESSION_IMAGE_RELEASED' });
    await expect(run(one, callsOfImage(0)[1]!)).rejects.toEqual(refused);
    expect(() => one.reset()).toThrow(refused);
    expect(await inTurns([other], [callsOfImage(1)], [0, 0])).toEqual([
      expected(callsOfImage(1)).slice(0, 2),
    ]);
  });

  it('end with their session, which waits for them', async () => {
    const session = await open(split());
    const images = [session.image(), session.image()];
    const running = images.map((image, i) => run(image, callsOfImage(i)[0]!));
    const released = session.release();
    const refused = expect.objectContaining({ code: 'SESSION_RELEASED' });
    for (const image of [...images, session]) {
      await expect(run(image, callsOfImage(0)[1]!)).rejects.toEqual(refused);
      expect(() => image.reset()).toThrow(refused);
    }
    expect(() => session.image()).toThrow(refused);
    await released;
    expect(await Promise.all(running)).toEqual(images.map((_, i) => expected(callsOfImage(i))[0]));
    for (const image of images) await image.release();
  });
});

/** onnxruntime-node as WebGPU has it: a run while another is under way, of whatever session, is an error. */
function jealous(log: string[] = []) {
  let busy = false;
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy) throw new Error('Session already started');
    busy = true;
    try {
      // so long that whoever does not wait is too early
      await new Promise((resolve) => setTimeout(resolve, 5));
      return await work();
    } finally {
      busy = false;
    }
  };
  const create = (model: Uint8Array, options?: InferenceSession.SessionOptions) =>
    alone(async () => {
      const session = await node.InferenceSession.create(model, options);
      log.push('load');
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        run: (given: InferenceSession.FeedsType, fetches: InferenceSession.FetchesType) =>
          alone(async () => {
            const made = await session.run(given, fetches);
            log.push('run');
            return made;
          }),
        release: async () => {
          if (busy) throw new Error('released during a run');
          log.push('release');
          await session.release();
        },
      };
    });
  return { Tensor: node.Tensor, InferenceSession: { create } } as unknown as Engine;
}

describe('the engine', () => {
  it.each(['eager', 'lazy'] as const)(
    'gets each model once, and one call at a time: %s',
    async (load) => {
      const log: string[] = [];
      const session = await ScheduledSession.create(jealous(log), inMemory(chain()), { load });
      const images = [session, ...Array.from({ length: 3 }, () => session.image())];
      const made = images.map(async (image, i) => {
        const results: number[][] = [];
        for (const fed of callsOfImage(i)) results.push(await run(image, fed));
        return results;
      });
      expect(await Promise.all(made)).toEqual(images.map((_, i) => expected(callsOfImage(i))));
      expect(log.filter((entry) => entry === 'load')).toHaveLength(2);
      // two models at calls 0 and 3, one at the others
      expect(log.filter((entry) => entry === 'run')).toHaveLength(6 * images.length);
      const last = images.map((image) => image.reset());
      expect(last).toHaveLength(4);
      const running = images.map((image, i) => run(image, callsOfImage(i)[0]!));
      await session.release();
      expect(log.slice(-2)).toEqual(['release', 'release']);
      await Promise.all(running);
    },
  );

  it('makes calls in the order in which they were asked for', async () => {
    const order: number[] = [];
    const session = await ScheduledSession.create(jealous(), inMemory(split()));
    const images = [0, 1, 2].map((i) => session.image({ onCall: () => order.push(i) }));
    await Promise.all([2, 0, 1].map((i) => run(images[i]!, callsOfImage(i)[0]!)));
    expect(order).toEqual([2, 0, 1]);
  });
});
