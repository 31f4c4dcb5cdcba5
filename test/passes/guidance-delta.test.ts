/**
 * Guidance kept as a difference, against plain loops: the source model runs both halves in onnxruntime, and what a call
 * that runs one half must give is worked out here from the definition.
 */
import { describe, expect, test } from 'vitest';
import {
  deepcache,
  forecast,
  type GuidanceDeltaOptions,
  guidanceDelta,
} from '../../passes/index.js';
import { Pipeline, type PipelineOptions } from '../../src/compiler/pipeline/index.js';
import { decodeFloat16, encodeFloat16 } from '../../src/io/float16.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { EMITS, EXACT, encodeSorted, openSession, ort, scheduleOf } from '../helpers/compile.js';
import { modelOf } from '../helpers/text.js';

const CALLS = 6;
const FULL = [0, 1, 4];

/** Images that differ in every row; a timestep that is one for all; an output that has no images. */
const small = () =>
  modelOf(`g (float[batch, 3, 2, 2] x, float[1] t, int64[batch] label)
    => (float[batch, 3, 2, 2] y, float[batch, 3] z, float[1] s)
    <float[4, 3] table = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, int64[2] axes = {2, 3}>
    { row = Gather (table, label) wide = Unsqueeze (row, axes) s = Sin (t)
      scaled = Mul (x, s) bent = Tanh (scaled) y = Add (bent, wide) z = ReduceMean <axes = [2, 3], keepdims = 0> (y) }`);

const compiled = (options: GuidanceDeltaOptions, more: Partial<PipelineOptions>, model = small()) =>
  Pipeline.create({ calls: CALLS, ...more })
    .use(guidanceDelta, options)
    .compile(model);

const sample = (call: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * (0.7 + call)));

function feedsAt(call: number, rows: number, labels: readonly number[]) {
  return {
    x: new ort.Tensor('float32', sample(call, rows * 12), [rows, 3, 2, 2]),
    t: new ort.Tensor('float32', Float32Array.of(1 + 0.3 * call), [1]),
    label: new ort.Tensor('int64', BigInt64Array.from(labels, BigInt), [rows]),
  };
}

async function sourceOf() {
  return ort.InferenceSession.create(encodeSorted(small()), EXACT);
}

/** Through the last two full calls, by the equation of a line. */
function forecastDelta(
  kept: readonly { call: number; d: Float32Array }[],
  at: number,
  order: number,
) {
  const [last, before] = kept;
  if (order === 0 || !before) return last!.d;
  const k = (at - last!.call) / (last!.call - before.call);
  return last!.d.map((d, i) => d + k * (d - before.d[i]!));
}

const numbers = (tensor: { data: unknown }) => tensor.data as Float32Array;

function expectNear(actual: Float32Array, expected: ArrayLike<number>) {
  expect(actual).toHaveLength(expected.length);
  for (const [i, a] of actual.entries()) expect(Math.abs(a - expected[i]!)).toBeLessThan(2e-5);
}

describe.each(EMITS)('%s', (emit) => {
  describe.each(['cond-first', 'uncond-first'] as const)('%s', (order) => {
    test.each([0, 1])('in one batch, order %i', async (degree) => {
      const guidance = { order, mode: 'batch' } as const;
      const session = await openSession(
        await compiled({ full: FULL, order: degree }, { guidance, emit }),
      );
      const source = await sourceOf();
      const kept: Record<string, { call: number; d: Float32Array }[]> = { y: [], z: [] };
      for (let call = 0; call < CALLS; call++) {
        const feeds = feedsAt(call, 4, [call % 3, 1, 3, 3]);
        const both = await source.run(feeds);
        const given = await session.run(feeds);
        expectNear(numbers(given.s as never), numbers(both.s as never));
        for (const name of ['y', 'z']) {
          const all = numbers(both[name] as never);
          const [first, second] = [all.slice(0, all.length / 2), all.slice(all.length / 2)];
          const [c, u] = order === 'cond-first' ? [first, second] : [second, first];
          if (FULL.includes(call)) {
            kept[name]!.unshift({ call, d: c.map((v, i) => v - u[i]!) });
            expectNear(numbers(given[name] as never), all);
            continue;
          }
          const d = forecastDelta(kept[name]!, call, degree);
          const other = c.map((v, i) => v - d[i]!);
          const pair = order === 'cond-first' ? [...c, ...other] : [...other, ...c];
          expectNear(numbers(given[name] as never), pair);
        }
      }
      await session.release();
      await source.release();
    });

    test('in two calls, where the second of a step runs nothing', async () => {
      const guidance = { order, mode: 'two-calls' } as const;
      const compilation = await compiled(
        { full: [0, 2], order: 0 },
        { guidance, emit, calls: 2 * CALLS },
      );
      const { cost, calls } = scheduleOf(compilation);
      const macs = cost!.macs!.convention.all;
      expect(calls.filter((_, call) => call % 2 === 1 && ![1, 5].includes(call))).toEqual(
        Array(4).fill('derived'),
      );
      expect(macs.programs.derived).toBe(0);
      const session = await openSession(compilation);
      const source = await sourceOf();
      let d = new Float32Array();
      for (let step = 0; step < CALLS; step++) {
        const [one, two] = [feedsAt(step, 2, [1, 2]), feedsAt(step, 2, [3, 3])];
        const first = numbers((await source.run(one)).y as never);
        const second = numbers((await source.run(two)).y as never);
        expectNear(numbers((await session.run(one)).y as never), first);
        if ([0, 2].includes(step))
          d = first.map((v, i) =>
            order === 'cond-first' ? v - second[i]! : second[i]! - v,
          ) as typeof d;
        const sign = order === 'cond-first' ? -1 : 1;
        const expected = [0, 2].includes(step) ? second : first.map((v, i) => v + sign * d[i]!);
        expectNear(numbers((await session.run(two)).y as never), expected);
      }
      await session.release();
      await source.release();
    });
  });

  test('two equal halves stay as they are', async () => {
    const guidance = { order: 'cond-first', mode: 'batch' } as const;
    const session = await openSession(await compiled({ full: FULL }, { guidance, emit }));
    const source = await sourceOf();
    for (let call = 0; call < CALLS; call++) {
      const feeds = feedsAt(call, 4, [1, 2, 1, 2]);
      const x = numbers(feeds.x);
      x.copyWithin(24, 0, 24);
      const { y } = await session.run(feeds);
      expectNear(numbers(y as never), numbers((await source.run(feeds)).y as never));
    }
    await session.release();
    await source.release();
  });
});

test('half of the work, and half a batch kept for each value', async () => {
  const guidance = { order: 'uncond-first', mode: 'batch' } as const;
  const model = loadModel('samples/digits/digits-unet.onnx');
  const compilation = await compiled({ interval: 3, order: 1 }, { guidance, calls: 9 }, model);
  const { cost, states, programs } = scheduleOf(compilation);
  const { source, programs: macs } = cost!.macs!.convention.all;
  expect(macs.half! / source).toBeCloseTo(0.5, 6);
  expect(Object.values(states).map(({ shape }) => shape[0])).toEqual(
    Array(2).fill('floor(batch/2)'),
  );
  // two states of one image of 16 x 16 for a pair
  expect(cost!.stateBytes).toBe(2 * 16 * 16 * 4);
  expect(programs.half!.pairs).toBe(true);
  expect(programs.full!.pairs).toBe(true);
  expect(programs['full-stateless']!.pairs).toBe(false);
});

test('in half precision the difference is taken, kept and added in float32', async () => {
  const model = modelOf(`g (float16[batch, 1, 1] x) => (float16[batch, 1, 1] y) { y = Neg (x) }`);
  const guidance = { order: 'cond-first', mode: 'batch' } as const;
  const compilation = await Pipeline.create({ calls: 2, guidance, roles: { latent: 'x' } })
    .use(guidanceDelta, { full: [0], order: 0 })
    .compile(model);
  expect(Object.values(scheduleOf(compilation).states).map(({ type }) => type)).toEqual([
    'float32',
  ]);
  const session = await openSession(compilation);
  const half = (...values: number[]) =>
    new ort.Tensor('float16', encodeFloat16(Float32Array.from(values)), [values.length, 1, 1]);
  // 61,440 less -61,440 is more than float16 holds
  await session.run({ x: half(61_440, -61_440) });
  const { y } = await session.run({ x: half(61_440, 0) });
  expect([...decodeFloat16(y!.data as Uint16Array)]).toEqual([-61_440, 61_440]);
  await session.release();
});

describe('a batch without pairs', () => {
  const guidance = { order: 'cond-first', mode: 'batch' } as const;
  const opened = async (options: GuidanceDeltaOptions) =>
    openSession(await compiled(options, { guidance }));

  test('may stand at calls that neither keep nor take a difference', async () => {
    const session = await opened({ full: [0, 1, 3, 4, 5] });
    const sizes = [3, 4, 4, 3, 3, 3];
    for (const [call, rows] of sizes.entries())
      if (call > 0 || rows % 2 === 0) await session.run(feedsAt(call, rows, Array(rows).fill(1)));
      // with order 1 the first call keeps what the third takes
      else
        await expect(session.run(feedsAt(call, rows, Array(rows).fill(1))))
          .rejects.toMatchObject({
            code: 'GUIDANCE_ODD_BATCH',
          })
          .then(() => session.run(feedsAt(call, 4, Array(4).fill(1))));
    await session.release();
  });

  test('is refused where half of it would run, and where it went before pairs', async () => {
    const session = await opened({ full: [0], order: 0 });
    await session.run(feedsAt(0, 4, [1, 2, 3, 3]));
    for (const rows of [2, 3])
      await expect(session.run(feedsAt(1, rows, Array(rows).fill(1)))).rejects.toMatchObject({
        code: 'GUIDANCE_ODD_BATCH',
      });
    session.reset();
    await session.run(feedsAt(0, 2, [1, 2]));
    await expect(session.run(feedsAt(1, 4, [1, 2, 3, 3]))).rejects.toMatchObject({
      code: 'GUIDANCE_ODD_BATCH',
      message: expect.stringMatching(/more than earlier calls/),
    });
    await session.release();
  });
});

describe('is refused', () => {
  const guidance = { order: 'cond-first', mode: 'batch' } as const;

  test('where it is not said how the loop does guidance', async () => {
    await expect(compiled({ interval: 2 }, {})).rejects.toMatchObject({
      code: 'GUIDANCE_NOT_SAID',
      details: { hint: expect.stringMatching(/--guidance/) },
    });
  });

  test.each([
    [
      'images that are mixed',
      'm = ReduceMean <axes = [0], keepdims = 1> (x) y = Add (x, m)',
      /works across the batch, at node/,
    ],
    ['an output without images', 'c = Cos (size) y = Reshape (c, four)', /no output of it/],
    ['whole numbers', 'y = Cast <to = 7> (x)', /it is of type int64/],
  ])('%s', async (_, body, message) => {
    const type = body.includes('to = 7') ? 'int64' : 'float';
    const model = modelOf(
      `g (float[batch, 3, 2, 2] x) => (${type}[batch, 3, 2, 2] y) <float[4] size = {1, 3, 2, 2}, int64[4] four = {1, 1, 2, 2}> { ${body} }`,
    );
    await expect(
      compiled({ interval: 2 }, { guidance, roles: { latent: 'x' } }, model),
    ).rejects.toMatchObject({ code: 'GUIDANCE_HALVES', message: expect.stringMatching(message) });
  });

  test('with what takes both halves of what one half kept, naming both sites, call and state', async () => {
    const model = loadModel('samples/digits/digits-unet.onnx');
    await expect(
      Pipeline.create({ calls: 8, guidance })
        .use(deepcache, { branch: 3, interval: 3 })
        .use(guidanceDelta, { interval: 2 })
        .compile(model),
    ).rejects.toMatchObject({
      code: 'PLAN_HALF_KEPT',
      message: expect.stringMatching(
        /Call 4 .*"deep" by "reuse".*"deep\.0".*"guidance" lets call 3/,
      ),
    });
  });

  test('with what says how the same output is made, and is not laid behind it, naming both sites', async () => {
    const other: typeof forecast = {
      ...forecast,
      propose(context, options) {
        const proposal = forecast.propose(context, options);
        const sites = proposal.sites.map((site) => {
          if (site.parts) return site;
          const { behind: _, ...rest } = site;
          return rest;
        });
        return { ...proposal, sites };
      },
    };
    await expect(
      Pipeline.create({ calls: 8, guidance })
        .use(other, { interval: 2 })
        .use(guidanceDelta, { interval: 2 })
        .compile(small()),
    ).rejects.toMatchObject({
      code: 'PLAN_CONFLICT',
      message: expect.stringMatching(/"guidance" and site "output"/),
    });
  });
});
