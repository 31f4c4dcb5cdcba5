/** The sample server: what it gives, refuses, forgets, and how it ends. */
import fs from 'node:fs';
import path from 'node:path';
import { Tensor } from 'onnxruntime-common';
import { openBundle, readSchedule } from 'stepfold/node';
import { describe, expect, test } from 'vitest';
import { plainLatents, writeDigits } from '../../samples/server/src/load/digits.js';
import { imageSizes } from '../../samples/server/src/sizes.js';
import { decodePng, toPictures } from '../../src/io/images.js';
import { readNpy } from '../../src/io/npy.js';
import {
  answer,
  figures,
  IMAGE,
  LONG,
  post,
  submitted,
  until,
  untilState,
  useServers,
} from './fixture.js';

const { digits, listen, scratch, start } = useServers();

/** Room for one image, two that wait, and three in all. */
const TIGHT = [
  ...['--images', '1', '--queue', '2', '--request-mib', '0.001'],
  ...['--result-mib', `${(3 * (4096 + 4 * 16 * 16)) / 2 ** 20}`],
];

const bytesAt = async (url: string, init?: RequestInit) =>
  new Uint8Array(await (await fetch(url, init)).arrayBuffer());

describe('a result', () => {
  test('is the latent as .npy, or a picture of it, and is forgotten once it was fetched', async () => {
    const url = await start();
    const asked = { label: 3, seed: 7, steps: 3, scale: 2 };
    const wanted = (await plainLatents(await digits(), [asked], 1)).get(asked)!;
    const [first, second] = [await submitted(url), await submitted(url)];
    await untilState(first, 'done');
    expect(await untilState(second, 'done')).toMatchObject({ step: 3, steps: 3, seed: 7 });

    const npy = readNpy(await bytesAt(`${first}/latent.npy`), 'latent.npy');
    expect(npy).toEqual({ type: 'float32', dims: [1, 1, 16, 16], data: wanted });
    const picture = decodePng(await bytesAt(`${second}/picture.png`), 'picture.png');
    expect(picture).toEqual(toPictures(wanted, [1, 1, 16, 16])[0]);

    for (const image of [first, second])
      expect(await answer(`${image}/latent.npy`)).toMatchObject({
        status: 404,
        body: { error: { code: 'IMAGE_UNKNOWN' } },
      });
    expect(await figures(url)).toMatchObject({ places: { taken: 0 } });
  });

  test('comes as the answer itself to who waits, and leaves nothing', async () => {
    const url = await start();
    const response = await fetch(`${url}/images?wait=picture.png`, {
      method: 'POST',
      body: JSON.stringify({ feeds: { class_labels: [3] } }),
    });
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(Number(response.headers.get('image-seed'))).toBeGreaterThanOrEqual(0);
    expect(decodePng(new Uint8Array(await response.arrayBuffer()), 'png')).toMatchObject({
      ...{ width: 16, height: 16, channels: 1 },
    });
    await until(url, ({ places }) => places.taken === 0);
  });

  test('is not there before its time', async () => {
    const url = await start();
    const image = await submitted(url, LONG);
    expect(await answer(`${image}/latent.npy`)).toMatchObject({
      status: 409,
      body: { error: { code: 'IMAGE_UNFINISHED' } },
    });
  });

  test('that nobody fetches goes after its time', async () => {
    const url = await start('--keep', '0.2');
    const image = await submitted(url);
    await until(url, ({ places }) => places.taken === 0);
    expect(await answer(image)).toMatchObject({ status: 404 });
  });

  test('is made only where there is a place for it', async () => {
    const url = await start(...TIGHT);
    const [first] = [await submitted(url), await submitted(url), await submitted(url)];
    await until(url, ({ queue }) => queue.length === 0);
    expect(await post(url)).toMatchObject({
      status: 429,
      body: { error: { code: 'PLACES_TAKEN' } },
    });
    await untilState(first!, 'done');
    await bytesAt(`${first}/latent.npy`);
    await submitted(url);
  });
});

describe('progress', () => {
  test('is told by events, from the first to the last', async () => {
    const url = await start(...TIGHT);
    await submitted(url, { ...LONG, steps: 20 });
    const image = await submitted(url);
    const { headers, body } = await answer(`${image}/events`);
    expect(headers.get('content-type')).toBe('text/event-stream');
    const statuses = (body as string)
      .trimEnd()
      .split('\n\n')
      .map((event) => JSON.parse(/^event: image\ndata: (.*)$/.exec(event)![1]!));
    expect(statuses.map(({ state, step }) => [state, step])).toEqual([
      ...[
        ['queued', 0],
        ['running', 0],
        ['running', 1],
        ['running', 2],
        ['running', 3],
      ],
      ['done', 3],
    ]);
  });
});

describe('an image that nobody wants any more', () => {
  test('stops when it is cancelled, under way or waiting', async () => {
    const url = await start(...TIGHT);
    const [running, waiting] = [await submitted(url, LONG), await submitted(url, LONG)];
    await untilState(running, 'running');
    const events = answer(`${running}/events?keep`);
    await untilState(waiting, 'queued');
    for (const image of [waiting, running]) {
      expect(await answer(image, { method: 'DELETE' })).toMatchObject({ status: 204, body: '' });
      expect(await answer(image)).toMatchObject({ status: 404 });
    }
    const last = JSON.parse(((await events).body as string).trimEnd().split('data: ').at(-1)!);
    expect(last).toMatchObject({ state: 'cancelled', error: { code: 'IMAGE_CANCELLED' } });
    expect(last.step).toBeLessThan(200);
    await until(url, ({ inFlight }) => inFlight.images === 0);
  });

  test.each(['?wait=latent.npy', 'events', 'events?keep'])(
    'stops at a hang-up of %s',
    async (of) => {
      const url = await start();
      const abort = new AbortController();
      const image = of.startsWith('?') ? '' : await submitted(url, LONG);
      const asked = image
        ? fetch(`${image}/${of}`, { signal: abort.signal }).then((response) => response.text())
        : fetch(`${url}/images${of}`, {
            ...{ method: 'POST', body: JSON.stringify(LONG), signal: abort.signal },
          });
      asked.catch(() => {});
      await until(url, ({ inFlight }) => inFlight.images === 1);
      if (image) await untilState(image, 'running');
      abort.abort();
      await expect(asked).rejects.toThrow();
      if (of === 'events?keep') {
        // whoever only looks on ends nothing
        await until(url, ({ inFlight }) => inFlight.images === 1);
        expect(await answer(image)).toMatchObject({ body: { state: 'running' } });
      } else {
        await until(url, ({ inFlight, places }) => inFlight.images === 0 && places.taken === 0);
      }
    },
  );
});

test('a full queue refuses, says when to come again, and takes images again', async () => {
  const url = await start(...TIGHT);
  const [running] = [await submitted(url, LONG), await submitted(url), await submitted(url)];
  const refused = await post(url);
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'QUEUE_FULL' } } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(await figures(url)).toMatchObject({ queue: { length: 2, limit: 2 } });
  await answer(running!, { method: 'DELETE' });
  await until(url, ({ queue }) => queue.length < 2);
  await submitted(url);
});

describe('what cannot be done is refused with a code and what to do', () => {
  const feeds = IMAGE.feeds;
  test.each<[what: string, body: unknown, code: string, mentions: string]>([
    ['no JSON', 'a digit, please', 'REQUEST_NOT_JSON', 'not JSON'],
    ['nothing', '', 'REQUEST_NOT_JSON', 'not JSON'],
    ['no object', '[3]', 'REQUEST_INVALID', 'is not an object'],
    ['a member that is not known', { feeds, sampler: 'x' }, 'REQUEST_INVALID', '/sampler'],
    ['no conditions', {}, 'REQUEST_INVALID', '/feeds/class_labels is missing'],
    ['another condition', { feeds: { ...feeds, text: 1 } }, 'REQUEST_INVALID', '/feeds/text'],
    ['the latent', { feeds: { ...feeds, sample: 1 } }, 'REQUEST_INVALID', '/feeds/sample'],
    ['a name of every object', { feeds: { ...feeds, toString: 1 } }, 'REQUEST_INVALID', 'toString'],
    ['no number', { feeds: { class_labels: '3' } }, 'REQUEST_INVALID', '/feeds/class_labels is'],
    ['no numbers', { feeds: { class_labels: [] } }, 'REQUEST_INVALID', 'has 0 numbers'],
    ['too many', { feeds: { class_labels: [1, 2] } }, 'REQUEST_INVALID', 'has 2 numbers'],
    ['null', { feeds: { class_labels: [null] } }, 'REQUEST_INVALID', '/feeds/class_labels/0'],
    ['a class too many', { feeds: { class_labels: 10 } }, 'REQUEST_INVALID', 'from 0 to 9'],
    ['a class below', { feeds: { class_labels: -1 } }, 'REQUEST_INVALID', 'from 0 to 9'],
    ['half a class', { feeds: { class_labels: 1.5 } }, 'REQUEST_INVALID', 'from 0 to 9'],
    ['a seed below', { feeds, seed: -1 }, 'REQUEST_INVALID', '/seed'],
    ['a seed too large', { feeds, seed: 2 ** 60 }, 'REQUEST_INVALID', '/seed'],
    ['no steps', { feeds, steps: 0 }, 'REQUEST_INVALID', '/steps'],
    ['too many steps', { feeds, steps: 201 }, 'REQUEST_INVALID', 'from 1 to 200'],
    [
      'an endless scale',
      '{"feeds":{"class_labels":3},"guidanceScale":1e999}',
      'REQUEST_INVALID',
      '/guidanceScale',
    ],
  ])('%s', async (_, body, code, mentions) => {
    const { status, body: said } = await post(await start(), body);
    expect({ status, code: said.error.code }).toEqual({ status: 400, code });
    expect(`${said.error.message} ${said.error.hint}`).toContain(mentions);
    expect(said.error.hint).toBeTruthy();
  });

  test('another number of steps than the bundle has, with the code of Stepfold', async () => {
    const folder = await writeDigits(path.join(scratch, 'fixed'), { fixedLoop: true });
    const { url, loaded } = await listen(folder);
    await loaded;
    const { status, body } = await post(url, { ...IMAGE, steps: 5 });
    expect({ status, code: body.error.code }).toEqual({ status: 422, code: 'RUN_STEPS' });
    expect(body.error.message).toContain('20');
    await submitted(url, { ...IMAGE, steps: 20 });
  });

  test('numbers that run out of bounds on the way', async () => {
    const url = await start();
    const { status, body } = await post(
      url,
      { ...IMAGE, guidanceScale: 1e300 },
      '?wait=latent.npy',
    );
    expect({ status, code: body.error.code }).toEqual({ status: 422, code: 'DENOISE_NOT_FINITE' });
    const image = await submitted(url, { ...IMAGE, guidanceScale: 1e300 });
    expect(await untilState(image, 'failed')).toMatchObject({
      error: { code: 'DENOISE_NOT_FINITE' },
    });
    await until(url, ({ inFlight }) => inFlight.images === 0);
  });

  test('a request without end', async () => {
    const url = await start(...TIGHT);
    const { status, body } = await post(url, 'x'.repeat(1e6));
    expect({ status, code: body.error.code }).toEqual({ status: 413, code: 'REQUEST_TOO_LARGE' });
    await submitted(url);
  });

  test('pages and ways to ask that there are not', async () => {
    const url = await start();
    for (const page of ['', '/', '/nothing', '/images/x/y/z', '//'])
      expect(await answer(url + page)).toMatchObject({ status: 404 });
    expect(await answer(`${url}/images/none`)).toMatchObject({
      status: 404,
      body: { error: { code: 'IMAGE_UNKNOWN' } },
    });
    expect(await answer(`${url}/images`)).toMatchObject({ status: 405 });
    expect(await answer(`${url}/health`, { method: 'DELETE' })).toMatchObject({ status: 405 });
    expect(await post(url, IMAGE, '?wait=constructor')).toMatchObject({ status: 404 });
  });
});

describe('health', () => {
  test('loading, then ready', async () => {
    const { url, loaded } = await listen(await digits());
    expect(await answer(`${url}/health`)).toMatchObject({
      status: 503,
      body: { state: 'loading' },
    });
    expect(await post(url)).toMatchObject({ status: 503, body: { error: { code: 'LOADING' } } });
    await loaded;
    const { status, body } = await answer(`${url}/health`);
    expect({ status, state: body.state }).toEqual({ status: 200, state: 'ready' });
    expect(body.memory.rss).toBeGreaterThan(2 ** 20);
  });

  test('broken, and why', async () => {
    const folder = path.join(scratch, 'broken');
    fs.cpSync(await digits(), folder, { recursive: true });
    fs.appendFileSync(path.join(folder, 'full.onnx'), 'x');
    const { url, loaded } = await listen(folder);
    await expect(loaded).rejects.toThrow();
    expect(await answer(`${url}/health`)).toMatchObject({
      status: 503,
      body: { state: 'broken', error: { code: 'SCHEDULE_HASH_MISMATCH' } },
    });
    expect(await post(url)).toMatchObject({
      status: 503,
      body: { error: { code: 'SCHEDULE_HASH_MISMATCH' } },
    });
  });

  test('counts the bytes of states as they are', async () => {
    const folder = await digits();
    const session = await openBundle(folder);
    const labels = new Tensor('int64', BigInt64Array.of(3n, 10n), [2]);
    await session.run({
      sample: new Tensor('float32', new Float32Array(512), [2, 1, 16, 16]),
      timestep: new Tensor('int64', BigInt64Array.of(999n, 999n), [2]),
      class_labels: labels,
    });
    const { states } = await session.save();
    await session.release();
    const bytes = Object.values(states)
      .map(({ data }) => (data as Float32Array).byteLength)
      .reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(imageSizes(await readSchedule(folder), true).stateBytes).toBe(bytes);
  });
});

describe('stopping', () => {
  test('ends what was accepted, lets it be fetched, and refuses what is new', async () => {
    const server = await listen(await digits(), '--images', '1');
    await server.loaded;
    const { url } = server;
    const [first, second] = [await submitted(url, { ...IMAGE, steps: 40 }), await submitted(url)];
    const stopped = server.stop();
    expect(await answer(`${url}/health`)).toMatchObject({
      status: 503,
      body: { state: 'stopping' },
    });
    expect(await post(url)).toMatchObject({ status: 503, body: { error: { code: 'STOPPING' } } });
    for (const image of [first, second]) {
      await untilState(image, 'done');
      expect(await bytesAt(`${image}/latent.npy`)).toHaveLength(128 + 4 * 16 * 16);
    }
    await stopped;
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  test('waits for nobody longer than it was told', async () => {
    const server = await listen(await digits(), '--images', '1', '--grace', '0.2');
    await server.loaded;
    await submitted(server.url, LONG);
    await submitted(server.url, LONG);
    const events = answer(`${await submitted(server.url, LONG)}/events`);
    await server.stop();
    expect((await events).body).toContain('"cancelled"');
  });
});
