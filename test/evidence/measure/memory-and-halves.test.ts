/** Fewer rows where memory does not suffice, and half precision by the letter. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { keepRoundings } from '../../../src/evidence/measure/keep-roundings.js';
import { withinMemory } from '../../../src/evidence/measure/numbers.js';
import { decodeFloat16, encodeFloat16 } from '../../../src/io/float16.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import { EXACT, encodeSorted } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

describe('rows', () => {
  /** Proves where so many rows fit; tells which were tried. */
  const tried = async (
    fits: number,
    shape: (string | number)[],
    shapes = {},
    why = 'bad alloc',
  ) => {
    const schedule = {
      source: {
        inputs: [{ name: 'x', type: 'float32', shape }],
        guidance: { order: 'cond-first', mode: 'batch' },
        roles: { latent: 'x' },
      },
    } as unknown as Schedule;
    const rows: number[] = [];
    const unproved: string[] = [];
    const seen: string[] = [];
    const findings = { unproved: (what: string) => void unproved.push(what) } as never;
    const options = {
      folder: '',
      model: '',
      shapes,
      onProgress: (what: string) => void seen.push(what),
    };
    const outcome = await withinMemory(schedule, options, findings, async (bindings) => {
      rows.push(bindings.get('b') ?? 0);
      if (rows.at(-1)! > fits) throw new Error(why);
      return { checks: [], combinations: 7, loops: 0, bindings };
    }).then(
      ({ combinations }) => combinations,
      (error) => error.message,
    );
    const fewer = rows.slice(0, unproved.length).map((all) => `a batch of ${all / 2}, since`);
    expect(seen).toEqual(fewer.map((text) => expect.stringContaining(text)));
    return { rows, unproved: unproved.length, seen: seen.length, outcome };
  };

  test.each<
    [
      what: string,
      given: Parameters<typeof tried>,
      rows: number[],
      unproved: number,
      outcome: number | string,
    ]
  >([
    ['all that tell halves apart, where they fit', [4, ['b', 2]], [4], 0, 7],
    ['half as many, which is said', [2, ['b', 2]], [4, 2], 1, 7],
    ['no half of a pair, since both are in a batch', [1, ['b', 2]], [4, 2], 1, 'bad alloc'],
    ['as many as were asked for', [1, ['b', 2], { x: [2, 2] }], [2], 0, 'bad alloc'],
    ['a number that is fixed', [-1, [4, 2]], [0], 0, 'bad alloc'],
    ['no fewer for another reason', [2, ['b', 2], {}, 'no kernel'], [4], 0, 'no kernel'],
  ])('%s', async (_, given, rows, unproved, outcome) => {
    expect(await tried(...given)).toEqual({ rows, unproved, seen: unproved, outcome });
  });
});

describe('half precision', () => {
  const run = async (text: string, keep: boolean) => {
    const model = modelOf(text);
    if (keep) keepRoundings(model);
    const session = await ort.InferenceSession.create(encodeSorted(model), EXACT);
    const half = (x: number) =>
      new ort.Tensor('float16', encodeFloat16(Float32Array.of(x)) as never, [1]);
    const go = new ort.Tensor('bool', Uint8Array.of(1), []);
    const all: Record<string, ort.Tensor> = { x: half(2048), a: half(0.5), go };
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, all[name]!]));
    const { y } = await session.run(feeds);
    await session.release();
    return decodeFloat16(y!.data as never)[0];
  };
  const sums = 's = Add (x, a) y = Sub (s, x)';

  test.each([
    ['in a row', `g (float16[1] x, float16[1] a) => (float16[1] y) { ${sums} }`],
    [
      'in a branch',
      `g (float16[1] x, float16[1] a, bool go) => (float16[1] y) {
        y = If (go) <then_branch = t () => (float16[1] o) { ${sums.replace('y =', 'o =')} }, else_branch = e () => (float16[1] p) { p = Identity (x) }> }`,
    ],
  ])('rounds each sum: 2048 and a half are 2048, %s', async (_, text) => {
    expect(await run(text, true)).toBe(0);
  });

  test('of other types nothing is copied, nor what is an output alone', () => {
    const count = (text: string) => {
      const model = modelOf(text);
      const before = [...model.graph.nodes].length;
      keepRoundings(model);
      return [...model.graph.nodes].length - before;
    };
    expect(count(`g (float[1] x, float[1] a) => (float[1] y) { ${sums} }`)).toBe(0);
    expect(count('g (float16[1] x) => (float16[1] y) { y = Neg (x) }')).toBe(0);
    expect(count(`g (float16[1] x, float16[1] a) => (float16[1] y) { ${sums} }`)).toBe(2);
    expect(
      count('g (float16[1] x) => (float16[1] y, float16[1] z) { y = Neg (x) z = Neg (y) }'),
    ).toBe(2);
  });
});
