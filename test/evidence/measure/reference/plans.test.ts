/** Plans of runs of blocks and of sites inside one another, acted out on graphs of a few sums, with the numbers by hand. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeFloat16, encodeFloat16 } from '../../../../src/io/float16.js';
import { EXACT } from '../../../helpers/compile.js';
import { FLOAT, HALF, referenceOf, type Sites } from './blocks.js';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-reference-'));
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

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
  const results = await reference.run({
    ort: ort as never,
    feeds,
    scratch: path.join(scratch, 'probe'),
    session: EXACT,
  });
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

  test('runs where an earlier output needs it, and where one of its values is needed', async () => {
    const text = NESTED.replace('(float[2] y, float[2] z)', '(float[2] z, float[2] y)');
    const plan = nested([C!, C!, R!], [C!, R!, C!]);
    const first = text.replace('z = Identity (x)', 'z = Identity (inner)');
    const leaves = async (text: string, sites: Sites) =>
      (await run(text, sites, [1, 10, 100])).access.map((a) => a.leaves);
    expect((await leaves(first, plan))[1]).toEqual(['value 0 inner']);
    const side = text.replace('z = Identity (x)', 'side = Sin (x) z = Identity (side)');
    const two = { ...plan, inner: { ...plan.inner, values: ['inner', 'side'] } };
    expect((await leaves(side, two))[1]).toEqual(['value 0 inner', 'value 0 side']);
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
