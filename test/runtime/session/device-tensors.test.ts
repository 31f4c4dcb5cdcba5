/**
 * Who frees tensors on a device: an engine made of plain objects counts them, since no GPU is
 * needed to see whether every buffer is freed once and none while it is still in use.
 */
import type { InferenceSession, OnnxValue } from 'onnxruntime-common';
import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import {
  type DenoiserImage,
  type Engine,
  ScheduledSession,
} from '../../../src/runtime/session/index.js';
import { chain, outputIsState, type TinyBundle, withRoles } from './tiny-bundles.js';

class Device {
  readonly live = new Set<number>();
  readonly options: InferenceSession.SessionOptions[] = [];
  failNext = false;
  /** Copies to the host, and where what models were fed for states lay. */
  downloads = 0;
  readonly statesFed: string[] = [];
  #made = 0;

  tensor(): Tensor {
    this.#made += 1;
    const id = this.#made;
    this.live.add(id);
    return Tensor.fromGpuBuffer({} as never, {
      dataType: 'float32',
      dims: [1, 2],
      download: async () => {
        this.downloads += 1;
        return Float32Array.of(1, 2);
      },
      dispose: () => {
        if (!this.live.delete(id)) throw new Error(`buffer ${id} freed twice`);
      },
    }) as unknown as Tensor;
  }

  /** An engine whose models have the given names and whose every result lies on the device. */
  engine(names: Record<string, { inputs: string[]; outputs: string[] }>): Engine {
    const create = async (file: string, options: InferenceSession.SessionOptions) => {
      this.options.push(options);
      return {
        inputNames: names[file]!.inputs,
        outputNames: names[file]!.outputs,
        release: async () => {},
        run: async (feeds: Record<string, Tensor>, fetches: Record<string, OnnxValue | null>) => {
          for (const feed of Object.values(feeds))
            if (feed.location === 'none') throw new Error('a freed tensor was fed');
          if (feeds['deep_in']) this.statesFed.push(feeds['deep_in'].location);
          if (this.failNext && file === 'join.onnx') throw new Error('out of memory');
          return Object.fromEntries(Object.keys(fetches).map((name) => [name, this.tensor()]));
        },
      };
    };
    return { Tensor, InferenceSession: { create } } as unknown as Engine;
  }
}

const CHAIN = {
  'deep.onnx': { inputs: ['x'], outputs: ['deep'] },
  'join.onnx': { inputs: ['t', 'deep_in'], outputs: ['y'] },
};

const open = (device: Device, tiny: TinyBundle, names: Parameters<Device['engine']>[0]) =>
  ScheduledSession.create(
    device.engine(names),
    { schedule: tiny.schedule, open: (file) => file },
    { stateLocation: 'gpu-buffer' },
  );
const feeds = () => ({
  x: new Tensor('float32', [1, 2], [1, 2]),
  t: new Tensor('float32', [0], [1]),
});

describe('tensors on a device', () => {
  it('keeps a state until it is replaced, and frees everything but the results', async () => {
    const device = new Device();
    const session = await open(device, chain(), CHAIN);
    for (let call = 0; call < 4; call += 1) {
      const { y } = await session.run(feeds());
      (y as Tensor).dispose();
      expect(device.live.size).toBe(1);
    }
    session.reset();
    expect(device.live.size).toBe(0);
    await session.run(feeds()).then(({ y }) => (y as Tensor).dispose());
    await session.release();
    expect(device.live.size).toBe(0);
  });

  it('frees what a failed call made, and nothing else', async () => {
    const device = new Device();
    const session = await open(device, chain(), CHAIN);
    device.failNext = true;
    await expect(session.run(feeds())).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(device.live.size).toBe(0);
  });

  it('keeps no tensor that the caller may free', async () => {
    const device = new Device();
    const session = await open(device, outputIsState(), {
      'full.onnx': { inputs: ['x', 't'], outputs: ['y'] },
      'shallow.onnx': { inputs: ['deep_in'], outputs: ['y'] },
    });
    for (let call = 0; call < 2; call += 1) {
      const { y } = await session.run(feeds());
      (y as Tensor).dispose();
    }
    expect(device.live.size).toBe(0);
  });

  it('leaves an output that is a state too where the caller wants it', async () => {
    const device = new Device();
    await open(device, outputIsState(), {
      'full.onnx': { inputs: ['x', 't'], outputs: ['y'] },
      'shallow.onnx': { inputs: ['deep_in'], outputs: ['y'] },
    });
    expect(device.options.map((options) => options.preferredOutputLocation)).toEqual([{}, {}]);
  });

  it('frees nothing that another state holds, and all of it in the end', async () => {
    const device = new Device();
    const { schedule, files } = chain();
    const [deep, join] = schedule.programs.full!.runs;
    const { deep: state } = schedule.states;
    const twice: TinyBundle = {
      files,
      schedule: {
        ...schedule,
        states: { ...schedule.states, twin: state! },
        programs: {
          full: { runs: [{ ...deep!, writes: { deep: 'deep', twin: 'deep' } }, join!] },
          // writes one of the two anew, and the other is still there
          renewed: { runs: [deep!, join!] },
          twin: { runs: [{ model: 'join', reads: { deep_in: 'twin' } }] },
          shallow: { runs: [{ model: 'join', reads: { deep_in: 'deep' } }] },
        },
        calls: ['full', 'renewed', 'twin', 'shallow', 'full'],
      },
    };
    const session = await open(device, twice, CHAIN);
    const held: number[] = [];
    for (let call = 0; call < 5; call += 1) {
      const { y } = await session.run(feeds());
      (y as Tensor).dispose();
      held.push(device.live.size);
    }
    expect(held).toEqual([1, 2, 2, 2, 1]);
    session.reset();
    expect(device.live.size).toBe(0);
  });

  it('keeps the states of every image there, and copies none to the host', async () => {
    const device = new Device();
    const session = await open(device, chain(), CHAIN);
    const images = [session, session.image(), session.image(), session.image()];
    const call = async (image: DenoiserImage) => {
      const { y } = await image.run(feeds());
      (y as Tensor).dispose();
    };
    for (let made = 1; made <= 4; made += 1) {
      await Promise.all(images.map(call));
      expect(device.live.size).toBe(4);
    }
    // call 0 and 3 hand it on within the call, calls 1 and 2 read it
    expect(device.statesFed).toEqual(Array(16).fill('gpu-buffer'));
    const [, reset, released, failing] = images;
    reset!.reset();
    expect(device.live.size).toBe(3);
    await released!.release();
    expect(device.live.size).toBe(2);
    failing!.reset();
    device.failNext = true;
    await expect(failing!.run(feeds())).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(device.live.size).toBe(1);
    device.failNext = false;
    await call(failing!);
    expect(device.live.size).toBe(2);
    await session.release();
    expect([device.live.size, device.downloads]).toEqual([0, 0]);
  });

  it('frees the states of the image before one that begins by itself', async () => {
    const device = new Device();
    const session = await open(device, withRoles(chain()), CHAIN);
    for (const t of [40, 30, 20, 40, 30]) {
      const { y } = await session.run({ ...feeds(), t: new Tensor('float32', [t], [1]) });
      (y as Tensor).dispose();
      expect(device.live.size).toBe(1);
    }
    expect(session.callIndex).toBe(2);
    await session.release();
    expect(device.live.size).toBe(0);
  });

  it('frees all of an image that follows another schedule', async () => {
    const device = new Device();
    const tiny = chain();
    const session = await open(device, tiny, CHAIN);
    const image = session.image();
    await image.run(feeds()).then(({ y }) => (y as Tensor).dispose());
    image.follow({ ...tiny.schedule, calls: ['full'] });
    expect(device.live.size).toBe(0);
    await session.release();
  });

  it('copies a state once to save it, and holds it there again when a call has written it', async () => {
    const device = new Device();
    const session = await open(device, chain(), CHAIN);
    await session.run(feeds()).then(({ y }) => (y as Tensor).dispose());
    const saved = structuredClone(await session.save());
    expect(saved.states['deep']).toMatchObject({ data: Float32Array.of(1, 2), dims: [1, 2] });
    // it has come to memory, and left nothing behind
    expect([device.live.size, device.downloads]).toEqual([0, 1]);
    session.restore(saved);
    device.statesFed.length = 0;
    for (let call = 1; call < 4; call += 1)
      await session.run(feeds()).then(({ y }) => (y as Tensor).dispose());
    // calls 1 and 2 read what was restored, call 3 computes it anew
    expect(device.statesFed).toEqual(['cpu', 'cpu', 'gpu-buffer']);
    expect([device.live.size, device.downloads]).toEqual([1, 1]);
    await session.release();
    expect(device.live.size).toBe(0);
  });

  it('asks for states on the device and leaves the outputs alone', async () => {
    const device = new Device();
    await open(device, chain(), CHAIN);
    expect(device.options.map((options) => options.preferredOutputLocation)).toEqual([
      { deep: 'gpu-buffer' },
      {},
    ]);
  });
});
