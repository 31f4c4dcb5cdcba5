/**
 * Forecasts in a loop, in every form: a value that is a polynomial of the step is forecast exactly by as high an
 * order, so that every call of the bundle gives what the source gives. A wrong sign, a history in another order, or the
 * weights of another call would show in the numbers.
 */
import { describe, expect, test } from 'vitest';
import { forecastOf, withForecasts } from '../../../src/compiler/forecast/index.js';
import {
  byHalf,
  COMPUTE,
  compositeOf,
  type PlainSite,
  perCall,
  type Site,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { compileSites, EMITS, openSession, ort, scheduleOf } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

// h is (t, t^2), and y = h + x^3 is had from it
const source = modelOf(`g (float[n] x) => (float[n] y, float[n] z)
  { s = Mul (x, x) h = Sub (s, x) c = Mul (s, x) y = Add (h, c) z = Neg (y) }`);
const shapes = inferShapes(source);
const h = named(source, 'h');
const site: PlainSite = {
  id: 's',
  description: '',
  outputs: [h],
  states: [{ id: 's.0', like: h }],
  strategies: strategiesByName([
    strategyOf(COMPUTE, '', { writes: { 's.0': (b) => b.value(h) } }),
    strategyOf('reuse', 'the kept value', { reads: ['s.0'], produce: (b) => [b.state('s.0')] }),
  ]),
};
const STEPS = 12;
const FULL = new Set([0, 1, 2, 5, 7, 11]);
const column = Array.from({ length: STEPS }, (_, t) =>
  FULL.has(t) ? COMPUTE : forecastOf('reuse'),
);
const forecast = (order: number, calls = STEPS, callsPerStep = 1) =>
  ({ order, basis: 'lagrange', calls, callsPerStep }) as const;

/** What the source gives at x: h + x^3 of h = x^2 - x. */
const exactly = (x: number) => x * x - x + x ** 3;

async function run(
  sites: readonly Site[],
  rows: string[][],
  emit: (typeof EMITS)[number],
  feeds: readonly number[],
) {
  const compilation = compileSites(source, sites, rows, emit);
  const session = await openSession(compilation);
  const results: number[] = [];
  for (const x of feeds) {
    const { y } = await session.run({ x: new ort.Tensor('float32', [x, 0], [2]) });
    results.push((y!.data as Float32Array)[0]!);
  }
  await session.release();
  return { results, schedule: scheduleOf(compilation) };
}

describe.each(EMITS)('%s', (emit) => {
  test('order 2 is exact on a square', async () => {
    const steps = Array.from({ length: STEPS }, (_, t) => t);
    const rows = column.map((name) => [name]);
    const { results, schedule } = await run(
      [withForecasts(site, forecast(2), shapes)],
      rows,
      emit,
      steps,
    );
    for (const [t, y] of results.entries()) expect(y).toBeCloseTo(exactly(t), 3);
    // one model for all forecasts, however they differ in their weights
    expect(new Set(schedule.calls.filter((_, t) => !FULL.has(t))).size).toBe(1);
  });

  test('order 1 goes on in a straight line, by the last two that were computed', async () => {
    const steps = Array.from({ length: STEPS }, (_, t) => t);
    const rows = column.map((name) => [name]);
    const { results } = await run([withForecasts(site, forecast(1), shapes)], rows, emit, steps);
    const value = (t: number) => t * t - t;
    const at = (t: number, last: number, before: number) =>
      value(last) + ((t - last) * (value(last) - value(before))) / (last - before) + t ** 3;
    expect(results[3]).toBeCloseTo(at(3, 2, 1), 4);
    expect(results[6]).toBeCloseTo(at(6, 5, 2), 4);
    expect(results[10]).toBeCloseTo(at(10, 7, 5), 3);
  });

  test('a part of a site is forecast, and the whole says so', async () => {
    const whole: Site = {
      id: 'whole',
      description: '',
      outputs: [h],
      parts: [site],
      strategies: strategiesByName([
        compositeOf(COMPUTE, ''),
        compositeOf('reuse', 'as kept', () => ({ s: 'reuse' })),
        compositeOf('nothing', ''),
      ]),
    };
    const made = withForecasts(whole, forecast(2), shapes);
    expect(Object.keys(made.strategies)).toEqual([COMPUTE, 'reuse', 'reuse+forecast', 'nothing']);
    const steps = Array.from({ length: STEPS }, (_, t) => t);
    const { results } = await run(
      [made],
      column.map((name) => [name]),
      emit,
      steps,
    );
    for (const [t, y] of results.entries()) expect(y).toBeCloseTo(exactly(t), 3);
  });

  test('each half of a pair in two calls goes by what its own calls kept', async () => {
    const pair = { order: 'cond-first', mode: 'two-calls' } as const;
    const halves = byHalf(withForecasts(site, forecast(2, 2 * STEPS, 2), shapes), pair);
    const rows = perCall(column, pair).map((name) => [name]);
    // two series that have nothing to do with each other
    const feeds = Array.from({ length: 2 * STEPS }, (_, call) =>
      call % 2 === 0 ? call / 2 : 9 - (call - 1) / 4,
    );
    const { results } = await run([halves], rows, emit, feeds);
    for (const [call, y] of results.entries()) expect(y).toBeCloseTo(exactly(feeds[call]!), 2);
  });
});

test('order 0 leaves a site as it is', () => {
  expect(withForecasts(site, forecast(0), shapes)).toBe(site);
});
