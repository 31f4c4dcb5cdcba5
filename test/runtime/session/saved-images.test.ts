/**
 * Images saved after each call, and gone on with elsewhere: expected is what the same calls give by hand, or bit for
 * bit in one go.
 */
import fc from 'fast-check';
import * as node from 'onnxruntime-node';
import { describe, expect, it, test } from 'vitest';
import { forecast, guidanceDelta } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import type { DenoiserImage, SavedImage } from '../../../src/runtime/session/index.js';
import { encodeLowered, scheduleOf } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { callsOfImage, type Fed, feeds, HOSTS, numbers } from './hosts.js';
import { expected, merged, split, type TinyBundle, withRoles } from './tiny-bundles.js';
import { remembered, remembering } from './tiny-loops.js';

const run = async (image: DenoiserImage, { x, t }: Fed) =>
  numbers((await image.run(feeds(x, t))).y);

async function runAll(image: DenoiserImage, calls: readonly Fed[]) {
  const made: number[][] = [];
  for (const fed of calls) made.push(await run(image, fed));
  return made;
}

const [here] = HOSTS;
const open = here![1];

/** What a message carries. */
const sent = (saved: SavedImage): SavedImage => structuredClone(saved);

describe.each(HOSTS)('an image saved on %s', (_, from) => {
  describe.each(HOSTS)('goes on on %s', (_, to) => {
    it.each([
      ['split', split, expected, 4],
      ['merged', merged, expected, 4],
      [
        'a history and parameters',
        remembering,
        (calls: Fed[]) => remembered(calls, remembering().schedule.calls),
        6,
      ],
    ])('after every call: %s', async (_name, make, oracle, count) => {
      const calls = callsOfImage(0, 1, count);
      const wanted = oracle(calls);
      const [source, target] = [await from(make()), await to(make())];
      const image = source.image();
      for (let made = 0; made <= count; made += 1) {
        const saved = sent(await image.save());
        expect(saved.callIndex).toBe(made);
        const rest = calls.slice(made);
        const goesOn = target.image({ from: saved });
        expect(goesOn.callIndex).toBe(made);
        expect(await runAll(goesOn, rest)).toEqual(wanted.slice(made));
        await goesOn.release();
        // the session's own image, whatever it was at
        target.restore(saved);
        expect(await runAll(target, rest)).toEqual(wanted.slice(made));
        if (made < count) expect(await run(image, calls[made]!)).toEqual(wanted[made]);
      }
    });
  });

  it('is what it was, whatever is done with the image or with it', async () => {
    const session = await from(split());
    const image = session.image();
    const [calls, others] = [callsOfImage(0), callsOfImage(1)];
    await run(image, calls[0]!);
    const saved = await image.save();
    const copy = sent(saved);
    await runAll(image, calls.slice(1));
    image.reset();
    expect(saved).toEqual(copy);
    const one = session.image({ from: saved });
    const two = session.image({ from: saved });
    for (const { data } of Object.values(saved.states)) (data as Float32Array).fill(-1);
    expect(await run(one, calls[1]!)).toEqual(expected(calls)[1]);
    // a branch: another way on from the same place
    const branch = [calls[0]!, ...others.slice(1)];
    expect(await runAll(two, others.slice(1))).toEqual(expected(branch).slice(1));
    expect(await runAll(one, calls.slice(2))).toEqual(expected(calls).slice(2));
  });

  it('goes on whatever else lies in it', async () => {
    const session = await from(split());
    const calls = callsOfImage(0);
    await run(session, calls[0]!);
    const saved = await session.save();
    const more = { note: () => 'nobody sends this' };
    const [deep] = Object.values(saved.states);
    session.restore({
      ...more,
      ...saved,
      schedule: { ...more, ...saved.schedule },
      states: { deep: { ...more, ...deep! } },
    } as SavedImage);
    expect(await run(session, calls[1]!)).toEqual(expected(calls)[1]);
  });

  it('cannot be had, or replaced, while a call is made', async () => {
    const session = await from(split());
    const image = session.image();
    const calls = callsOfImage(0);
    const busy = { code: 'SESSION_BUSY' };
    const empty = await image.save();
    const running = run(image, calls[0]!);
    await expect(image.save()).rejects.toMatchObject(busy);
    expect(() => image.restore(empty)).toThrow(expect.objectContaining(busy));
    await running;
    const saving = image.save();
    await expect(run(image, calls[1]!)).rejects.toMatchObject(busy);
    expect((await saving).callIndex).toBe(1);
    await image.release();
    await expect(image.save()).rejects.toMatchObject({ code: 'SESSION_IMAGE_RELEASED' });
    await session.release();
    expect(() => session.restore(empty)).toThrow(
      expect.objectContaining({ code: 'SESSION_RELEASED' }),
    );
  });

  it('still tells another image, and other sizes', async () => {
    const [source, target] = [await from(withRoles(split())), await from(withRoles(split()))];
    await runAll(source, callsOfImage(0).slice(0, 3));
    const saved = sent(await source.save());
    const mixed = target.image({ from: saved });
    await expect(mixed.run(feeds([1, 2], 35))).rejects.toMatchObject({
      code: 'SESSION_IMAGES_MIXED',
      details: { data: { call: 3, before: 20, now: 35 } },
    });
    expect(await runAll(mixed, callsOfImage(3))).toEqual(expected(callsOfImage(3)));
    const told = target.image({ newImage: 'reset', from: saved });
    await runAll(source, callsOfImage(1).slice(0, 2));
    told.restore(sent(await source.save()));
    await expect(told.run(feeds([1, 2, 3, 4], 20))).rejects.toMatchObject({
      code: 'STATE_SHAPE_CHANGED',
      message: expect.stringMatching(/batch = 1; now batch is 2/),
    });
  });
});

/** Images with a label each; a function of real numbers, so that a state of other bits would show. */
const small = () =>
  modelOf(`g (float[batch, 3, 2, 2] x, float[1] t, int64[batch] label) => (float[batch, 3, 2, 2] y)
    <float[4, 3] table = {0.1, 0.7, 0.3, 0.9, -0.5, 0.6, 1.7, 0.8, 0.9, 1.1, -1.1, 1.2}, int64[2] axes = {2, 3}>
    { row = Gather (table, label) wide = Unsqueeze (row, axes) s = Sin (t)
      scaled = Mul (x, s) bent = Tanh (scaled) y = Add (bent, wide) }`);

async function compiledBundle(guided: boolean): Promise<TinyBundle> {
  const compilation = await (guided
    ? Pipeline.create({ calls: 8, guidance: { order: 'cond-first', mode: 'batch' } })
        .use(guidanceDelta, { interval: 3, order: 1 })
        .compile(small())
    : Pipeline.create({ calls: 8 }).use(forecast, { interval: 3, order: 2 }).compile(small()));
  return {
    schedule: scheduleOf(compilation),
    files: Object.fromEntries(encodeLowered(compilation)),
  };
}

describe.each([
  ['a forecast', false],
  ['guidance kept as a difference', true],
])('%s', (_, guided) => {
  test('goes on bit for bit after each call', async () => {
    const bundle = await compiledBundle(guided);
    const at = (call: number) => ({
      x: new node.Tensor(
        'float32',
        Float32Array.from({ length: 24 }, (_, i) => Math.sin((i + 1) * (0.7 + call))),
        [2, 3, 2, 2],
      ),
      t: new node.Tensor('float32', Float32Array.of(9 - call), [1]),
      label: new node.Tensor('int64', BigInt64Array.of(1n, 3n), [2]),
    });
    const bits = async (image: DenoiserImage, call: number) => {
      const { y } = await image.run(at(call));
      return [...new Uint32Array(((y as node.Tensor).data as Float32Array).buffer)];
    };
    const session = await open(bundle);
    const whole: number[][] = [];
    const saved: SavedImage[] = [];
    for (let call = 0; call < 8; call += 1) {
      saved.push(sent(await session.save()));
      whole.push(await bits(session, call));
    }
    expect(Object.keys(saved[7]!.states).length).toBeGreaterThan(1);
    const other = await open(bundle);
    for (const [made, one] of saved.entries()) {
      const image = other.image({ from: one });
      for (let call = made; call < 8; call += 1)
        expect([made, call, await bits(image, call)]).toEqual([made, call, whole[call]]);
    }
  });
});

describe('what is no image of this session', () => {
  const savedAt = async (made: number, bundle = split()) => {
    const session = await open(bundle);
    await runAll(session, callsOfImage(0).slice(0, made));
    return sent(await session.save());
  };
  const refused = (session: DenoiserImage & { image: unknown }, saved: unknown) => {
    try {
      session.restore(saved as SavedImage);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('is refused by what differs, and leaves the image as it is', async () => {
    const { schedule, files } = split();
    const others: [string, TinyBundle][] = [
      [
        'source',
        {
          files,
          schedule: { ...schedule, source: { ...schedule.source, sha256: 'f'.repeat(64) } },
        },
      ],
      ['programs', merged()],
      ['calls', { files, schedule: { ...schedule, calls: [...schedule.calls, 'shallow'] } }],
      ['loop', { files, schedule: { ...schedule, calls: ['full', 'shallow', 'full', 'full'] } }],
    ];
    const session = await open(split());
    const [first, second] = callsOfImage(2);
    await run(session, first!);
    for (const [differs, other] of others) {
      const saved = await savedAt(1, other);
      const mismatch = {
        code: 'SAVED_IMAGE_MISMATCH',
        details: expect.objectContaining({ data: expect.objectContaining({ differs }) }),
      };
      expect(refused(session, saved)).toMatchObject(mismatch);
      expect(() => session.image({ from: saved })).toThrow(expect.objectContaining(mismatch));
    }
    // parameters are part of the loop
    const weighed = remembering();
    const { w0 } = weighed.schedule.parameters!;
    const parameters = {
      ...weighed.schedule.parameters,
      w0: { ...w0!, calls: w0!.calls.map((w) => (w ? [9] : null)) },
    };
    const heavier = { ...weighed, schedule: { ...weighed.schedule, parameters } };
    expect(refused(await open(weighed), await savedAt(1, heavier))).toMatchObject({
      details: { data: { differs: 'loop' } },
    });
    expect(await run(session, second!)).toEqual(expected(callsOfImage(2))[1]);
  });

  it('is the same bundle and loop however its schedule is written', async () => {
    const { schedule, files } = split();
    const turned = Object.fromEntries(Object.entries(schedule).reverse()) as typeof schedule;
    const session = await open({ files, schedule: { ...turned, producer: 'another' } });
    expect(refused(session, await savedAt(1))).toBeUndefined();
  });

  it('is refused for what is wrong with it, and leaves the image as it is', async () => {
    const session = await open(split());
    const [first, second] = callsOfImage(2);
    await run(session, first!);
    const saved = await savedAt(1);
    const wrong: [unknown, string][] = [
      [undefined, 'SAVED_IMAGE_INVALID'],
      [{ ...saved, version: 2 }, 'SAVED_IMAGE_VERSION'],
      [{ ...saved, callIndex: 5 }, 'SAVED_IMAGE_INVALID'],
      [{ ...saved, states: {} }, 'SAVED_IMAGE_INVALID'],
      // what cannot be made a word of
      ...['type', 'call'].map((field): [unknown, string] => [
        replaced(saved, ['states', 'deep', field], { toString: {} }),
        'SAVED_IMAGE_INVALID',
      ]),
    ];
    for (const [one, code] of wrong) expect(refused(session, one)).toMatchObject({ code });
    expect(session.callIndex).toBe(1);
    expect(await run(session, second!)).toEqual(expected(callsOfImage(2))[1]);
  });

  it('is refused, or runs, whatever was done to it', async () => {
    const session = await open(withRoles(split()));
    const saved = await savedAt(2, withRoles(split()));
    const paths = pathsOf(saved);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.anything(), async (path, value) => {
        const error = refused(session, replaced(saved, path, value));
        if (error !== undefined) expect((error as { code: string }).code).toMatch(/^SAVED_IMAGE_/);
        else await session.run(feeds([1, 2], 20)).catch((e) => expect(e.code).toMatch(/^[A-Z_]+$/));
      }),
      { numRuns: 500 },
    );
  });
});

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const inner = replaced((value as Record<string, unknown>)[key], rest, by);
  return Array.isArray(value)
    ? value.with(Number(key), inner)
    : { ...(value as object), [key]: inner };
}
