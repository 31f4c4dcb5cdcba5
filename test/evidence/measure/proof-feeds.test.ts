/**
 * The inputs of a proof: whatever a bundle exchanges, copies or clips must give other numbers, so rows, calls and
 * inputs differ, and whole numbers and timesteps reach both ends of what there is.
 */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { Decisions } from '../../../src/evidence/measure/decides.js';
import { feedSets } from '../../../src/evidence/measure/feed-sets.js';
import {
  type ProofFeedOptions,
  proofBindings,
  proofFeeds,
  rowsFor,
} from '../../../src/evidence/measure/proof-feeds.js';
import type { Port, Schedule } from '../../../src/runtime/schedule/index.js';

const ROWS = 40;
const port = (name: string, type: string, shape: Port['shape']) => ({ name, type, shape });

interface Given {
  readonly type?: string;
  readonly rows?: number;
  readonly timesteps?: readonly number[];
  readonly tables?: Readonly<Record<string, number>>;
  readonly seed?: number;
  readonly roles?: object;
}

const options = ({ type = 'int64', rows = ROWS, tables = {}, seed = 0, ...rest }: Given = {}) =>
  ({
    ort,
    schedule: {
      source: {
        inputs: [
          port('x', 'float32', ['b', 3]),
          port('z', 'float32', ['b', 3]),
          port('t', type, ['b']),
          port('label', 'int32', ['b']),
        ],
        roles: { latent: 'x', timestep: 't' },
        ...(rest.roles && { roles: rest.roles }),
      },
      calls: ['p', 'p', 'p'],
      ...(rest.timesteps && { timesteps: rest.timesteps }),
    },
    bindings: new Map([['b', rows]]),
    seed,
    tables: new Map(Object.entries(tables)),
  }) as unknown as ProofFeedOptions;

const numbers = (feeds: ReturnType<typeof proofFeeds>, name: string): number[] =>
  Array.from(feeds[name]!.data as ArrayLike<number | bigint>, Number);
const drawn = (name: string, turn: number, given?: Given) =>
  numbers(proofFeeds(options(given), turn), name);

describe('timesteps', () => {
  test('of the first set differ from row to row, from the last and the first on', () => {
    const t = drawn('t', 0);
    expect(t.slice(0, 2)).toEqual([999, 0]);
    expect(new Set(t).size).toBe(ROWS);
    expect(t.every((step) => Number.isInteger(step) && step >= 0 && step < 1000)).toBe(true);
    // all over the range: no hundred without one
    expect(new Set(t.map((step) => Math.floor(step / 100))).size).toBe(10);
  });

  test('are one for all rows at every second call', () => {
    for (const turn of [1, 3, 5]) expect(new Set(drawn('t', turn)).size).toBe(1);
    for (const turn of [2, 4]) expect(new Set(drawn('t', turn)).size).toBe(ROWS);
  });

  test('go on from call to call', () => {
    const first = [0, 2, 4].map((turn) => drawn('t', turn, { rows: 4 }));
    expect(new Set(first.flat()).size).toBe(12);
    const one = Array.from({ length: 20 }, (_, i) => drawn('t', 2 * i + 1)[0]!);
    expect(new Set(one).size).toBe(20);
    // the second call has the first timestep, whose waves are of zeros
    expect(one[0]).toBe(0);
  });

  test('are those of the schedule', () => {
    const timesteps = [980, 700, 420, 40];
    expect(drawn('t', 0, { timesteps, rows: 6 })).toEqual([980, 700, 420, 40, 980, 700]);
    expect(drawn('t', 1, { timesteps, rows: 2 })).toEqual([700, 700]);
    expect(drawn('t', 3, { timesteps, rows: 2 })).toEqual([40, 40]);
    expect(drawn('t', 2, { timesteps, rows: 3 })).toEqual([420, 40, 980]);
    expect(drawn('t', 0, { timesteps, rows: 2, type: 'float32' })).toEqual([980, 700]);
  });

  test('are rows of the table that they are looked up in', () => {
    const t = drawn('t', 0, { tables: { t: 50, label: 7 } });
    expect(t.slice(0, 2)).toEqual([49, 0]);
    expect(Math.max(...t)).toBe(49);
    expect(new Set(t).size).toBeGreaterThan(30);
  });

  test('of floats lie between whole ones too', () => {
    const t = drawn('t', 0, { type: 'float32' });
    expect(t.slice(0, 2)).toEqual([999, 0.5]);
    const halves = t.filter((step) => step % 1 === 0.5);
    expect(halves).toHaveLength(ROWS / 2);
    expect(t.filter(Number.isInteger)).toHaveLength(ROWS / 2);
  });

  test('may be said', () => {
    for (const turn of [0, 1])
      for (const type of ['int64', 'float32'])
        expect(numbers(proofFeeds(options({ type, rows: 3 }), turn, 77), 't')).toEqual([
          77, 77, 77,
        ]);
    // and are nothing of the other inputs
    expect(numbers(proofFeeds(options(), 0, 77), 'label')).toEqual(drawn('label', 0));
  });
});

test('whole numbers reach both ends of their table, and everything between', () => {
  const tables = { label: 11, t: 1000 };
  const labels = drawn('label', 0, { tables });
  expect(labels.slice(0, 2)).toEqual([10, 0]);
  expect(new Set(labels)).toEqual(new Set(Array.from({ length: 11 }, (_, i) => i)));
  expect(drawn('label', 1, { tables, rows: 6 })).not.toEqual(
    drawn('label', 0, { tables, rows: 6 }),
  );
  // of what is not looked up there are two
  expect(new Set(drawn('label', 0))).toEqual(new Set([0, 1]));
  // without a role it is a number like any other
  expect(new Set(drawn('t', 1, { roles: {}, tables })).size).toBe(ROWS);
});

test.each([5, 10, 17, 40])('%i whole numbers fill their table evenly', (rows) => {
  const size = 10_000;
  const [, ...labels] = drawn('label', 0, { rows: rows + 1, tables: { label: size } });
  const places = [...labels, size].sort((a, b) => a - b);
  const gaps = places.slice(1).map((place, i) => place - places[i]!);
  // by the three-distance theorem no gap is twice as large as if all were equal
  expect(Math.max(...gaps)).toBeLessThan((2 * size) / rows);
});

test('floats differ between inputs, calls, rows and seeds, and are the same again', () => {
  const x = drawn('x', 0);
  expect(new Set(x).size).toBe(x.length);
  expect(drawn('x', 0)).toEqual(x);
  const others = [drawn('z', 0), drawn('x', 1), drawn('x', 0, { seed: 5 })];
  for (const other of others) expect(other.filter((value) => x.includes(value))).toEqual([]);
  // seeds go round
  expect(drawn('x', 1, { seed: 2 ** 32 - 1 })).toEqual(x);
});

test('an input whose size is not known cannot be made up', () => {
  const { bindings: _, ...rest } = options();
  expect(() => proofFeeds({ ...rest, bindings: new Map() }, 0)).toThrow(
    expect.objectContaining({ code: 'FEED_SHAPE_UNKNOWN' }),
  );
});

test.each([
  [undefined, {}, 2],
  ['two-calls', {}, 2],
  ['batch', {}, 4],
  ['batch', { x: [2, 3] }, 2],
  [undefined, { x: [1, 3] }, 1],
  [undefined, { x: [6, 3] }, 6],
])('in guidance of %s, given %j, there are %i rows', (mode, given, rows) => {
  const { schedule } = options();
  const { source } = schedule;
  const guidance = mode && { guidance: { order: 'cond-first', mode } };
  const of = { ...schedule, source: { ...source, ...guidance } } as Schedule;
  const sizes = (rows: number) => Object.fromEntries(proofBindings(of, given, rows));
  expect(sizes(rowsFor(of))).toEqual({ b: rows });
  expect(proofBindings(of, undefined, 8)).toEqual(proofBindings(of, {}, 8));
});

describe('sets of inputs', () => {
  const none: Decisions = { decides: false, borders: [] };
  const decides = (...borders: number[]): Decisions => ({ decides: true, borders });
  const sets = (given: Given, ...decisions: Decisions[]) =>
    feedSets(options({ rows: 3, ...given }), decisions).map((feeds) => numbers(feeds, 't'));
  const near = (...decisions: Decisions[]) => sets({}, ...decisions).slice(8);
  const threes = (...timesteps: number[]) => timesteps.map((t) => [t, t, t]);

  test('are one where nothing is decided by the timestep', () => {
    expect(sets({})).toEqual([drawn('t', 0, { rows: 3 })]);
    expect(sets({}, none, none)).toHaveLength(1);
  });

  test('are more where one model decides something, none of them like a call of the loop', () => {
    const many = sets({}, none, decides());
    expect(many).toHaveLength(8);
    expect(many[0]).toEqual(drawn('t', 0, { rows: 3 }));
    const calls = [1, 2, 3].map((turn) => drawn('t', turn, { rows: 3 }).join());
    const texts = many.map(String);
    expect(new Set(texts).size).toBe(8);
    expect(texts.filter((text) => calls.includes(text))).toEqual([]);
    const images = feedSets(options(), [decides(500)]).map((feeds) => numbers(feeds, 'x').join());
    expect(new Set(images).size).toBe(10);
  });

  test.each<[borders: number[], timesteps: number[]]>([
    [[500], [500, 501]],
    [[500.5], [500, 501]],
    [[0.25], [250, 251]],
    [[0.9995], [999]],
    [[0], [0, 1]],
    [[1], [1, 2]],
    [[-1], [0]],
    [[-2], []],
    [[-0.0005], [0]],
    [[998], [998, 999]],
    [[999], [999]],
    [[1000], []],
    [
      [7, 8, 7],
      [7, 8, 9],
    ],
  ])('try timesteps on both sides of %j', (borders, timesteps) => {
    expect(near(decides(...borders))).toEqual(threes(...timesteps));
  });

  test('try sixteen of them at most, of all models', () => {
    expect(near(decides(10), none, decides(20))).toEqual(threes(10, 11, 20, 21));
    const borders = Array.from({ length: 20 }, (_, i) => 10 * i + 10);
    expect(near(decides(...borders))).toEqual(
      threes(...borders.slice(0, 8).flatMap((border) => [border, border + 1])),
    );
  });

  test('keep to the timesteps of the schedule, where it says them', () => {
    const timesteps = [900, 600, 300];
    const found = sets({ timesteps }, decides(450));
    expect(found).toHaveLength(8);
    expect(found.flat().every((t) => timesteps.includes(t))).toBe(true);
  });
});
