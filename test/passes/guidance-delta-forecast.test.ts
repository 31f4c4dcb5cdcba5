/**
 * Guidance kept as a difference beside a forecast of the output, against plain loops: the source model runs both halves
 * in onnxruntime, and what a call gives that runs one half, or nothing, is worked out here from the definition.
 */
import { describe, expect, test } from 'vitest';
import { forecast, guidanceDelta } from '../../passes/index.js';
import { Pipeline, type PipelineOptions } from '../../src/compiler/pipeline/index.js';
import { EMITS, EXACT, encodeSorted, openSession, ort, scheduleOf } from '../helpers/compile.js';
import { modelOf } from '../helpers/text.js';

const STEPS = 9;
/** Steps at which the model runs, on both halves or on one. */
const RUN = [0, 1, 3, 4, 6, 8];
/** Steps at which both halves would run; at 5 and 7 nothing does, so that nothing may be kept there. */
const BOTH = [0, 1, 5, 6, 7];

/** Images that differ in every row, of which one output is read by another; and an output that has no images. */
const small = () =>
  modelOf(`g (float[batch, 3, 2, 2] x, float[1] t, int64[batch] label)
    => (float[batch, 3, 2, 2] y, float[batch, 3] z, float[1] s)
    <float[4, 3] table = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, int64[2] axes = {2, 3}>
    { row = Gather (table, label) wide = Unsqueeze (row, axes) s = Sin (t)
      scaled = Mul (x, s) bent = Tanh (scaled) y = Add (bent, wide) z = ReduceMean <axes = [2, 3], keepdims = 0> (y) }`);

type Order = 'cond-first' | 'uncond-first';
interface Degrees {
  readonly delta: number;
  readonly output: number;
}

const PASSES = {
  'guidance first': (pipeline: Pipeline, { delta, output }: Degrees) =>
    pipeline
      .use(guidanceDelta, { full: BOTH, order: delta })
      .use(forecast, { full: RUN, order: output }),
  'output first': (pipeline: Pipeline, { delta, output }: Degrees) =>
    pipeline
      .use(forecast, { full: RUN, order: output })
      .use(guidanceDelta, { full: BOTH, order: delta }),
} as const;

const compiled = (
  first: keyof typeof PASSES,
  degrees: Degrees,
  options: Omit<PipelineOptions, 'calls'> & { readonly calls?: number },
) => PASSES[first](Pipeline.create({ calls: STEPS, ...options }), degrees).compile(small());

function feedsAt(step: number, labels: readonly number[], salt = 0) {
  const rows = labels.length;
  const x = Float32Array.from({ length: rows * 12 }, (_, i) =>
    Math.sin((i + 1 + salt) * (0.7 + step)),
  );
  return {
    x: new ort.Tensor('float32', x, [rows, 3, 2, 2]),
    t: new ort.Tensor('float32', Float32Array.of(1 + 0.3 * step), [1]),
    label: new ort.Tensor('int64', BigInt64Array.from(labels, BigInt), [rows]),
  };
}

/** What was had at steps, the last first, and what follows at another one by the line through the last two. */
class Line {
  readonly kept: { step: number; values: number[] }[] = [];

  keep(step: number, values: ArrayLike<number>): void {
    this.kept.unshift({ step, values: Array.from(values) });
  }

  at(step: number, degree: number): number[] {
    const [last, before] = this.kept;
    if (degree === 0 || !before) return last!.values;
    const k = (step - last!.step) / (last!.step - before.step);
    return last!.values.map((v, i) => v + k * (v - before.values[i]!));
  }
}

const numbers = (tensor: unknown) => (tensor as { data: Float32Array }).data;

function expectNear(actual: unknown, expected: ArrayLike<number>, what: string) {
  const found = numbers(actual);
  expect(found).toHaveLength(expected.length);
  for (const [i, a] of found.entries())
    expect(Math.abs(a - expected[i]!), `${what}, number ${i}`).toBeLessThan(5e-5);
}

const NAMES = ['y', 'z', 's'] as const;

describe.each(EMITS)('%s', (emit) => {
  describe.each<Order>(['cond-first', 'uncond-first'])('%s', (order) => {
    test.each<[keyof typeof PASSES, Degrees]>([
      ['guidance first', { delta: 0, output: 0 }],
      ['guidance first', { delta: 1, output: 1 }],
      ['output first', { delta: 1, output: 0 }],
      ['output first', { delta: 0, output: 1 }],
    ])('in one batch, %s, %o', async (first, degrees) => {
      const guidance = { order, mode: 'batch' } as const;
      const session = await openSession(await compiled(first, degrees, { guidance, emit }));
      const source = await ort.InferenceSession.create(encodeSorted(small()), EXACT);
      const left = { y: new Line(), z: new Line(), s: new Line() };
      const delta = { y: new Line(), z: new Line(), s: new Line() };
      for (let step = 0; step < STEPS; step++) {
        const feeds = feedsAt(step, [step % 3, 1, 3, 3]);
        const given = await session.run(feeds);
        const both = await source.run(feeds);
        for (const name of NAMES) {
          const what = `${name} of step ${step}`;
          if (!RUN.includes(step)) {
            expectNear(given[name], left[name].at(step, degrees.output), what);
            continue;
          }
          const all = Array.from(numbers(both[name]));
          const middle = all.length / 2;
          const [a, b] = [all.slice(0, middle), all.slice(middle)];
          const [c, u] = order === 'cond-first' ? [a, b] : [b, a];
          let pair = all;
          if (BOTH.includes(step)) {
            if (name !== 's')
              delta[name].keep(
                step,
                c.map((v, i) => v - u[i]!),
              );
          } else if (name !== 's') {
            const d = delta[name].at(step, degrees.delta);
            const other = c.map((v, i) => v - d[i]!);
            pair = order === 'cond-first' ? [...c, ...other] : [...other, ...c];
          }
          expectNear(given[name], pair, what);
          left[name].keep(step, pair);
        }
      }
      await session.release();
      await source.release();
    });

    test.each<[keyof typeof PASSES, Degrees]>([
      ['guidance first', { delta: 1, output: 0 }],
      ['output first', { delta: 0, output: 1 }],
      ['output first', { delta: 1, output: 1 }],
    ])('in two calls, %s, %o', async (first, degrees) => {
      const guidance = { order, mode: 'two-calls' } as const;
      const session = await openSession(
        await compiled(first, degrees, { guidance, emit, calls: 2 * STEPS }),
      );
      const source = await ort.InferenceSession.create(encodeSorted(small()), EXACT);
      const left = [0, 1].map(() => ({ y: new Line(), z: new Line(), s: new Line() }));
      const delta = { y: new Line(), z: new Line(), s: new Line() };
      const sign = order === 'cond-first' ? 1 : -1;
      for (let step = 0; step < STEPS; step++) {
        const calls = [feedsAt(step, [1, 2]), feedsAt(step, [3, 3], 5)];
        const whole = [await source.run(calls[0]!), await source.run(calls[1]!)];
        const given = [await session.run(calls[0]!), await session.run(calls[1]!)];
        for (const name of NAMES) {
          const had = whole.map((result) => Array.from(numbers(result[name])));
          if (BOTH.includes(step) && RUN.includes(step))
            delta[name].keep(
              step,
              had[0]!.map((v, i) => sign * (v - had[1]![i]!)),
            );
          else if (RUN.includes(step)) {
            const d = delta[name].at(step, degrees.delta);
            had[1] = had[0]!.map((v, i) => v - sign * d[i]!);
          }
          for (const half of [0, 1]) {
            const what = `${name} of half ${half} of step ${step}`;
            const line = left[half]![name];
            if (RUN.includes(step)) line.keep(step, had[half]!);
            expectNear(
              given[half]![name],
              RUN.includes(step) ? had[half]! : line.at(step, degrees.output),
              what,
            );
          }
        }
      }
      await session.release();
      await source.release();
    });
  });
});

test('nothing runs where the output is forecast, and half where guidance is', async () => {
  const guidance = { order: 'cond-first', mode: 'batch' } as const;
  const degrees = { delta: 1, output: 1 };
  const compilation = await compiled('guidance first', degrees, { guidance, emit: 'split' });
  const { calls, programs, states, cost } = scheduleOf(compilation);
  // one half runs at 3, 4 and 8, which take what 0, 1 and 6 keep
  expect(calls.flatMap((name, step) => (programs[name]!.pairs ? [step] : []))).toEqual([
    0, 1, 3, 4, 6, 8,
  ]);
  const sizes = Object.entries(states).map(([id, { shape }]) => [id, shape[0]]);
  expect(Object.fromEntries(sizes)).toEqual({
    ...{ 'guidance.delta.0': 'floor(batch/2)', 'guidance.delta.0.back-1': 'floor(batch/2)' },
    ...{ 'guidance.delta.1': 'floor(batch/2)', 'guidance.delta.1.back-1': 'floor(batch/2)' },
    ...{ 'output.0': 'batch', 'output.0.back-1': 'batch' },
    ...{ 'output.1': 'batch', 'output.1.back-1': 'batch' },
    ...{ 'output.2': 1, 'output.2.back-1': 1 },
  });
  const macs = cost!.macs!.convention.all.programs;
  for (const step of [2, 5, 7]) expect(macs[calls[step]!]).toBe(0);
});
