/** Made-up inputs: seeded, of the right types and sizes, and only where sizes are known. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { StepfoldError } from '../../../src/errors/index.js';
import { checkSize, concretePort, fitShape } from '../../../src/evidence/measure/feeds.js';
import { randomFeeds, scheduleBindings } from '../../../src/evidence/measure/index.js';
import { halfToNumber } from '../../../src/model/ir/tensor.js';
import type { Port, Schedule } from '../../../src/runtime/schedule/index.js';

const port = (name: string, type: string, shape: Port['shape']): Port => ({
  name,
  type: type as Port['type'],
  shape,
});
const INPUTS = [
  port('sample', 'float32', ['batch', 4, 'height', 'height*2']),
  port('half', 'float16', ['batch', 100]),
  port('t', 'int64', ['batch']),
  port('label', 'int32', ['batch', 50]),
  port('mask', 'bool', [50]),
];
const SIZES = new Map([
  ['batch', 2],
  ['height', 16],
]);
const make = (seed: number, inputs = INPUTS, bindings: ReadonlyMap<string, number> = SIZES) =>
  randomFeeds(inputs, { ort: ort as never, roles: { timestep: 't' }, bindings, seed });

describe('random feeds', () => {
  const feeds = make(1);

  test('have the types and sizes of the inputs', () => {
    for (const { name, type } of INPUTS) expect(feeds[name]!.type).toBe(type);
    expect(feeds.sample!.dims).toEqual([2, 4, 16, 32]);
    expect(feeds.t!.dims).toEqual([2]);
  });

  test('are standard normal, one timestep for the whole batch, zeros and ones', () => {
    const normal = (values: number[]) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      // four standard errors of a mean and of a variance
      expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(values.length));
      expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
    };
    normal([...(feeds.sample!.data as Float32Array)]);
    normal(Array.from(feeds.half!.data as Uint16Array, halfToNumber));
    const [first, second] = feeds.t!.data as BigInt64Array;
    expect(second).toBe(first);
    expect(first! >= 0n && first! < 1000n).toBe(true);
    expect(new Set(feeds.label!.data as Int32Array)).toEqual(new Set([0, 1]));
    expect(new Set(feeds.mask!.data as Uint8Array)).toEqual(new Set([0, 1]));
  });

  test('depend on the seed and on nothing else', () => {
    expect(make(1)).toEqual(feeds);
    expect(make(2).sample!.data).not.toEqual(feeds.sample!.data);
    expect(make(1, INPUTS.slice(0, 2)).half!.data).toEqual(feeds.half!.data);
  });

  test('choose from as many integers as there are classes', () => {
    const classes = new Map([['label', 5]]);
    const { label, mask } = randomFeeds(INPUTS, {
      ort: ort as never,
      roles: {},
      bindings: SIZES,
      seed: 3,
      classes,
    });
    expect(new Set(label!.data as Int32Array)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(new Set(mask!.data as Uint8Array)).toEqual(new Set([0, 1]));
  });

  test.each([
    'float32',
    'float16',
    'float64',
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'uint64',
  ])('hold one timestep of %s within those of training', (type) => {
    const { t } = make(4, [port('t', type, [3])]);
    const data = t!.data as unknown as ArrayLike<number | bigint>;
    const steps = Array.from(data, Number);
    expect(steps).toEqual([steps[0], steps[0], steps[0]]);
    expect(t!.type).toBe(type);
  });

  test('are no larger than an array can be', () => {
    expect(() => checkSize('x', [2 ** 31 - 1])).not.toThrow();
    const tooLarge = expect.objectContaining({ code: 'FEED_TOO_LARGE' });
    expect(() => checkSize('x', [2 ** 31])).toThrow(tooLarge);
    expect(() => concretePort(port('x', 'float32', ['h', 'h']), new Map([['h', 65536]]))).toThrow(
      tooLarge,
    );
  });

  test('are not made up where a size is not known', () => {
    for (const unknown of [
      port('x', 'float32', ['width']),
      port('x', 'float32', [null]),
      port('x', 'string', [1]),
    ])
      expect(() => make(1, [unknown])).toThrow(
        expect.objectContaining({ code: 'FEED_SHAPE_UNKNOWN' }),
      );
    // what a sampler makes cannot be given as a file
    const unknown = port('x', 'float32', ['width']);
    const says = (hint: string) =>
      expect.objectContaining({
        details: expect.objectContaining({ hint: expect.stringContaining(hint) }),
      });
    expect(() => concretePort(unknown, SIZES)).toThrow(says('--feed x'));
    expect(() => concretePort(unknown, SIZES, true)).toThrow(says('--latent-shape'));
  });
});

describe('a shape fits an input', () => {
  test.each<[number[], Record<string, number>, boolean, Record<string, number>]>([
    [[2, 4, 8, 16], {}, true, { batch: 2, height: 8 }],
    [[2, 4, 8, 17], {}, false, {}],
    [[2, 3, 8, 16], {}, false, {}],
    [[2, 4, 8], {}, false, {}],
    [[2, 4, 8, 16], { batch: 3 }, false, {}],
    [[2, 4, 8, 16], { batch: 2 }, true, { batch: 2, height: 8 }],
  ])('%j with %j: %s', (dims, known, fits, settled) => {
    const bindings = new Map(Object.entries(known));
    expect(fitShape(INPUTS[0]!, dims, bindings)).toBe(fits);
    if (fits) expect(Object.fromEntries(bindings)).toEqual(settled);
  });
});

test.each<[shape: Port['shape'], dims: number[], known: object, fits: boolean, settled: object]>([
  [[null, 4], [9, 4], {}, true, {}],
  [[null, 4], [9, 5], {}, false, {}],
  // an expression of what is not known yet says nothing, and settles nothing
  [['h*2'], [7], {}, true, {}],
  [['h*2'], [7], { h: 3 }, false, { h: 3 }],
  [['h*2'], [6], { h: 3 }, true, { h: 3 }],
  [[], [], {}, true, {}],
  [['h', 'h'], [3, 3], {}, true, { h: 3 }],
  [['h', 'h'], [3, 4], {}, false, { h: 3 }],
])('an input of %j takes %j, where %j is known: %j', (shape, dims, known, fits, settled) => {
  const bindings = new Map(Object.entries(known));
  expect(fitShape(port('x', 'float32', shape), dims, bindings)).toBe(fits);
  expect(Object.fromEntries(bindings)).toEqual(settled);
});

describe('sizes for a schedule', () => {
  const schedule = {
    source: { inputs: INPUTS },
    cost: { macs: { bindings: { batch: 1, height: 64 } } },
  } as unknown as Schedule;
  const refusal = (given: Record<string, number[]>) => {
    try {
      scheduleBindings(schedule, given);
    } catch (error) {
      return (error as StepfoldError).code;
    }
    return undefined;
  };

  test('are those of its figures, then those that are given', () => {
    expect(Object.fromEntries(scheduleBindings(schedule))).toEqual({ batch: 1, height: 64 });
    const given = scheduleBindings(schedule, { sample: [3, 4, 8, 16] });
    expect(Object.fromEntries(given)).toEqual({ batch: 3, height: 8 });
    const some = scheduleBindings(schedule, { t: [5] });
    expect(Object.fromEntries(some)).toEqual({ batch: 5, height: 64 });
  });

  test('are refused where they contradict the inputs or one another', () => {
    expect(refusal({ image: [1] })).toBe('SHAPE_UNKNOWN_INPUT');
    expect(refusal({ sample: [1, 4] })).toBe('SHAPE_MISFIT');
    expect(refusal({ sample: [1, 5, 8, 16] })).toBe('SHAPE_MISFIT');
    expect(refusal({ sample: [1, 4, 8, 16], t: [2] })).toBe('SHAPE_MISFIT');
  });

  test.each<
    [what: string, source: object, given: Record<string, number[]>, rows: number, sizes: object]
  >([
    [
      'a batch of one, 64 for pixels of the latent, 77 for all else',
      {
        inputs: [
          port('x', 'float32', ['b', 'c', 'h', 'w']),
          port('text', 'float32', ['n', 'words', 'size']),
        ],
        roles: { latent: 'x' },
      },
      {},
      1,
      { b: 1, c: 77, h: 64, w: 64, n: 1, words: 77, size: 77 },
    ],
    [
      'those of expressions',
      { inputs: [port('x', 'float32', ['b', 4, 'h*2', '8*w'])], roles: { latent: 'x' } },
      {},
      1,
      { b: 1, h: 64, w: 64 },
    ],
    ['none for numbers and what is open', { inputs: [port('x', 'float32', [2, null])] }, {}, 3, {}],
    [
      'rows that are asked for',
      {
        inputs: [port('t', 'float32', ['n']), port('x', 'float32', ['b', 2])],
        roles: { latent: 'x' },
      },
      {},
      2,
      { n: 1, b: 2 },
    ],
    [
      'rows of the first input, where no latent is known',
      { inputs: [port('t', 'float32', ['n']), port('x', 'float32', ['b', 2])] },
      {},
      2,
      { n: 2, b: 1 },
    ],
    ['rows as they are given', { inputs: [port('x', 'float32', ['b'])] }, { x: [1] }, 2, { b: 1 }],
    ['no rows of an expression', { inputs: [port('x', 'float32', ['b*2'])] }, {}, 4, { b: 1 }],
    ['no rows of a number', { inputs: [port('x', 'float32', [1, 'b'])] }, {}, 4, { b: 77 }],
    [
      'pairs in every batch, where no latent is known',
      {
        inputs: [port('t', 'float32', ['n']), port('x', 'float32', ['b', 'k'])],
        guidance: { mode: 'batch' },
      },
      {},
      1,
      { n: 2, b: 2, k: 77 },
    ],
    [
      'no pairs of an expression',
      { inputs: [port('x', 'float32', ['b*2', 'k'])], guidance: { mode: 'batch' } },
      {},
      1,
      { b: 1, k: 77 },
    ],
    [
      'pairs in the batch of the latent alone',
      {
        inputs: [port('t', 'float32', ['n']), port('x', 'float32', ['b', 'k'])],
        guidance: { mode: 'batch' },
        roles: { latent: 'x' },
      },
      {},
      1,
      { n: 1, b: 2, k: 77 },
    ],
    [
      'what follows',
      {
        inputs: [port('x', 'float32', ['b', 'h']), port('y', 'float32', ['k', 'one'])],
        follows: { k: 'b*2', one: 5 },
      },
      { x: [3, 4] },
      1,
      { b: 3, h: 4, k: 6, one: 5 },
    ],
    [
      'nothing that follows, where it is given',
      { inputs: [port('x', 'float32', ['b']), port('y', 'float32', ['k'])], follows: { k: 'b*2' } },
      { x: [3], y: [7] },
      1,
      { b: 3, k: 7 },
    ],
  ])('are %s', (_, source, given, rows, sizes) => {
    const of = { source } as unknown as Schedule;
    expect(Object.fromEntries(scheduleBindings(of, given, rows))).toEqual(sizes);
  });
});
