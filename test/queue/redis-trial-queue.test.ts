/** `stepfold-queue` against a real Redis: who has a trial, what becomes of it when its worker does, and what is left. */
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../packages/queue/src/index.js';
import type { TrialQueue } from '../../src/evidence/tune/queue/trial-queue.js';
import { pause, type RunningRedis, startRedis, whyNoRedis } from './redis.js';

const SEARCH = 'ab'.repeat(32);
const [ONE, TWO] = ['1a'.repeat(32), '2b'.repeat(32)] as const;
const FILES = new Map([[SEARCH, Uint8Array.of(123, 125)]]);
const TRIAL = { asks: 'for something' };
/** Milliseconds of silence after which a trial is another's. */
const LOCK = 400;

describe.skipIf(whyNoRedis())('a queue of trials', () => {
  let redis: RunningRedis;
  let search: TrialQueue;
  let worker: TrialQueue;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.kill());
  beforeEach(async () => {
    search = await connect(redis.url, { lock: LOCK });
    worker = await connect(redis.url, { lock: LOCK });
    await search.announce(SEARCH, FILES);
  });
  afterEach(async () => {
    if (search.isConnected) await search.withdraw(SEARCH, [SEARCH], [ONE, TWO]);
    for (const one of [search, worker]) await one.close();
  });

  const ask = (...ids: string[]) =>
    search.ask(
      SEARCH,
      ids.map((id) => ({ id, trial: TRIAL })),
    );
  const stateOf = async (id: string) => (await search.states(SEARCH, [id]))[0];

  test('has the searches that are announced, and their files', async () => {
    expect(await worker.searches()).toEqual([SEARCH]);
    expect(await worker.file(SEARCH)).toEqual(Buffer.from('{}'));
    expect(await worker.file(ONE)).toBeUndefined();
  });

  test('gives each trial to one worker, and brings back what came of it', async () => {
    await ask(ONE, TWO);
    await ask(ONE);
    const first = (await worker.take(SEARCH))!;
    const second = (await worker.take(SEARCH))!;
    expect([first.id, second.id, first.trial]).toEqual([ONE, TWO, TRIAL]);
    expect(await worker.take(SEARCH)).toBeUndefined();
    expect(await search.takeBack(SEARCH, ONE)).toBe(false);
    const latents = Uint8Array.from({ length: 256 }, (_, i) => i);
    await first.done({ record: '{"work":1}', latents });
    await second.done({ record: '{"failed":{}}' });
    const results = await search.results([ONE, TWO]);
    expect(results.get(ONE)).toEqual({ record: '{"work":1}', latents: Buffer.from(latents) });
    expect(results.get(TWO)).toEqual({ record: '{"failed":{}}', latents: undefined });
    // what is done is not to be taken back, though nobody is at it
    expect(await search.takeBack(SEARCH, ONE)).toBe(false);
    expect(await search.states(SEARCH, [ONE, TWO])).toEqual(['gone', 'gone']);
    await search.drop([ONE, TWO]);
    expect((await search.results([ONE, TWO])).size).toBe(0);
  });

  test('lets a search take back what nobody is at', async () => {
    await ask(ONE);
    expect(await stateOf(ONE)).toBe('waiting');
    expect(await search.takeBack(SEARCH, ONE)).toBe(true);
    expect(await stateOf(ONE)).toBe('gone');
    expect(await worker.take(SEARCH)).toBeUndefined();
  });

  test('keeps a trial with a worker for as long as it lives', async () => {
    await ask(ONE);
    const taken = (await worker.take(SEARCH))!;
    const other = await connect(redis.url, { lock: LOCK });
    for (let i = 0; i < 8; i++) {
      await pause(LOCK / 2);
      expect(await other.take(SEARCH)).toBeUndefined();
    }
    expect(await stateOf(ONE)).toBe('running');
    await taken.done({ record: '{}' });
    await other.close();
  });

  test('gives the trial of one that fell silent to another', async () => {
    await ask(ONE);
    await worker.take(SEARCH);
    // its connection is gone, and so are its signs of life
    await worker.close();
    worker = await connect(redis.url, { lock: LOCK });
    let found = await worker.take(SEARCH);
    for (let i = 0; i < 50 && !found; i++) {
      await pause(LOCK / 4);
      found = await worker.take(SEARCH);
    }
    expect(found?.id).toBe(ONE);
    await found!.done({ record: '{}' });
  });

  test('gives back at once what a worker gives back', async () => {
    await ask(ONE);
    await (await worker.take(SEARCH))!.giveBack();
    expect((await worker.take(SEARCH))?.id).toBe(ONE);
  });

  test('tries again what was tried in vain, later, and says at last that it failed', async () => {
    await ask(ONE);
    for (const attempt of [1, 2, 3]) {
      let taken = await worker.take(SEARCH);
      if (attempt > 1) expect(taken).toBeUndefined();
      while (!taken) {
        await pause(100);
        taken = await worker.take(SEARCH);
      }
      await taken.giveBack(`attempt ${attempt}`);
    }
    expect(await stateOf(ONE)).toEqual({ failed: 'attempt 3' });
    expect(await search.takeBack(SEARCH, ONE)).toBe(true);
  });

  test('forgets what a worker refuses, and tells the search', async () => {
    await ask(ONE);
    await (await worker.take(SEARCH))!.refuse('it asks for something else');
    await worker.remark(SEARCH, 'no');
    await worker.remark(SEARCH, 'never');
    expect(await stateOf(ONE)).toBe('gone');
    expect(await search.remarks(SEARCH)).toEqual(['no', 'never']);
    expect(await search.remarks(SEARCH)).toEqual([]);
  });

  test('holds nothing of a search that is withdrawn', async () => {
    await ask(ONE, TWO);
    const taken = (await worker.take(SEARCH))!;
    await worker.remark(SEARCH, 'hello');
    await search.withdraw(SEARCH, [SEARCH], [ONE, TWO]);
    // a worker that is still there says when it last looked for those that fell silent, for as long as that counts
    const keys = async () =>
      (await redis.ask('KEYS', '*')).filter((key) => !key.endsWith(':stalled-check'));
    expect(await keys()).toEqual([]);
    // what is done by then is nobody's
    await taken.done({ record: '{}' });
    expect(await keys()).toEqual([`stepfold:result:${ONE}`]);
    expect(Number((await redis.ask('TTL', `stepfold:result:${ONE}`))[0]?.slice(1))).toBeGreaterThan(
      0,
    );
  });

  test('goes on where somebody was cut off while withdrawing', async () => {
    await ask(ONE);
    const { hostname: host, port } = new URL(redis.url);
    const left = new Queue(SEARCH, {
      prefix: 'stepfold',
      connection: { host, port: Number(port) },
    });
    await left.pause();
    await left.close();
    expect(await worker.take(SEARCH)).toBeUndefined();
    await search.announce(SEARCH, FILES);
    expect((await worker.take(SEARCH))?.id).toBe(ONE);
  });

  test('clears away what a search has left that was killed', async () => {
    await ask(ONE);
    const old = 'cd'.repeat(32);
    await search.announce(old, new Map());
    await search.ask(old, [{ id: TWO, trial: TRIAL }]);
    await redis.ask('ZADD', 'stepfold:searches', '1', old);
    await search.announce(SEARCH, FILES);
    const keys = await redis.ask('KEYS', `stepfold:${old}:*`);
    expect(keys).toEqual([]);
    expect(await redis.ask('ZRANGE', 'stepfold:searches', '0', '-1')).toEqual([SEARCH]);
    expect((await worker.take(SEARCH))?.id).toBe(ONE);
  });

  test('does not wait for a connection that is lost, and makes it again', async () => {
    await ask(ONE);
    const taken = (await worker.take(SEARCH))!;
    await redis.kill();
    await expect(search.results([ONE])).rejects.toMatchObject({ fault: 'down' });
    await expect(worker.take(SEARCH)).rejects.toMatchObject({ fault: 'down' });
    while (search.isConnected || worker.isConnected) await pause(20);
    await redis.start();
    while (!search.isConnected || !worker.isConnected) await pause(20);
    expect(await search.states(SEARCH, [ONE])).toEqual(['gone']);
    // what was being done is done
    await taken.done({ record: '{}' });
    expect((await search.results([ONE])).get(ONE)?.record).toBe('{}');
    await search.announce(SEARCH, FILES);
    await ask(TWO);
    expect(await worker.searches()).toEqual([SEARCH]);
    expect((await worker.take(SEARCH))?.id).toBe(TWO);
  });
});

test.skipIf(whyNoRedis())('is closed soon, whether its Redis is there or not', async () => {
  const redis = await startRedis();
  const queue = await connect(redis.url);
  await queue.announce(SEARCH, FILES);
  await queue.take(SEARCH);
  await redis.kill();
  while (queue.isConnected) await pause(20);
  const start = performance.now();
  await queue.close();
  // a bound on what waits, not a measurement
  expect(performance.now() - start).toBeLessThan(10_000);
});

test.skipIf(whyNoRedis())('says what Redis refuses', async () => {
  const redis = await startRedis();
  const queue = await connect(redis.url);
  await redis.ask('CONFIG', 'SET', 'maxmemory', '1');
  await expect(queue.announce(SEARCH, FILES)).rejects.toMatchObject({
    fault: 'refused',
    message: expect.stringMatching(/^OOM/),
  });
  await queue.close();
  await redis.kill();
});

describe.skipIf(whyNoRedis())('no connection is made', () => {
  test('where nothing answers', async () => {
    await expect(connect('redis://127.0.0.1:1')).rejects.toMatchObject({ fault: 'down' });
  });

  test.each([
    ['without the password', (port: number) => `redis://127.0.0.1:${port}`, /NOAUTH/],
    ['with another', (port: number) => `redis://:wrong@127.0.0.1:${port}`, /WRONGPASS/],
    ['as somebody else', (port: number) => `redis://me:right@127.0.0.1:${port}`, /WRONGPASS/],
    [
      'to a database that is not there',
      (port: number) => `redis://:right@127.0.0.1:${port}/99`,
      /index/,
    ],
  ])('%s', async (_, url, message) => {
    const redis = await startRedis({ password: 'right' });
    try {
      await expect(connect(url(redis.port))).rejects.toMatchObject({
        fault: 'refused',
        message: expect.stringMatching(message),
      });
      await (await connect(redis.url)).close();
    } finally {
      await redis.kill();
    }
  });
});
