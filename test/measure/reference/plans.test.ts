/** Plans of runs of blocks and of sites inside one another, acted out on graphs of a few sums, with the numbers by hand. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeFloat16, encodeFloat16 } from '../../../src/io/float16.js';
import { makeReference } from '../../../src/measure/reference/run.js';
import type { Schedule } from '../../../src/schedule/index.js';
import { EXACT } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

type Site = NonNullable<Schedule['sites']>[string];
type Sites = Readonly<Record<string, Partial<Site>>>;

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-reference-'));
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

/** Streams h1 = x + 2 x and h2 = h1 + h1 h1, of which y is the negative. */
const BLOCKS = `g (TYPE[2] x) => (TYPE[2] y) < TYPE two = {TWO} >
  { m = Mul (x, two) h1 = Add (x, m) q = Mul (h1, h1) h2 = Add (h1, q) y = Neg (h2) }`;
const FLOAT = BLOCKS.replaceAll('TYPE', 'float').replace('TWO', '2');
/** Two in half precision, by its bits. */
const HALF = BLOCKS.replaceAll('TYPE', 'float16').replace('TWO', '16384');

function referenceOf(text: string, sites: Sites | undefined, outputs = ['y'], guidance?: object) {
  const calls = Object.values(sites ?? {})[0]?.strategies ?? [];
  const schedule = {
    source: { outputs: outputs.map((name) => ({ name })), ...(guidance && { guidance }) },
    calls,
    ...(sites && { sites }),
  } as unknown as Schedule;
  return { reference: makeReference(modelOf(text), schedule, { x: [2], s: [] }), calls };
}

/** The first elements of the output at each call, for such an input. */
async function run(text: string, sites: Sites, inputs: readonly number[], outputs = ['y']) {
  const { reference, calls } = referenceOf(text, sites, outputs);
  if (typeof reference === 'string') throw new Error(reference);
  const half = text.includes('float16');
  const tensor = (x: number) =>
    half
      ? new ort.Tensor('float16', encodeFloat16(Float32Array.of(x, 2 * x)) as never, [2])
      : new ort.Tensor('float32', Float32Array.of(x, 2 * x), [2]);
  const feeds = new Map(inputs.map((x, call) => [call, { x: tensor(x) as never }]));
  const results = await reference.run(ort as never, feeds, path.join(scratch, 'probe'), EXACT);
  const first = (tensor: ort.Tensor) =>
    half ? decodeFloat16(tensor.data as never)[0]! : (tensor.data as Float32Array)[0]!;
  return {
    numbers: [...results.values()].map((result) =>
      outputs.map((name) => first(result[name] as never)),
    ),
    access: calls.map((_, call) => reference.access(call)),
  };
}

const range = (from: string, to: string, keeps: 'deviation' | 'output', more = {}) => ({
  from,
  to,
  keeps,
  ...more,
});
const [C, R] = ['compute', 'reuse'];

describe('a run of blocks', () => {
  test('is the stream before it and what was added to it', async () => {
    const strategies = [C!, 'delta-front', 'delta-rear', C!, 'delta-rear'];
    const ranges = {
      'delta-front': range('x', 'h1', 'deviation'),
      'delta-rear': range('h1', 'h2', 'deviation'),
    };
    const { numbers, access } = await run(FLOAT, { a: { strategies, ranges } }, [1, 5, 2, 10, 3]);
    expect(numbers.flat()).toEqual([
      -(3 + 9),
      // 5 + (3 - 1), and its square
      -(7 + 49),
      -(6 + 9),
      -(30 + 900),
      -(9 + 900),
    ]);
    const keeps = ['run 0 h1', 'run 0 h2'];
    expect(access).toEqual([
      { takes: [], leaves: keeps },
      { takes: ['run 0 h1'], leaves: [] },
      { takes: ['run 0 h2'], leaves: [] },
      { takes: [], leaves: keeps },
      { takes: ['run 0 h2'], leaves: [] },
    ]);
  });

  test('is the stream behind it', async () => {
    const strategies = [C!, 'reuse-front', 'reuse-rear'];
    const ranges = {
      'reuse-front': range('x', 'h1', 'output'),
      'reuse-rear': range('h1', 'h2', 'output'),
    };
    const { numbers } = await run(FLOAT, { a: { strategies, ranges } }, [1, 5, 2]);
    expect(numbers.flat()).toEqual([-12, -12, -12]);
  });

  test('of one strategy may be two, one behind the other', async () => {
    const ranges = { delta: [range('x', 'h1', 'deviation'), range('h1', 'h2', 'deviation')] };
    const { numbers } = await run(FLOAT, { a: { strategies: [C!, 'delta'], ranges } }, [1, 5]);
    expect(numbers.flat()).toEqual([-12, -(5 + 2 + 9)]);
  });

  test.each([
    // 2047.9 in half precision is 2048: behind it 1.05 more are 2049.05, rounded to 2050
    [{}, -2050],
    // 1.05 more than 2047.9 are 2048.95, rounded to 2048
    [{ keptIn: 'float32' }, -2048],
  ])('of half precision is kept as %j says', async (more, expected) => {
    const text = `g (float16[2] x) => (float16[2] y) < float16 most = {26624}, float16 zero = {0} >
      { none = Mul (x, zero) h = Add (none, most) y = Neg (h) }`;
    const ranges = { delta: range('x', 'h', 'deviation', more) };
    const { numbers } = await run(text, { a: { strategies: [C!, 'delta'], ranges } }, [0.1, 1.05]);
    expect(numbers.flat()).toEqual([-2048, expected]);
  });

  test('of half precision may be kept as a stream', async () => {
    const ranges = { reuse: range('x', 'h2', 'output', { keptIn: 'float32' }) };
    const sites = {
      a: { strategies: [C!, 'reuse-front'], ranges: { 'reuse-front': ranges.reuse } },
    };
    expect((await run(HALF, sites, [1, 5])).numbers.flat()).toEqual([-12, -12]);
  });
});

describe('a site inside another', () => {
  /** y = x - 2 x; `inner` is 2 x, `outer` its negative. */
  const NESTED = `g (float[2] x) => (float[2] y, float[2] z) < float two = {2} >
    { inner = Mul (x, two) outer = Neg (inner) y = Add (x, outer) z = Identity (x) }`;
  const nested = (inner: string[], outer: string[]) => ({
    inner: { strategies: inner, values: ['inner'] },
    outer: { strategies: outer, values: ['outer'] },
  });

  test('keeps nothing at a call at which it does not run', async () => {
    const { numbers, access } = await run(
      NESTED,
      nested([C!, C!, R!, R!], [C!, R!, C!, 'zero']),
      [1, 10, 100, 1000],
    );
    expect(numbers.map(([y]) => y)).toEqual([-1, 8, 98, 1000]);
    expect(access.map(({ takes, leaves }) => [takes, leaves])).toEqual([
      [[], ['value 0 inner', 'value 0 outer']],
      [['value 0 outer'], []],
      [['value 0 inner'], ['value 0 outer']],
      [[], []],
    ]);
  });

  test('runs where something else needs it', async () => {
    const text = NESTED.replace('z = Identity (x)', 'z = Identity (inner)');
    const { numbers } = await run(
      text,
      nested([C!, C!, R!], [C!, R!, C!]),
      [1, 10, 100],
      ['y', 'z'],
    );
    expect(numbers).toEqual([
      [-1, 2],
      [8, 20],
      [80, 20],
    ]);
  });

  test.each([
    ['deviation', 'from', [['run 0 h2'], ['value 0 h1']]],
    ['output', 'no longer from', [['run 0 h2'], []]],
  ] as const)('that a run of blocks begins at is needed %s', async (keeps, _, [takes, leaves]) => {
    const sites = {
      blocks: { strategies: [C!, 'delta'], ranges: { delta: range('h1', 'h2', keeps) } },
      inner: { strategies: [C!, C!, R!], values: ['h1'] },
    };
    const { access } = await run(FLOAT, sites, [1, 5]);
    expect(access).toEqual([
      { takes: [], leaves: ['run 0 h2', 'value 0 h1'] },
      { takes, leaves },
    ]);
  });
});

test('a site may end at outputs, and have several values', async () => {
  const text = `g (float[2] x) => (float[2] y, float[2] z, float[2] w) < float two = {2} >
    { y = Mul (x, two) z = Neg (x) w = Add (y, z) }`;
  const sites = { a: { strategies: [C!, R!, 'zero', C!, R!], values: ['y', 'z'] } };
  const { numbers, access } = await run(text, sites, [1, 2, 3, 4, 5], ['z', 'w', 'y']);
  expect(numbers).toEqual([
    [-1, 1, 2],
    [-1, 1, 2],
    [0, 0, 0],
    [-4, 4, 8],
    [-4, 4, 8],
  ]);
  expect(access[0]).toEqual({ takes: [], leaves: ['value 0 y', 'value 0 z'] });
});

describe('there is no reference, since the schedule', () => {
  const site = (more: Partial<Site>) => ({ a: { strategies: [C!, R!], values: ['h1'], ...more } });
  const batch = { order: 'cond-first', mode: 'batch' };
  const window = { tokens: 1 };

  test.each<[what: string, sites: Sites | undefined, says: RegExp, guidance?: object]>([
    ['has no plan', undefined, /does not say its plan/],
    [
      'names what is not there',
      site({ values: ['h1', 'gone'] }),
      /no value "gone", which site "a"/,
    ],
    [
      'names a value whose type is none',
      site({ values: ['size'] }),
      /size or type of "size", which site "a"/,
    ],
    ['names a value whose size is not known', site({ values: ['some'] }), /size or type of "some"/],
    ['names no value', site({ values: [] }), /names no value for site "a"/],
    [
      'has a strategy of its own',
      site({ strategies: [C!, 'extrapolate'] }),
      /"extrapolate" has no reference/,
    ],
    [
      'has a strategy by a name that all objects have',
      site({ strategies: [C!, 'toString'] }),
      /"toString" has no reference/,
    ],
    ['has blocks without ranges', site({ strategies: [C!, 'delta'] }), /"delta" has no reference/],
    [
      'has a range too few',
      site({
        strategies: [C!, 'delta', 'delta-rear'],
        ranges: { delta: range('x', 'h1', 'output') },
      }),
      /not say what "delta-rear" replaces at site "a"/,
    ],
    [
      'has a range from what is not there',
      site({ strategies: [C!, 'delta'], ranges: { delta: range('gone', 'h1', 'output') } }),
      /no value "gone"/,
    ],
    [
      'has a range to what is not there',
      site({ strategies: [C!, 'delta'], ranges: { delta: range('x', 'gone', 'output') } }),
      /no value "gone"/,
    ],
    [
      'shares without guidance',
      site({ strategies: [C!, 'guidance-share'] }),
      /how guidance is shared at site "a"/,
    ],
    [
      'shares what has no rows',
      site({ strategies: [C!, 'guidance-share'], values: ['s2'] }),
      /"s2", which site "a" records, has no rows to share/,
      batch,
    ],
    [
      'has a window nowhere',
      site({ strategies: [C!, 'window'] }),
      /does not say where .* site "a" is/,
    ],
    [
      'has a window at what is not there',
      site({ strategies: [C!, 'window'], attention: { mixed: 'gone', window } }),
      /no value "gone"/,
    ],
    [
      'has a window at scores that are not there',
      site({ strategies: [C!, 'window'], attention: { mixed: 'h1', scores: 'gone', window } }),
      /no value "gone"/,
    ],
    [
      'has a window at what is no attention',
      site({ strategies: [C!, 'window'], attention: { mixed: 'h1', window } }),
      /nothing in the source model hides keys from "h1"/,
    ],
    [
      'has a window without a Softmax',
      site({ strategies: [C!, 'window'], attention: { mixed: 'h2', scores: 'h1', window } }),
      /no single Softmax/,
    ],
  ])('%s', (_, sites, says, guidance) => {
    const text = FLOAT.replace('x) =>', 'x, float s) =>').replace(
      'm =',
      's2 = Neg (s) size = Shape (x) n = NonZero (x) k = Cast <to = 1> (n) some = Neg (k) m =',
    );
    const { reference } = referenceOf(text, sites, ['y'], guidance);
    expect(reference).toMatch(says);
  });

  test('but for what computes everywhere, whatever it names', () => {
    const sites = { ...site({}), b: { strategies: [C!, C!], values: ['gone'] } };
    expect(referenceOf(FLOAT, sites).reference).toBeTypeOf('object');
  });

  test('and two calls need no rows', () => {
    const text = FLOAT.replace('x) =>', 'x, float s) =>').replace('m =', 's2 = Neg (s) m =');
    const sites = { a: { strategies: [C!, 'guidance-share'], values: ['s2'] } };
    const guidance = { order: 'cond-first', mode: 'two-calls' };
    expect(referenceOf(text, sites, ['y'], guidance).reference).toBeTypeOf('object');
  });
});
