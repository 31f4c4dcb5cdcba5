/** Lives of states, worked out by hand. */
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { stateArcs, stateLives } from '../../../src/evidence/report/facts/states.js';
import type { KnownSubject } from '../../../src/evidence/report/facts/subject.js';
import { statesSection } from '../../../src/evidence/report/sections/states.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';

const schedule = {
  calls: ['full', 'shallow', 'shallow', 'full', 'window', 'shallow'],
  states: {
    deep: { type: 'float32', shape: ['batch', 3, 'height*2'] },
    residual: { type: 'float16', shape: [4, null] },
    unread: { type: 'int64', shape: [] },
  },
  programs: {
    full: { runs: [{ model: 'm', writes: { deep: 'd', unread: 'u' } }] },
    shallow: { runs: [{ model: 'm', reads: { a: 'deep' } }] },
    // reads what was there before the call, and writes for those after it
    window: {
      runs: [
        { model: 'm', reads: { a: 'deep' }, writes: { residual: 'r' } },
        { model: 'n', writes: { deep: 'd' }, unused: { x: 'residual' } },
      ],
    },
  },
  cost: { macs: { bindings: { batch: 2, height: 10 } } },
} as unknown as Schedule;

test('states live from the call that writes them to the last that reads them', () => {
  const lives = stateLives(schedule);
  expect(lives.map(({ id, bytes, writes, reads }) => ({ id, bytes, writes, reads }))).toEqual([
    { id: 'deep', bytes: 2 * 3 * 20 * 4, writes: [0, 3, 4], reads: [1, 2, 4, 5] },
    { id: 'residual', bytes: undefined, writes: [4], reads: [] },
    { id: 'unread', bytes: 8, writes: [0, 3], reads: [] },
  ]);
});

test('arcs go from the last call before that wrote', () => {
  expect(stateArcs(stateLives(schedule))).toEqual([
    { from: 0, to: 1, states: ['deep'] },
    { from: 0, to: 2, states: ['deep'] },
    { from: 3, to: 4, states: ['deep'] },
    { from: 4, to: 5, states: ['deep'] },
  ]);
});

test('a history lives from the write that its value was made by', () => {
  const following = {
    calls: ['full', 'full', 'shallow', 'full', 'shallow'],
    states: {
      deep: { type: 'float32', shape: [2] },
      before: { type: 'float32', shape: [2], follows: 'deep' },
      first: { type: 'float32', shape: [2], follows: 'before' },
    },
    programs: {
      full: { runs: [{ model: 'm', writes: { deep: 'd' } }] },
      shallow: { runs: [{ model: 'm', reads: { a: 'deep', b: 'before', c: 'first' } }] },
    },
  } as unknown as Schedule;
  const lives = stateLives(following);
  expect(lives.map(({ writes }) => writes)).toEqual([
    [0, 1, 3],
    [0, 1, 3],
    [0, 1, 3],
  ]);
  expect(stateArcs(lives)).toEqual([
    // of two writes the older is all that there was before it
    { from: 0, to: 2, states: ['before', 'first'] },
    { from: 0, to: 4, states: ['first'] },
    { from: 1, to: 2, states: ['deep'] },
    { from: 1, to: 4, states: ['before'] },
    { from: 3, to: 4, states: ['deep'] },
  ]);
});

test('states of one life are one row of the page, with the bytes of all', () => {
  const [first, ...others] = ['a', 'b', 'c', 'd'];
  const row = (ids: readonly string[]) => {
    const subject = {
      schedule: {
        calls: ['full', 'shallow'],
        emit: 'split',
        source: { file: 'source.onnx', sha256: '0'.repeat(64) },
        models: { m: { file: 'm.onnx' } },
        weights: [],
        states: Object.fromEntries(ids.map((id) => [id, { type: 'float32', shape: [2, 256] }])),
        programs: {
          full: { runs: [{ model: 'm', writes: Object.fromEntries(ids.map((id) => [id, id])) }] },
          shallow: { runs: [{ model: 'm', reads: Object.fromEntries(ids.map((id) => [id, id])) }] },
        },
      },
      report: { passes: [], models: {}, weights: {} },
      modelBytes: {},
      models: new Map(),
    } as unknown as KnownSubject;
    const { document } = parseHTML(`<body>${statesSection(subject)!.body.text}</body>`);
    const [states] = document.querySelectorAll('tbody tr');
    return [...states!.children].map((cell) => cell.textContent);
  };
  // 2 KiB each
  const rest = ['1', '1', 'calls 0 to 1 of 2'];
  expect(row([first!])).toEqual(['a', 'float32 [2, 256]', '2.0 KiB', ...rest]);
  expect(row([first!, ...others.slice(0, 2)])).toEqual([
    'a, b and c',
    'float32 [2, 256]',
    '6.0 KiB',
    ...rest,
  ]);
  expect(row([first!, ...others])).toEqual([
    'a and 3 like it',
    'float32 [2, 256]',
    '8.0 KiB',
    ...rest,
  ]);
});
