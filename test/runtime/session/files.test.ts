/** Bundles in folders and at addresses: what is read, and what is refused. */

import { rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openBundle } from '../../../src/runtime/node/index.js';
import { bundleFromUrl, ScheduledSession } from '../../../src/runtime/session/index.js';
import { keepTo } from '../../helpers/kept-processors.js';
import { split, splitExternal, writeTiny } from './tiny-bundles.js';

web.env.wasm.numThreads = 1;

const feeds = () => ({
  x: new ort.Tensor('float32', Float32Array.of(1, 2), [1, 2]),
  t: new ort.Tensor('float32', Float32Array.of(10), [1]),
});
const numbers = (value: unknown) => [...((value as ort.Tensor).data as Float32Array)];

describe('a bundle in a folder', () => {
  it('runs with its weights beside it', async () => {
    const session = await openBundle(await writeTiny(splitExternal()));
    expect(numbers((await session.run(feeds())).y)).toEqual([12, 14]);
    await session.release();
  });

  it('asks the engine for its states where they are wanted', async () => {
    const asked: unknown[] = [];
    const create = (file: string, options?: ort.InferenceSession.SessionOptions) => {
      const { preferredOutputLocation, ...rest } = options!;
      asked.push(preferredOutputLocation);
      return ort.InferenceSession.create(file, rest);
    };
    const engine = { Tensor: ort.Tensor, InferenceSession: { create } } as never;
    const folder = await writeTiny(split());
    const session = await openBundle(folder, { ort: engine, stateLocation: 'gpu-buffer' });
    expect(asked).toEqual([{ deep: 'gpu-buffer' }, {}]);
    await session.release();
  });

  it.each([
    ['as many threads as processors that the process is kept to', {}, 3],
    ['as many as are asked for', { sessionOptions: { intraOpNumThreads: 2 } }, 2],
  ])('has %s', async (_, options, threads) => {
    keepTo(3);
    const create = vi.spyOn(ort.InferenceSession, 'create');
    try {
      await (await openBundle(await writeTiny(split()), options)).release();
      const asked = create.mock.calls.map((given) => given.at(-1));
      expect(asked.length).toBeGreaterThan(0);
      for (const one of asked) expect(one).toMatchObject({ intraOpNumThreads: threads });
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('is refused when a model is not the one of the schedule', async () => {
    const tiny = split();
    const folder = await writeTiny(tiny);
    // One byte of the model's own text more: still a model that would load.
    await writeFile(
      join(folder, 'full.onnx'),
      Buffer.concat([tiny.files['full.onnx']!, Buffer.from([0x32, 1, 0x61])]),
    );
    await expect(openBundle(folder)).rejects.toMatchObject({
      code: 'SCHEDULE_HASH_MISMATCH',
      details: { file: join(folder, 'full.onnx'), path: '/models/full/sha256' },
    });
    const session = await openBundle(folder, { verifyHashes: false });
    await session.release();
  });

  it('is refused when the weights are cut short', async () => {
    const folder = await writeTiny(splitExternal());
    await truncate(join(folder, 'weights.bin'), 4);
    await expect(openBundle(folder)).rejects.toMatchObject({
      code: 'SCHEDULE_WEIGHTS_SIZE',
      message: expect.stringMatching(/4 bytes.* 8/),
    });
  });

  it.each(['weights.bin', 'full.onnx'])('is refused when %s is a link out of it', async (name) => {
    const folder = await writeTiny(splitExternal());
    const elsewhere = await writeTiny(splitExternal());
    await rm(join(folder, name));
    await symlink(join(elsewhere, name), join(folder, name));
    // the bytes are the right ones, and the schedule knows their hash
    await expect(openBundle(folder)).rejects.toMatchObject({
      code: 'SCHEDULE_FILE_ESCAPES',
      details: { file: join(folder, name) },
    });
  });

  it('may be a link itself, and hold links to its own files', async () => {
    const folder = await writeTiny(splitExternal());
    const elsewhere = await writeTiny(split());
    await symlink(folder, join(elsewhere, 'linked'));
    await rename(join(folder, 'full.onnx'), join(folder, 'real.onnx'));
    await symlink('real.onnx', join(folder, 'full.onnx'));
    await (await openBundle(join(elsewhere, 'linked'))).release();
  });

  it.each(['../secret', '/etc/passwd', 'link'])(
    'runs no model whose weights lie in %s',
    async (location) => {
      const folder = await writeTiny(splitExternal(location));
      const outside = await writeTiny(splitExternal());
      await symlink(join(outside, 'weights.bin'), join(folder, 'link'));
      await expect(openBundle(folder)).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
    },
  );

  it('is refused when a file is missing', async () => {
    const folder = await writeTiny(split());
    await rm(join(folder, 'shallow.onnx'));
    await expect(openBundle(folder)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      details: { file: join(folder, 'shallow.onnx') },
    });
  });
});

describe('a bundle at an address', () => {
  const { schedule, files } = splitExternal();
  const server = createServer(({ url }, response) => {
    const name = url!.slice('/bundles/tiny/'.length);
    const body = name === 'schedule.json' ? JSON.stringify(schedule) : files[name];
    response.statusCode = body && url!.startsWith('/bundles/tiny/') ? 200 : 404;
    response.end(body);
  });
  let base = '';
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bundles`;
  });
  afterAll(() => server.close());

  it('runs on onnxruntime-web, weights included', async () => {
    const session = await ScheduledSession.create(web, await bundleFromUrl(`${base}/tiny`));
    expect(numbers((await session.run(feeds())).y)).toEqual([12, 14]);
    await session.release();
  });

  it.each(['..', '../tiny/full.onnx', '//127.0.0.1/x', 'http://127.0.0.1/x', '..\\x', '%2e%2e'])(
    'never asks for anything above it: %s',
    async (name) => {
      const asked: string[] = [];
      const note = ({ url }: { url?: string | undefined }) => asked.push(url!);
      server.on('request', note);
      const bundle = await bundleFromUrl(`${base}/tiny`);
      await expect(bundle.open(name)).rejects.toMatchObject({
        code: expect.stringMatching(/^(SCHEDULE_FILE_ESCAPES|FETCH_FAILED)$/),
      });
      server.off('request', note);
      expect(asked.filter((url) => !/^\/bundles\/tiny\/[^/]+$/.test(url))).toEqual([]);
    },
  );

  it('says which address could not be fetched', async () => {
    await expect(bundleFromUrl(`${base}/none/`)).rejects.toMatchObject({
      code: 'FETCH_FAILED',
      message: expect.stringContaining(`${base}/none/schedule.json`),
    });
  });
});
