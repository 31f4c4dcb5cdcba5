/** The output forecast: which steps are full, what a call that is not full runs, and what is refused. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ForecastPassOptions, forecast } from '../../passes/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { decodeFloat16, encodeFloat16 } from '../../src/io/float16.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { openSession, ort, scheduleOf } from '../helpers/compile.js';
import { modelOf } from '../helpers/text.js';

const small = () =>
  modelOf(`g (float16[batch, 2] x, float16[1] t) => (float16[batch, 2] y, float[batch, 2] z)
    { y = Add (x, t) w = Cast <to = 1> (y) z = Neg (w) }`);

const compiled = (calls: number, options: ForecastPassOptions, more = {}) =>
  Pipeline.create({ calls, ...more })
    .use(forecast, options)
    .compile(small());

/** The steps that run the model. */
async function full(calls: number, options: ForecastPassOptions): Promise<number[]> {
  const { plan } = await compiled(calls, options);
  return plan.rows.flatMap(([name], t) => (name === 'compute' ? [t] : []));
}

describe('full steps', () => {
  test.each<[what: string, calls: number, options: ForecastPassOptions, steps: number[]]>([
    ['evenly, first and last among them', 11, { 'full-calls': 3 }, [0, 5, 10]],
    ['evenly, rounded', 10, { 'full-calls': 4 }, [0, 3, 6, 9]],
    ['one alone', 4, { 'full-calls': 1 }, [0]],
    ['all', 3, { 'full-calls': 3 }, [0, 1, 2]],
    ['every third, and the last', 9, { interval: 3 }, [0, 3, 6, 8]],
    [
      'after a warm-up, which the row goes on from',
      12,
      { interval: 4, warmup: 3 },
      [0, 1, 2, 6, 10, 11],
    ],
    ['to a cool-down', 8, { interval: 4, cooldown: 3 }, [0, 4, 5, 6, 7]],
    ['without one', 8, { interval: 3, cooldown: 0, warmup: 0 }, [0, 3, 6]],
    ['listed', 6, { full: [0, 1, 4] }, [0, 1, 4]],
  ])('%s', async (_, calls, options, steps) => {
    expect(await full(calls, options)).toEqual(steps);
  });

  test.each<[what: string, options: ForecastPassOptions, says: RegExp]>([
    ['none is said', {}, /must be given/],
    ['two ways', { interval: 2, full: [0] }, /give one/],
    ['more than there are', { 'full-calls': 9 }, /only 6 steps/],
    ['without the first', { full: [1, 2] }, /step 0 must be full/],
    ['beyond the last', { full: [0, 6] }, /step 6 does not exist/],
    ['a warm-up of none', { 'full-calls': 3, warmup: 2 }, /goes with interval/],
  ])('are refused where %s', async (_, options, says) => {
    await expect(compiled(6, options)).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringMatching(says),
    });
  });
});

test('what gives nothing of its own is refused', async () => {
  const passed = modelOf('g (float[2] x) => (float[2] x) { unused = Neg (x) }');
  await expect(
    Pipeline.create({ calls: 3 }).use(forecast, { 'full-calls': 2 }).compile(passed),
  ).rejects.toMatchObject({ code: 'PASS_OPTION' });
});

test('a call that is not full runs nothing of the model, and every output is forecast in its own type', async () => {
  const compilation = await compiled(5, { full: [0, 1] });
  const { cost, programs, calls } = scheduleOf(compilation);
  expect(cost!.macs!.convention.all.programs.forecast).toBe(0);
  expect(Object.keys(programs[calls[2]!]!.runs[0]!.reads!)).toHaveLength(4);
  const { graph } = compilation.lowered.models.get('forecast')!;
  expect([...graph.nodes].map(({ opType }) => opType)).not.toContain('Neg');
  // in half precision 2 * 40,000 would be infinite: the sum is taken in float32
  const session = await openSession(compilation);
  const half = (...numbers: number[]) =>
    new ort.Tensor('float16', encodeFloat16(Float32Array.from(numbers)), [numbers.length]);
  const given: number[] = [];
  for (const x of [60_000, 40_000, 0]) {
    const feeds = { x: half(x, 1).reshape([1, 2]), t: half(0) };
    const { y } = await session.run(feeds);
    given.push(decodeFloat16(y!.data as Uint16Array)[0]!);
  }
  expect(given).toEqual([60_000, 40_000, 20_000]);
  await session.release();
});

test('two calls a step are full or forecast together, each by its own half', async () => {
  const guidance = { order: 'cond-first', mode: 'two-calls' } as const;
  const { plan } = await compiled(8, { 'full-calls': 2 }, { guidance });
  expect(plan.rows.map(([name]) => name)).toEqual([
    ...Array(2).fill('compute'),
    ...Array(4).fill('reuse+forecast'),
    ...Array(2).fill('compute'),
  ]);
});

test('any denoiser will do', async () => {
  const model = loadModel(path.resolve('samples/corpus/flux-dynamo-23.onnx'));
  const compilation = await Pipeline.create({ calls: 4 })
    .use(forecast, { 'full-calls': 2 })
    .compile(model);
  expect([...compilation.lowered.models.keys()].sort()).toEqual(['forecast', 'full']);
});
