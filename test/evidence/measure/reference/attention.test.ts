/** The reference of `verify` against loops over what the papers say of a plain attention, for every order of strategies. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import { passesWith } from '../../../../passes/table.js';
import { makeReference, type Reference } from '../../../../src/evidence/measure/reference/run.js';
import type { Schedule } from '../../../../src/runtime/schedule/index.js';
import { EXACT } from '../../../helpers/compile.js';
import {
  actedOut,
  feedsOf,
  type Guidance,
  inputsFor,
  SOURCE,
  scheduleOf,
  TOKENS,
} from './attention.js';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-reference-'));
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

const dims = (batch: number) => ({ x: [batch, TOKENS, 1] });

function referenceOf(schedule: Schedule, batch: number): Reference {
  const reference = makeReference(SOURCE, schedule, passesWith().strategies, dims(batch));
  if (typeof reference === 'string') throw new Error(reference);
  return reference;
}

async function expectActedOut(strategies: readonly string[], guidance?: Guidance): Promise<void> {
  const batch = guidance?.mode === 'batch' ? 4 : 2;
  const inputs = inputsFor(strategies.length, batch);
  const reference = referenceOf(scheduleOf(strategies, guidance), batch);
  const feeds = new Map(inputs.map((x, call) => [call, feedsOf(x)]));
  const results = await reference.run({
    ort: ort as never,
    feeds,
    scratch: path.join(scratch, 'probe'),
    session: EXACT,
  });
  const expected = actedOut(inputs, strategies, guidance);
  for (const [call, { y }] of results) {
    const actual = [...(y!.data as Float32Array)];
    const wanted = expected[call]!.flat();
    for (const [i, value] of wanted.entries())
      expect(actual[i], `call ${call} of ${strategies}`).toBeCloseTo(value, 5);
  }
  expect([...results.keys()]).toEqual([...strategies.keys()]);
}

const W = 'window';
const S = 'guidance-share';
const B = 'window+guidance-share';
const [C, R, Z, O] = ['compute', 'reuse', 'zero', 'window-only'];
const batch = (order: Guidance['order']): Guidance => ({ order, mode: 'batch' });
const twoCalls: Guidance = { order: 'cond-first', mode: 'two-calls' };

describe('alone', () => {
  test.each([
    [[C, R, R, C, R]],
    [[C, W, R, W, C, W]],
    [[C, Z, R, Z]],
    // what is kept under a band alone is the band's; what it lacks is still the last full call's
    [[C, O, R, O, W, R]],
    [[O, O, R]],
    [[C, C]],
  ])('%j', async (strategies) => {
    await expectActedOut(strategies as string[]);
  });
});

describe.each([batch('cond-first'), batch('uncond-first')])('with pairs, %j', (guidance) => {
  test.each([
    [[C, S, R, W, C, W]],
    [[S, W, B, R, C, B, R, S, R]],
    [[C, B, W, S, W]],
    [[C, O, B, R]],
  ])('%j', async (strategies) => {
    await expectActedOut(strategies as string[], guidance);
  });
});

describe('with two calls a step', () => {
  test.each([
    [[C, S, R, R, W, W]],
    [[C, C, B, B, R, R, C, S, W, B]],
    // what the second call takes over of a full one, it may add later
    [[S, S, C, W, W, W]],
    [[C, C, C, B, W, W, R, R]],
    [[C, C, Z, Z, R, R, O, S, R, W]],
  ])('%j', async (strategies) => {
    await expectActedOut(strategies as string[], twoCalls);
  });
});

describe('what calls take and leave', () => {
  const access = (strategies: string[], guidance?: Guidance) => {
    const reference = referenceOf(scheduleOf(strategies, guidance), 2);
    return strategies.map((_, call) => reference.access(call));
  };
  const [value, lacks] = ['value 0 out', 'residual 0 mixed'];

  test('of values and of what a window lacks', () => {
    expect(access([C!, W, R!, O!, Z!, W])).toEqual([
      { takes: [], leaves: [value, lacks] },
      { takes: [lacks], leaves: [value] },
      { takes: [value], leaves: [] },
      { takes: [], leaves: [value] },
      { takes: [], leaves: [] },
      { takes: [lacks], leaves: [value] },
    ]);
  });

  test('is nothing that no call takes', () => {
    expect(access([C!, W])).toEqual([
      { takes: [], leaves: [lacks] },
      { takes: [lacks], leaves: [] },
    ]);
    expect(access([C!, R!])).toEqual([
      { takes: [], leaves: [value] },
      { takes: [value], leaves: [] },
    ]);
    expect(access([C!, C!])).toEqual([
      { takes: [], leaves: [] },
      { takes: [], leaves: [] },
    ]);
  });

  test('is of the same half, or of the first call of the step', () => {
    const [value1, lacks1] = ['value 1 out', 'residual 1 mixed'];
    expect(access([C!, S, W, W, R!, R!, C!, B], twoCalls)).toEqual([
      { takes: [], leaves: [value, lacks] },
      { takes: [value, lacks], leaves: [value1, lacks1] },
      { takes: [lacks], leaves: [value] },
      { takes: [lacks1], leaves: [value1] },
      { takes: [value], leaves: [] },
      { takes: [value1], leaves: [] },
      { takes: [], leaves: [value, lacks] },
      { takes: [value], leaves: [value1] },
    ]);
  });
});
