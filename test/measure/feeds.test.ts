/** Made-up inputs: seeded, of the right types and sizes, and only where sizes are known. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { StepfoldError } from '../../src/errors/index.js';
import { halfToNumber } from '../../src/ir/tensor.js';
import { fitShape } from '../../src/measure/feeds.js';
import { randomFeeds, scheduleBindings } from '../../src/measure/index.js';
import type { Port, Schedule } from '../../src/schedule/index.js';

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

  test('are not made up where a size is not known', () => {
    for (const unknown of [
      port('x', 'float32', ['width']),
      port('x', 'float32', [null]),
      port('x', 'string', [1]),
    ])
      expect(() => make(1, [unknown])).toThrow(
        expect.objectContaining({ code: 'FEED_SHAPE_UNKNOWN' }),
      );
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
});
