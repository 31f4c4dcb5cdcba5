/** The runtime on both engines. Expected numbers are computed by hand from y = 2 x + t. */
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Bundle,
  type CallInfo,
  type Engine,
  ScheduledSession,
  type ScheduledSessionOptions,
} from '../../../src/runtime/session/index.js';
import {
  chain,
  chosen,
  expected,
  merged,
  outputIsState,
  split,
  splitExternal,
  type TinyBundle,
  withRoles,
} from './tiny-bundles.js';

web.env.wasm.numThreads = 1;

const CALLS = [
  { x: [1, 2], t: 10 },
  { x: [3, 4], t: 20 },
  { x: [5, 6], t: 30 },
  { x: [7, 8], t: 40 },
];

const inMemory = ({ schedule, files }: TinyBundle): Bundle => ({
  schedule,
  open: (file) => files[file]!,
  externalData: (file) => files[file]!,
});

describe.each([
  ['onnxruntime-node', node as Engine],
  ['onnxruntime-web', web as Engine],
])('ScheduledSession on %s', (_, ort) => {
  const opened: ScheduledSession[] = [];
  afterEach(async () => {
    for (const session of opened.splice(0)) await session.release();
  });
  const open = async (tiny: TinyBundle, options?: ScheduledSessionOptions) => {
    const session = await ScheduledSession.create(ort, inMemory(tiny), options);
    opened.push(session);
    return session;
  };
  const feeds = (x: number[], t: number) => ({
    x: new ort.Tensor('float32', Float32Array.from(x), [x.length / 2, 2]),
    t: new ort.Tensor('float32', Float32Array.of(t), [1]),
  });
  const runAll = async (session: ScheduledSession) => {
    const results: number[][] = [];
    for (const { x, t } of CALLS) {
      const { y } = await session.run(feeds(x, t));
      results.push([...((y as node.Tensor).data as Float32Array)]);
    }
    return results;
  };

  it.each([
    ['split', split],
    ['split, external weights', splitExternal],
    ['merged', merged],
    ['chain', chain],
  ])('runs the schedule, twice with reset() between: %s', async (_name, make) => {
    const session = await open(make());
    expect(await runAll(session)).toEqual(expected(CALLS));
    session.reset();
    expect(await runAll(session)).toEqual(expected(CALLS));
  });

  it('has the surface of the source model', async () => {
    const session = await open(split());
    expect(session.inputNames).toEqual(['x', 't']);
    expect(session.outputNames).toEqual(['y']);
    expect(session.inputMetadata[0]).toEqual({
      name: 'x',
      isTensor: true,
      type: 'float32',
      shape: ['batch', 2],
    });
    expect(session.outputMetadata).toHaveLength(1);
  });

  it('tells its place in the schedule', async () => {
    const calls: CallInfo[] = [];
    const session = await open(split(), { load: 'lazy', onCall: (info) => calls.push(info) });
    expect([session.callIndex, session.program]).toEqual([0, 'full']);
    await session.run(feeds([1, 2], 0));
    expect([session.callIndex, session.program]).toEqual([1, 'shallow']);
    expect(calls.map(({ call, program }) => [call, program])).toEqual([[0, 'full']]);
    session.reset();
    expect([session.callIndex, session.program]).toEqual([0, 'full']);
  });

  it('refuses a call after the last one', async () => {
    const session = await open(split());
    await runAll(session);
    await expect(session.run(feeds([1, 2], 0))).rejects.toMatchObject({
      code: 'SCHEDULE_EXHAUSTED',
      details: { hint: expect.stringContaining('reset()') },
    });
  });

  it('keeps states over a call that fails, so that it can be made again', async () => {
    const session = await open(chain());
    await session.run(feeds([1, 2], 10));
    for (let i = 1; i < 3; i += 1) await session.run(feeds([0, 0], 0));
    // Call 3 writes the state in its first run; its second run fails on a t that does not broadcast.
    const wrong = { ...feeds([7, 8], 0), t: new ort.Tensor('float32', new Float32Array(3), [3]) };
    await expect(session.run(wrong)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(session.callIndex).toBe(3);
    const { y } = await session.run(feeds([7, 8], 40));
    expect([...((y as node.Tensor).data as Float32Array)]).toEqual([54, 56]);
  });

  it('keeps the state of a failed reuse call', async () => {
    const session = await open(split());
    await session.run(feeds([1, 2], 10));
    const wrong = { ...feeds([3, 4], 0), t: new ort.Tensor('float32', new Float32Array(3), [3]) };
    await expect(session.run(wrong)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    const { y } = await session.run(feeds([3, 4], 20));
    expect([...((y as node.Tensor).data as Float32Array)]).toEqual([22, 24]);
  });

  it('refuses feeds of another batch than the state was made with', async () => {
    const session = await open(merged(), { newImage: 'reset' });
    await session.run(feeds([1, 2], 10));
    await expect(session.run(feeds([1, 2, 3, 4], 10))).rejects.toMatchObject({
      code: 'STATE_SHAPE_CHANGED',
      message: expect.stringMatching(/batch = 1; now batch is 2/),
    });
    session.reset();
    const { y } = await session.run(feeds([1, 2, 3, 4], 10));
    expect((y as node.Tensor).dims).toEqual([2, 2]);
  });

  describe('an image that begins without reset()', () => {
    // so large that a state of the other image would show
    const IMAGE = [
      { x: [1, 2], t: 40 },
      { x: [3, 4], t: 30 },
      { x: [5, 6], t: 20 },
      { x: [7, 8], t: 10 },
    ];
    const OTHER = IMAGE.map(({ x, t }) => ({ x: x.map((value) => 1000 * value), t }));
    const results = async (session: ScheduledSession, calls: typeof IMAGE) => {
      const found: number[][] = [];
      for (const { x, t } of calls)
        found.push([...(((await session.run(feeds(x, t))).y as node.Tensor).data as Float32Array)]);
      return found;
    };

    it.each(
      [1, 2, 3].flatMap((calls) => [
        ['split', split, calls] as const,
        ['chain', chain, calls] as const,
      ]),
    )(
      'is what it would be by itself, or refused: %s, the one before left after %i calls',
      async (_name, make, calls) => {
        const session = await open(withRoles(make()));
        await results(session, IMAGE.slice(0, calls));
        if (calls > 1) expect(await results(session, OTHER)).toEqual(expected(OTHER));
        else
          await expect(results(session, OTHER)).rejects.toMatchObject({
            code: 'SESSION_IMAGES_MIXED',
            message: expect.stringContaining('timestep 30 after 40'),
          });
      },
    );

    it('is what it would be by itself, of another size and without any timestep known', async () => {
      const session = await open(split());
      await results(session, IMAGE.slice(0, 2));
      const wide = OTHER.map(({ x, t }) => ({ x: [...x, 1, 2], t }));
      expect(await results(session, wide)).toEqual(expected(wide));
      expect(session.callIndex).toBe(4);
    });

    it('follows one that was finished', async () => {
      const calls: number[] = [];
      const session = await open(withRoles(merged()), { onCall: ({ call }) => calls.push(call) });
      expect(await results(session, IMAGE)).toEqual(expected(IMAGE));
      expect(await results(session, OTHER)).toEqual(expected(OTHER));
      expect(calls).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    });

    it('leaves the one before as it is when its first call fails', async () => {
      const session = await open(withRoles(split()));
      await results(session, IMAGE.slice(0, 2));
      const wrong = {
        ...feeds([1, 2], 40),
        x: new ort.Tensor('float32', new Float32Array(3), [1, 3]),
      };
      await expect(session.run(wrong)).rejects.toMatchObject({ code: 'RUN_FAILED' });
      expect(session.callIndex).toBe(2);
      expect(await results(session, IMAGE.slice(2))).toEqual(expected(IMAGE).slice(2));
    });

    it("is refused with 'error', and not looked for with 'reset'", async () => {
      const strict = await open(withRoles(split()), { newImage: 'error' });
      await results(strict, IMAGE.slice(0, 2));
      await expect(results(strict, OTHER)).rejects.toMatchObject({
        code: 'SESSION_NEW_IMAGE',
        details: { data: { call: 2, before: 30, now: 40 } },
      });
      strict.reset();
      expect(await results(strict, OTHER)).toEqual(expected(OTHER));
      const told = await open(withRoles(split()), { newImage: 'reset' });
      expect(await results(told, [...IMAGE.slice(0, 2), ...OTHER.slice(0, 2)])).toEqual(
        expected([...IMAGE.slice(0, 2), ...OTHER.slice(0, 2)]),
      );
    });
  });

  describe('tensors to write into', () => {
    const into = (dims: number[], type = 'float32' as const) =>
      new ort.Tensor(type, new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);

    it('are filled and given back, and no state is', async () => {
      const session = await open(outputIsState());
      const y = into([1, 2]);
      const outputs = await session.run(feeds([1, 2], 10), { y });
      expect(outputs.y).toBe(y);
      expect([...(y.data as Float32Array)]).toEqual([12, 14]);
      (y.data as Float32Array).fill(-1);
      const again = await session.run(feeds([0, 0], 0), { y }, { tag: 'again' });
      expect([...((again.y as node.Tensor).data as Float32Array)]).toEqual([12, 14]);
    });

    it('of another shape or type, or for no output, are refused before anything changes', async () => {
      const session = await open(split());
      const wrong: [object, string][] = [
        [{ y: into([2, 1]) }, '[1, 2], the tensor to write it into [2, 1]'],
        [{ y: new ort.Tensor('float64', new Float64Array(2), [1, 2]) }, 'float32'],
        [{ z: into([1, 2]) }, '"z" is no output'],
        [into([1, 2]), 'without the name'],
      ];
      for (const [fetches, message] of wrong)
        await expect(session.run(feeds([1, 2], 10), fetches as never)).rejects.toMatchObject({
          code: 'FETCH_INVALID',
          message: expect.stringContaining(message),
        });
      expect(session.callIndex).toBe(0);
    });
  });

  it('feeds an input that nothing looks at no state of another size', async () => {
    const session = await open(chosen());
    for (const { x, t } of CALLS.slice(0, 3)) await session.run(feeds([...x, ...x, ...x], t));
    // the fourth call computes, and takes the value that it does not choose along: of three rows, with two
    const { y } = await session.run(feeds([1, 2, 3, 4], 10));
    expect([...((y as node.Tensor).data as Float32Array)]).toEqual([12, 14, 16, 18]);
  });

  it('refuses overlapping calls and reset() during one', async () => {
    const session = await open(split());
    const first = session.run(feeds([1, 2], 10));
    await expect(session.run(feeds([1, 2], 10))).rejects.toMatchObject({ code: 'SESSION_BUSY' });
    expect(() => session.reset()).toThrow(expect.objectContaining({ code: 'SESSION_BUSY' }));
    await first;
    expect(session.callIndex).toBe(1);
  });

  it('waits with release() for the call in progress and refuses use afterwards', async () => {
    const session = await open(split());
    const first = session.run(feeds([1, 2], 10));
    await session.release();
    await expect(first).resolves.toHaveProperty('y');
    await expect(session.run(feeds([1, 2], 10))).rejects.toMatchObject({
      code: 'SESSION_RELEASED',
    });
  });

  it('names a missing feed, also one that the program does not look at', async () => {
    const session = await open(split());
    await session.run(feeds([1, 2], 10));
    const { t } = feeds([1, 2], 10);
    await expect(session.run({ t })).rejects.toMatchObject({
      code: 'FEED_MISSING',
      details: { value: 'x' },
    });
  });

  it('takes fetches as a list, as an object, and refuses unknown ones', async () => {
    const session = await open(split());
    expect(Object.keys(await session.run(feeds([1, 2], 0), ['y']))).toEqual(['y']);
    expect(Object.keys(await session.run(feeds([1, 2], 0), { y: null }))).toEqual(['y']);
    await expect(session.run(feeds([1, 2], 0), ['deep'])).rejects.toMatchObject({
      code: 'FETCH_INVALID',
    });
    await expect(session.run(feeds([1, 2], 0), [])).rejects.toMatchObject({
      code: 'FETCH_INVALID',
    });
    expect(Object.keys(await session.run(feeds([1, 2], 0), { tag: 'a' }))).toEqual(['y']);
  });

  it('is not disturbed by a caller that overwrites a result which is a state too', async () => {
    const session = await open(outputIsState());
    const { y } = await session.run(feeds([1, 2], 10));
    ((y as node.Tensor).data as Float32Array).fill(-1);
    const again = await session.run(feeds([0, 0], 0));
    expect([...((again.y as node.Tensor).data as Float32Array)]).toEqual([12, 14]);
  });

  it('names a model that does not fit the schedule', async () => {
    const tiny = split();
    const swapped = { ...tiny.files, 'shallow.onnx': tiny.files['full.onnx']! };
    await expect(open({ ...tiny, files: swapped })).rejects.toMatchObject({
      code: 'SCHEDULE_MODEL_MISMATCH',
      message: expect.stringContaining('no input "deep_in"'),
    });
  });

  it('names a model that the engine cannot load', async () => {
    const tiny = split();
    const damaged = { ...tiny.files, 'full.onnx': new Uint8Array([1, 2, 3]) };
    await expect(open({ ...tiny, files: damaged })).rejects.toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      details: { file: 'full.onnx' },
    });
  });
});

describe('sessions of the engine', () => {
  it('loads each model once, and lazily only when its program is first called', async () => {
    const loaded: string[] = [];
    const tiny = chain();
    const bundle: Bundle = {
      schedule: JSON.stringify(tiny.schedule),
      open: (file) => {
        loaded.push(file);
        return tiny.files[file]!;
      },
    };
    const eager = await ScheduledSession.create(node, bundle);
    expect(loaded).toEqual(['deep.onnx', 'join.onnx']);
    await eager.release();
    loaded.length = 0;
    const lazy = await ScheduledSession.create(node, bundle, { load: 'lazy' });
    expect(loaded).toEqual([]);
    await lazy.release();
  });
});
