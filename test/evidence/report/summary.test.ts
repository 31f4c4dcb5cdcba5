/** What a report sums up of states. */
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { keptMemoryWarning } from '../../../src/evidence/report/facts/kept-memory.js';
import type { KnownSubject } from '../../../src/evidence/report/facts/subject.js';
import { statesSection } from '../../../src/evidence/report/sections/states.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';

test('states that live alike are one row, whose bytes are those of all', () => {
  const state = { type: 'float32', shape: ['batch', 256] };
  const schedule = {
    source: { file: 'dit.onnx', sha256: '0'.repeat(64) },
    emit: 'split',
    calls: ['full', 'reuse', 'full'],
    models: { m: { file: 'm.onnx' }, n: { file: 'n.onnx' } },
    weights: [],
    states: { a: state, b: state, c: state, other: { type: 'float16', shape: [512] } },
    programs: {
      full: { runs: [{ model: 'm', writes: { a: '1', b: '2', c: '3', other: '4' } }] },
      reuse: { runs: [{ model: 'n', reads: { x: 'a', y: 'b', z: 'c', w: 'other' } }] },
    },
    cost: { macs: { convention: { all: macs(), layers: macs() }, bindings: { batch: 2 } } },
  } as unknown as Schedule;
  const subject = { schedule, report: { passes: [], models: {}, weights: {} }, modelBytes: {} };
  const { body } = statesSection(subject as unknown as KnownSubject)!;
  const { document } = parseHTML(`<html><body>${body.text}</body></html>`);
  const rows = [...document.querySelectorAll('tr')].map((row) =>
    [...row.children].map((cell) => cell.textContent),
  );
  // three times 2 x 256 numbers of four bytes, and 512 of two
  expect(rows).toContainEqual([
    'a, b and c',
    'float32 [batch, 256]',
    '6.0 KiB',
    '2',
    '1',
    'calls 0 to 1 of 3',
  ]);
  expect(rows).toContainEqual(
    expect.arrayContaining(['other', 'float16 [512]', '1.0 KiB', '2', '1']),
  );
});

test.each([
  ['less than the weights', 1023, undefined],
  ['as much as the weights', 1024, undefined],
  [
    'more than the weights',
    1536,
    'what is kept from call to call takes 1.5 KiB, more than the 1.0 KiB of weights (batch=2)',
  ],
])('memory of what is kept: %s', (_, stateBytes, warning) => {
  const schedule = {
    states: { a: {} },
    // of a file only what is read counts
    weights: [{ bytes: 512 }, { bytes: 9999, used: 512 }],
    cost: { stateBytes, macs: { bindings: { batch: 2 } } },
  } as unknown as Schedule;
  expect(keptMemoryWarning(schedule)).toBe(warning);
  const history = { ...schedule, states: { a: {}, b: { follows: 'a' } } } as unknown as Schedule;
  expect(keptMemoryWarning(history)).toBe(
    warning && `${warning}; a lower order keeps fewer values`,
  );
});

function macs() {
  return { source: 1, programs: { full: 1, reuse: 0 }, perCall: 0.5 };
}
