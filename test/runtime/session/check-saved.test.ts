/**
 * What is taken for a saved image, and what is refused: each is one that is right, with one thing changed. What is right is
 * written out here, as `save()` would have it after two calls of a history, of a guidance pair and of texts.
 */
import { describe, expect, it } from 'vitest';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import { checkSaved } from '../../../src/runtime/session/check-saved.js';
import { identityOf } from '../../../src/runtime/session/identity.js';
import { split } from './tiny-bundles.js';

const { schedule: tiny } = split();
const SCHEDULE: Schedule = {
  ...tiny,
  states: {
    last: { type: 'float32', shape: ['batch', 2] },
    before: { type: 'float32', shape: ['batch', 2], follows: 'last' },
    // begins with a value, and no call writes it
    bias: { type: 'float16', shape: [3], initial: [1, 2, 3] },
    names: { type: 'string', shape: [] },
    packed: { type: 'int4', shape: [null] },
    nibbles: { type: 'uint4', shape: [3] },
    late: { type: 'float32', shape: [1] },
  },
  programs: {
    full: { runs: [{ model: 'full', writes: { last: 'deep' } }] },
    other: {
      runs: [
        { model: 'shallow' },
        { model: 'full', writes: { names: 'n', packed: 'p', nibbles: 'q' } },
      ],
    },
    later: { runs: [{ model: 'full', writes: { late: 'deep' } }] },
  },
  calls: ['full', 'other', 'later', 'full'],
};

type Fields = Record<string, unknown>;

const seen = () => ({ timestep: { largest: 9, smallest: 9 }, sizes: [[1, 2]] });
const right = () => ({
  format: 'stepfold.image',
  version: 1,
  schedule: { ...identityOf(SCHEDULE) },
  callIndex: 2,
  states: {
    last: {
      type: 'float32',
      dims: [1, 2],
      data: Float32Array.of(1, 2),
      call: 0,
      sizes: { batch: 1 },
    },
    before: {
      type: 'float32',
      dims: [1, 2],
      data: Float32Array.of(1, 2),
      call: 0,
      sizes: { batch: 1 },
    },
    bias: { type: 'float16', dims: [3], data: Uint16Array.of(1, 2, 3), call: -1, sizes: {} },
    names: { type: 'string', dims: [], data: ['a'], call: 1, sizes: { batch: 1 } },
    packed: { type: 'int4', dims: [3], data: Uint8Array.of(1, 2), call: 1, sizes: { batch: 1 } },
    nibbles: { type: 'uint4', dims: [3], data: Uint8Array.of(1, 2), call: 1, sizes: {} },
  } as Record<string, Fields>,
  watch: {
    first: seen(),
    last: { timestep: undefined, sizes: [[1], [2, 3]] },
    lastOfKind: [seen(), undefined],
    largestBatch: 2,
    smallestPairs: 2,
    rises: false,
    stride: 0.5,
    reached: 1,
    repeatsFirst: false,
    repeats: true,
    left: { first: seen(), last: seen(), calls: 3, reached: 0 },
  } as Fields,
});
type Right = ReturnType<typeof right>;

const refusal = (saved: unknown): unknown => {
  try {
    checkSaved(saved, SCHEDULE);
    return undefined;
  } catch (error) {
    return error;
  }
};
const changed = (change: (saved: Right) => void) => {
  const saved = right();
  change(saved);
  return refusal(saved);
};
const state = (id: string, change: Fields) =>
  changed(({ states }) => {
    states[id] = { ...states[id], ...change };
  });
const watch = (change: Fields) =>
  changed(({ watch }) => {
    Object.assign(watch, change);
  });
const invalid = (message: RegExp) => ({
  code: 'SAVED_IMAGE_INVALID',
  message: expect.stringMatching(message),
});

it('what is right is taken, whatever of it is left out that need not be there', () => {
  expect(refusal(right())).toBeUndefined();
  for (const optional of ['first', 'last', 'stride', 'smallestPairs', 'left'])
    expect(watch({ [optional]: undefined })).toBeUndefined();
  expect(watch({ lastOfKind: [], largestBatch: 0, stride: -1 })).toBeUndefined();
  expect(changed(({ states }) => Object.assign(states['packed']!, { dims: [4] }))).toBeUndefined();
  expect(state('last', { sizes: { batch: 0, height: 3 } })).toBeUndefined();
  // from another realm, as tests and pages with frames have them
  expect(refusal(structuredClone(right()))).toBeUndefined();
});

it('the states are those that the calls have written, what follows them, and what began with a value', () => {
  const { bias, ...written } = right().states;
  const begun = { ...right(), callIndex: 0 };
  expect(refusal({ ...begun, states: { bias } })).toBeUndefined();
  expect(refusal({ ...begun, states: {} })).toMatchObject(invalid(/no state "bias"/));
  const { last, before } = written;
  const once = { ...right(), callIndex: 1 };
  expect(refusal({ ...once, states: { bias, last, before } })).toBeUndefined();
  expect(refusal({ ...once, states: { bias, last } })).toMatchObject(invalid(/no state "before"/));
  expect(refusal({ ...once, states: { bias, before } })).toMatchObject(invalid(/no state "last"/));
  expect(refusal(once)).toMatchObject(invalid(/"names" is held by nothing at call 1/));
  const late = { type: 'float32', dims: [1], data: Float32Array.of(1), call: 0, sizes: {} };
  expect(changed(({ states }) => Object.assign(states, { late }))).toMatchObject(
    invalid(/"late" is held by nothing at call 2/),
  );
  expect(
    refusal({ ...right(), callIndex: 3, states: { ...right().states, late } }),
  ).toBeUndefined();
  expect(
    refusal({ ...right(), callIndex: 4, states: { ...right().states, late } }),
  ).toBeUndefined();
  expect(changed(({ states }) => Object.assign(states, { toString: late }))).toMatchObject(
    invalid(/"toString" is held by nothing/),
  );
});

describe('is refused', () => {
  it.each([undefined, null, 'text', 1, [], {}, { ...right(), format: 'stepfold.schedule' }])(
    'what is nothing of the kind: %j',
    (saved) => {
      expect(refusal(saved)).toMatchObject(invalid(/nothing that save\(\) gave/));
    },
  );

  it.each([0, 2, '1', undefined, 1n, {}])('version %s', (version) => {
    expect(refusal({ ...right(), version })).toMatchObject({ code: 'SAVED_IMAGE_VERSION' });
  });

  it.each(['source', 'programs', 'calls', 'loop'] as const)('another %s', (differs) => {
    for (const value of ['other', 3, undefined, 1n])
      expect(
        changed(({ schedule }) => Object.assign(schedule, { [differs]: value })),
      ).toMatchObject({
        code: 'SAVED_IMAGE_MISMATCH',
        message: expect.stringContaining(differs),
        details: { data: { differs, saved: value, is: identityOf(SCHEDULE)[differs] } },
      });
  });

  it.each([undefined, null, 'a', []])('the identity %j', (schedule) => {
    expect(refusal({ ...right(), schedule })).toMatchObject(invalid(/what it was saved from/));
  });

  it.each([-1, 5, 1.5, Number.NaN, '2', undefined, 2n])('call index %s', (callIndex) => {
    expect(refusal({ ...right(), callIndex })).toMatchObject(invalid(/from 0 to 4/));
  });

  it.each([undefined, null, [], 'states'])('the states %j', (states) => {
    expect(refusal({ ...right(), states })).toMatchObject(invalid(/no states/));
  });

  it.each<[string, Fields, RegExp]>([
    ['type', { type: 'float16' }, /of type float16 in place of float32/],
    ['rank', { dims: [2] }, /\[2\] in place of \[batch, 2\]/],
    ['rank', { dims: [1, 1, 2] }, /\[1, 1, 2\] in place of/],
    ['width', { dims: [2, 1] }, /\[2, 1\] in place of/],
    ['dims', { dims: undefined }, /without dims/],
    ['dims', { dims: [1, '2'] }, /without dims/],
    ['dims', { dims: [-1, 2] }, /without dims/],
    ['dims', { dims: [0.5, 2] }, /without dims/],
    ['sizes', { sizes: undefined }, /without sizes/],
    ['sizes', { sizes: [1] }, /without sizes/],
    ['sizes', { sizes: { batch: '1' } }, /without sizes/],
    ['sizes', { sizes: { batch: -1 } }, /without sizes/],
    ['call', { call: 2 }, /written by call 2, where 2 were made/],
    ['call', { call: -2 }, /written by call -2/],
    ['call', { call: 0.5 }, /written by call 0.5/],
    ['call', { call: '0' }, /written by call 0/],
    ['call', { call: undefined }, /written by call undefined/],
    ['data', { data: Float32Array.of(1) }, /without 2 elements of float32/],
    ['data', { data: Float32Array.of(1, 2, 3) }, /without 2 elements/],
    ['data', { data: Float64Array.of(1, 2) }, /without 2 elements/],
    ['data', { data: [1, 2] }, /without 2 elements/],
    ['data', { data: undefined }, /without 2 elements/],
    ['data', { data: { length: 2 } }, /without 2 elements/],
  ])('a state with other %s: %j', (_, change, message) => {
    expect(state('last', change)).toMatchObject(invalid(message));
  });

  it('a state that is none, a text of another length, and halves of bytes', () => {
    for (const last of [undefined, null, 1, []])
      expect(changed(({ states }) => Object.assign(states, { last }))).toMatchObject(
        invalid(/state "last" is no state/),
      );
    expect(state('names', { data: [] })).toMatchObject(invalid(/"names" is without 1 element/));
    expect(state('packed', { dims: [1, 3] })).toMatchObject(invalid(/\[1, 3\] in place of/));
    expect(state('packed', { dims: [5] })).toMatchObject(invalid(/without 3 elements of int4/));
    expect(state('bias', { data: Int16Array.of(1, 2, 3) })).toMatchObject(invalid(/float16/));
  });

  it.each([undefined, null, [], 1])('the watch %j', (value) => {
    expect(refusal({ ...right(), watch: value })).toMatchObject(invalid(/watch/));
  });

  const unseen: unknown[] = [
    null,
    1,
    { timestep: undefined },
    { timestep: undefined, sizes: [1] },
    { timestep: undefined, sizes: [[1], [-1]] },
    { timestep: 1, sizes: [] },
    { timestep: { largest: '9', smallest: 9 }, sizes: [] },
    { timestep: { largest: 9 }, sizes: [] },
  ];
  const left = () => right().watch['left'] as Fields;
  it.each<Fields>([
    ...unseen.flatMap((one) => [{ first: one }, { last: one }, { lastOfKind: [one] }]),
    ...unseen.map((one) => ({ left: { ...left(), first: one } })),
    { lastOfKind: undefined },
    { lastOfKind: {} },
    ...['rises', 'repeatsFirst', 'repeats'].flatMap((flag) => [
      { [flag]: undefined },
      { [flag]: 1 },
    ]),
    ...['largestBatch', 'reached'].flatMap((count) => [{ [count]: undefined }, { [count]: -1 }]),
    { smallestPairs: '2' },
    { smallestPairs: -1 },
    { stride: '1' },
    { more: () => 1 },
    { left: null },
    { left: 1 },
    { left: { ...left(), first: undefined } },
    { left: { ...left(), last: undefined } },
    { left: { ...left(), calls: undefined } },
    { left: { ...left(), reached: 0.5 } },
  ])('a watch with %j', (change) => {
    expect(watch(change)).toMatchObject(invalid(/watch/));
  });
});
