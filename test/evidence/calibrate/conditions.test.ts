/** What a loop reads beside latent and timestep: completed per image, for one half or both. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  type ConditionOptions,
  completeConditions,
} from '../../../src/evidence/calibrate/conditions.js';
import type { DenoiserPorts } from '../../../src/evidence/measure/index.js';
import { tableRows } from '../../../src/evidence/measure/labels.js';
import { modelOf } from '../../helpers/text.js';

function ports(batch: string | number, rows: string | number = batch): DenoiserPorts {
  return {
    inputs: [
      { name: 'x', type: 'float32', shape: [batch, 1, 4, 4] },
      { name: 't', type: 'int64', shape: [] },
      { name: 'label', type: 'int64', shape: [rows] },
      { name: 'text', type: 'float32', shape: [rows, 'tokens', 2] },
      { name: 'table', type: 'float32', shape: [3] },
    ],
    outputs: [{ name: 'eps', type: 'float32', shape: [batch, 1, 4, 4] }],
    roles: { latent: 'x', timestep: 't', prediction: 'eps' },
    bindings: new Map([
      ['batch', 1],
      ['tokens', 5],
    ]),
  };
}

const complete = (given: Partial<ConditionOptions> = {}, of = ports('batch')) =>
  completeConditions(of, {
    ort: ort as never,
    samples: 64,
    mode: undefined,
    feeds: {},
    unconditional: {},
    seed: 7,
    classes: new Map([['label', 1000]]),
    ...given,
  });

const dims = (feeds: Readonly<Record<string, { dims: readonly number[] }>>) =>
  Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensor.dims]));
const values = (tensor: unknown) => [...((tensor as ort.Tensor).data as Float32Array)].map(Number);
const label = (rows: number) =>
  new ort.Tensor('int64', new BigInt64Array(rows).fill(3n), [rows]) as never;

describe('without guidance', () => {
  const { feeds, unconditional, madeUp } = complete();

  test('every condition is made up, a row for each image where it has rows', () => {
    expect(madeUp).toEqual(['label', 'text', 'table']);
    expect(dims(feeds)).toEqual({ label: [64], text: [64, 5, 2], table: [3] });
    expect(unconditional).toEqual({});
  });

  test('images have conditions of their own, among the classes that there are', () => {
    const labels = values(feeds.label);
    expect(new Set(labels).size).toBeGreaterThan(50);
    expect(Math.max(...labels)).toBeLessThan(1000);
    expect(Math.max(...labels)).toBeGreaterThan(900);
    expect(new Set(values(feeds.text)).size).toBeGreaterThan(600);
  });

  test('more images leave those that are there as they are', () => {
    const more = complete({ samples: 80 }).feeds;
    expect(values(more.label).slice(0, 64)).toEqual(values(feeds.label));
  });

  test('seeds differ, and what is given stays', () => {
    expect(values(complete({ seed: 8 }).feeds.label)).not.toEqual(values(feeds.label));
    const given = complete({ feeds: { label: label(64) } });
    expect(given.madeUp).toEqual(['text', 'table']);
    expect(new Set(values(given.feeds.label))).toEqual(new Set([3]));
  });
});

describe('with guidance', () => {
  test.each(['batch', 'two-calls'] as const)('in %s mode both halves are made up', (mode) => {
    const { feeds, unconditional } = complete({ mode });
    expect(dims(feeds)).toEqual({ label: [64], text: [64, 5, 2], table: [3] });
    expect(dims(unconditional)).toEqual({ label: [64], text: [64, 5, 2] });
    expect(values(unconditional.text)).not.toEqual(values(feeds.text));
  });

  test('a half that is given is taken, the other made up', () => {
    const { feeds, unconditional } = complete({
      mode: 'batch',
      unconditional: { label: label(64) },
    });
    expect(new Set(values(unconditional.label))).toEqual(new Set([3]));
    expect(new Set(values(feeds.label)).size).toBeGreaterThan(50);
  });

  test('a fixed batch holds both halves', () => {
    const { feeds, unconditional } = complete({ mode: 'batch', samples: 4 }, ports(8));
    expect(dims(feeds)).toMatchObject({ label: [4], text: [4, 5, 2] });
    expect(dims(unconditional)).toEqual({ label: [4], text: [4, 5, 2] });
  });

  test('given rows must be those of the samples, of one half or of both', () => {
    const refused = (given: Partial<ConditionOptions>) => () =>
      complete({ mode: 'batch', samples: 4, ...given });
    const error = expect.objectContaining({ code: 'FEED_SHAPE' });
    expect(refused({ feeds: { label: label(3) }, unconditional: { label: label(4) } })).toThrow(
      error,
    );
    expect(refused({ unconditional: { label: label(8) } })).toThrow(error);
    expect(refused({ feeds: { label: label(4) } })).toThrow(error);
    expect(refused({ feeds: { label: label(8) } })).not.toThrow();
  });
});

describe('sizes that are given', () => {
  const text = (rows: number, tokens: number) =>
    new ort.Tensor('float32', new Float32Array(rows * tokens * 2), [rows, tokens, 2]) as never;
  const masked: DenoiserPorts = {
    ...ports('batch'),
    inputs: [
      ...ports('batch').inputs,
      { name: 'mask', type: 'float32', shape: ['batch', 'tokens'] },
      { name: 'places', type: 'float32', shape: ['tokens'] },
    ],
  };

  test('hold for what is made up', () => {
    const { feeds } = complete({ samples: 4, feeds: { text: text(4, 8) } }, masked);
    expect(dims(feeds)).toMatchObject({ mask: [4, 8], places: [8] });
  });

  test('hold for both halves in one batch, whichever has them', () => {
    const { feeds, unconditional } = complete(
      { samples: 4, mode: 'batch', unconditional: { text: text(4, 8) } },
      masked,
    );
    expect(dims(feeds)).toMatchObject({ text: [4, 8, 2], mask: [4, 8], places: [8] });
    expect(dims(unconditional)).toMatchObject({ text: [4, 8, 2], mask: [4, 8] });
  });

  test('are those of each half where each is a call', () => {
    const { feeds, unconditional } = complete(
      {
        samples: 4,
        mode: 'two-calls',
        feeds: { text: text(4, 8) },
        unconditional: { text: text(4, 3) },
      },
      masked,
    );
    expect(dims(feeds)).toMatchObject({ text: [4, 8, 2], mask: [4, 8], places: [8] });
    expect(dims(unconditional)).toMatchObject({ text: [4, 3, 2], mask: [4, 3], places: [3] });
  });
});

test('classes are counted where an input is looked up in a table', () => {
  const model = modelOf(`g (int64[batch] y, int32[batch] z, float[batch] t) => (float[batch,2] out)
  <float[3,2] table = {1,2,3,4,5,6}, float[2,5] across = {1,2,3,4,5,6,7,8,9,0}, float[9] plain = {1,2,3,4,5,6,7,8,9}> {
    a = Gather (table, y)
    i = Cast <to = 7> (z)
    b = Gather <axis = 1> (across, i)
    c = Gather (plain, y)
    bt = Transpose (b)
    d = Add (a, bt)
    c2 = Unsqueeze (c, y)
    out = Add (d, c2)
  }`);
  expect(tableRows(model.graph)).toEqual(
    new Map([
      ['y', 3],
      ['z', 5],
    ]),
  );
});
