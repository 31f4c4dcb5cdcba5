/** Lives of states, worked out by hand. */
import { expect, test } from 'vitest';
import { stateArcs, stateLives } from '../../src/report/facts/states.js';
import type { Schedule } from '../../src/schedule/index.js';

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
