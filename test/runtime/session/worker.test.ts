/**
 * A bundle opened in a worker thread. The worker is built JavaScript, so these tests need a build
 * that is not older than the sources (`npm run build`; `npm ci` makes one).
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { serialize } from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBundle } from '../../../src/runtime/node/index.js';
import {
  RemoteSession,
  ScheduledSession,
  serveSession,
} from '../../../src/runtime/session/index.js';
import type { MessagePortLike } from '../../../src/runtime/session/messages.js';
import { requireBuilt } from './built.js';
import {
  expected,
  merged,
  slow,
  split,
  type TinyBundle,
  withRoles,
  writeTiny,
} from './tiny-bundles.js';

const feeds = (x: number[], t: number) => ({
  x: new ort.Tensor('float32', Float32Array.from(x), [x.length / 2, 2]),
  t: new ort.Tensor('float32', Float32Array.of(t), [1]),
});
const numbers = (value: unknown) => [...((value as ort.Tensor).data as Float32Array)];

beforeAll(requireBuilt);

describe('openBundle in a worker', () => {
  it('gives what a session in this thread gives', async () => {
    const session = await openBundle(await writeTiny(merged()), { worker: true });
    const calls = [
      { x: [1, 2], t: 10 },
      { x: [3, 4], t: 20 },
      { x: [5, 6], t: 30 },
      { x: [7, 8], t: 40 },
    ];
    for (let image = 0; image < 2; image += 1) {
      const results: number[][] = [];
      for (const { x, t } of calls) results.push(numbers((await session.run(feeds(x, t))).y));
      expect(results).toEqual(expected(calls));
      session.reset();
    }
    await session.release();
  });

  it('leaves the event loop free during a run', async () => {
    const session = await openBundle(await writeTiny(slow()), { worker: true });
    let turns = 0;
    let ended = false;
    const turn = () => {
      turns += 1;
      if (!ended) setImmediate(turn);
    };
    setImmediate(turn);
    await session.run(feeds([1, 2], 1));
    ended = true;
    // In this thread the loop turns only a few times around the blocking call.
    expect(turns).toBeGreaterThan(100);
    await session.release();
  });

  it('leaves the feeds with the caller, and takes them out of shared memory', async () => {
    const session = await openBundle(await writeTiny(split()), { worker: true });
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([1, 2]);
    const given = { ...feeds([0, 0], 10), x: new ort.Tensor('float32', shared, [1, 2]) };
    expect(numbers((await session.run(given)).y)).toEqual([12, 14]);
    expect(numbers(given.t)).toEqual([10]);
    await session.release();
  });

  it('carries errors over with code and details, and can be used after them', async () => {
    const session = await openBundle(await writeTiny(split()), { worker: true });
    await session.run(feeds([1, 2], 10));
    const wrong = { ...feeds([1, 2], 0), t: new ort.Tensor('float32', new Float32Array(3), [3]) };
    await expect(session.run(wrong)).rejects.toMatchObject({
      name: 'StepfoldError',
      code: 'RUN_FAILED',
      details: { file: 'shallow.onnx' },
    });
    expect(session.callIndex).toBe(1);
    expect(numbers((await session.run(feeds([9, 9], 20))).y)).toEqual([22, 24]);
    await session.release();
  });

  it('fills tensors that it is given to write into', async () => {
    const session = await openBundle(await writeTiny(split()), { worker: true });
    const y = new ort.Tensor('float32', new Float32Array(2), [1, 2]);
    const outputs = await session.run(feeds([1, 2], 10), { y }, { tag: 'filled' });
    expect(outputs.y).toBe(y);
    expect(numbers(y)).toEqual([12, 14]);
    expect(Object.keys(await session.run(feeds([1, 2], 10), ['y']))).toEqual(['y']);
    expect(numbers((await session.run(feeds([1, 2], 20), { y: null })).y)).toEqual([22, 24]);
    const small = new ort.Tensor('float32', new Float32Array(1), [1, 1]);
    const device = ort.Tensor.fromGpuBuffer({} as never, { dataType: 'float32', dims: [1, 2] });
    const refused: [unknown, object, string][] = [
      [{ y: small }, {}, 'FETCH_INVALID'],
      [{ y: device }, {}, 'TENSOR_NOT_TRANSFERABLE'],
      [['y'], { extra: { progress: () => 1 } }, 'FETCH_INVALID'],
    ];
    for (const [fetches, options, code] of refused)
      await expect(session.run(feeds([1, 2], 10), fetches as never, options)).rejects.toMatchObject(
        { code },
      );
    expect(session.callIndex).toBe(3);
    expect(numbers((await session.run(feeds([1, 2], 30))).y)).toEqual([32, 34]);
    await session.release();
  });

  it('begins images as a session in this thread does', async () => {
    const folder = await writeTiny(withRoles(split()));
    const image = [40, 30, 20, 10].map((t, i) => ({ x: [i + 1, i + 2], t }));
    const other = image.map(({ x, t }) => ({ x: x.map((value) => 100 * value), t }));
    const session = await openBundle(folder, { worker: true });
    for (const { x, t } of image.slice(0, 3)) await session.run(feeds(x, t));
    // one that fails changes nothing on either side
    const wrong = {
      ...feeds([1, 2], 40),
      x: new ort.Tensor('float32', new Float32Array(3), [1, 3]),
    };
    await expect(session.run(wrong)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(session.callIndex).toBe(3);
    const results: number[][] = [];
    for (const { x, t } of other) results.push(numbers((await session.run(feeds(x, t))).y));
    expect(results).toEqual(expected(other));
    await session.release();
    const strict = await openBundle(folder, { worker: true, newImage: 'error' });
    expect(strict.newImage).toBe('error');
    for (const { x, t } of image.slice(0, 3)) await strict.run(feeds(x, t));
    await expect(strict.run(feeds([1, 2], 40))).rejects.toMatchObject({
      code: 'SESSION_NEW_IMAGE',
    });
    await strict.release();
  });

  it('tells why a bundle could not be opened', async () => {
    await expect(openBundle('/nowhere', { worker: true })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    const folder = await writeTiny(split());
    await writeFile(join(folder, 'full.onnx'), 'another');
    await expect(openBundle(folder, { worker: true })).rejects.toMatchObject({
      code: 'SCHEDULE_HASH_MISMATCH',
    });
  });

  it('runs two bundles at once', async () => {
    const open = async (tiny: TinyBundle) => openBundle(await writeTiny(tiny), { worker: true });
    const sessions = await Promise.all([open(split()), open(merged())]);
    const results = await Promise.all(sessions.map((session) => session.run(feeds([1, 2], 10))));
    expect(results.map(({ y }) => numbers(y))).toEqual([
      [12, 14],
      [12, 14],
    ]);
    await Promise.all(sessions.map((session) => session.release()));
  });

  it('lets the process end though nobody released it', async () => {
    const opener = pathToFileURL(resolve('dist/src/runtime/node/index.js'));
    const folder = await writeTiny(split());
    const script = `const { openBundle } = await import(${JSON.stringify(opener.href)});
      const { program } = await openBundle(${JSON.stringify(folder)}, { worker: true });
      console.log(program);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script],
      { timeout: 60_000 },
    );
    expect(stdout.trim()).toBe('full');
  });

  it('carries an image into another process', async () => {
    const folder = await writeTiny(merged());
    const session = await openBundle(folder, { worker: true });
    const calls = [40, 30, 20, 10].map((t, i) => ({ x: [i + 1, 100 * i], t }));
    for (const { x, t } of calls.slice(0, 2)) await session.run(feeds(x, t));
    const file = join(folder, 'image.v8');
    await writeFile(file, serialize(await session.save()));
    await session.release();
    const built = (name: string) => JSON.stringify(pathToFileURL(resolve('dist/src', name)).href);
    const script = `
    import fs from 'node:fs';
    import { deserialize } from 'node:v8';
    import { Tensor } from 'onnxruntime-node';
    const { openBundle } = await import(${built('runtime/node/index.js')});
    const session = await openBundle(${JSON.stringify(folder)});
    const image = session.image({ from: deserialize(fs.readFileSync(${JSON.stringify(file)})) });
    const made = [];
    for (const { x, t } of ${JSON.stringify(calls.slice(2))}) {
      const { y } = await image.run({
        x: new Tensor('float32', x, [x.length / 2, 2]),
        t: new Tensor('float32', [t], [1]),
      });
      made.push([...y.data]);
    }
    console.log(JSON.stringify(made));
    await session.release();`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script],
      { timeout: 60_000 },
    );
    expect(JSON.parse(stdout)).toEqual(expected(calls).slice(2));
  });

  it('takes no engine', async () => {
    const folder = await writeTiny(split());
    await expect(openBundle(folder, { worker: true, ort })).rejects.toMatchObject({
      code: 'WORKER_TAKES_NO_ENGINE',
    });
  });
});

describe('a session on a message port', () => {
  const serve = () => {
    const { port1, port2 } = new MessageChannel();
    const { schedule, files } = split();
    serveSession(ort, port2 as unknown as MessagePortLike, () =>
      ScheduledSession.create(ort, { schedule, open: (file) => files[file]! }),
    );
    return { port1, port: port1 as unknown as MessagePortLike };
  };

  it('works without a worker, beside messages of others', async () => {
    const { port1, port } = serve();
    const session = await RemoteSession.connect(ort, port);
    port1.postMessage({ type: 'not ours' });
    port1.postMessage(null);
    expect(numbers((await session.run(feeds([1, 2], 10))).y)).toEqual([12, 14]);
    await session.release();
    port1.close();
  });

  it('opens no image on the other side that is refused on this one', async () => {
    const { port1, port } = serve();
    const told: unknown[] = [];
    const counted: MessagePortLike = {
      addEventListener: (type, listener) => port.addEventListener(type, listener),
      removeEventListener: (type, listener) => port.removeEventListener(type, listener),
      start: () => port.start?.(),
      postMessage(message, transfer) {
        told.push((message as { kind: unknown }).kind);
        port.postMessage(message, transfer);
      },
    };
    const session = await RemoteSession.connect(ort, counted);
    expect(() => session.image({ branches: 0 })).toThrow();
    expect(() => session.image({ from: {} as never })).toThrow();
    const image = session.image();
    expect(numbers((await image.run(feeds([1, 2], 10))).y)).toEqual([12, 14]);
    await session.release();
    expect(told).toEqual(['hello', 'image', 'run', 'release', 'release']);
    port1.close();
  });

  it('takes what browsers have as a port', () => {
    // Checked by the compiler: a worker and a message port.
    const ports: (worker: Worker, port: globalThis.MessagePort) => MessagePortLike[] = (...both) =>
      both;
    expect(ports).toBeTypeOf('function');
  });

  it('rejects what waits when the other side is gone', async () => {
    const { port1, port } = serve();
    let leave = (_why: string) => {};
    const ended = new Promise<string>((resolve) => {
      leave = resolve;
    });
    const session = await RemoteSession.connect(ort, port, { ended });
    const image = session.image();
    const saved = await image.save();
    port1.close();
    const gone = { code: 'WORKER_ENDED' };
    const running = [session.run(feeds([1, 2], 10)), image.run(feeds([1, 2], 10))];
    leave('it crashed');
    for (const call of running) await expect(call).rejects.toMatchObject(gone);
    for (const one of [session, image]) {
      await expect(one.run(feeds([1, 2], 10))).rejects.toMatchObject(gone);
      await expect(one.save()).rejects.toMatchObject(gone);
      for (const use of [() => one.reset(), () => one.restore(saved)])
        expect(use).toThrow(expect.objectContaining(gone));
    }
    expect(() => session.image()).toThrow(expect.objectContaining(gone));
    await image.release();
    await session.release();
  }, 20_000);
});
