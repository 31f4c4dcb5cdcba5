/** What a schedule says of a state that counts calls, of names of sizes, and of the loop as one model. */
import { describe, expect, test } from 'vitest';
import { checkSchedule, type Schedule, uncounted } from '../../../src/runtime/schedule/index.js';

const HASH = '0'.repeat(64);

const counting = (change: (schedule: Schedule) => void = () => {}): Schedule => {
  const run = (name: string) => ({
    model: 'stateful',
    reads: { 'in.call': 'call', ...(name === 'late' && { 'in.s': 's' }) },
    writes: { call: 'out.call', ...(name === 'early' && { s: 'out.s' }) },
    ...(name === 'early' && { unused: { 'in.s': 's' } }),
  });
  const schedule: Schedule = {
    format: 'stepfold.schedule',
    version: 2,
    producer: 'test',
    source: {
      file: 'm.onnx',
      sha256: HASH,
      inputs: [{ name: 'x', type: 'float32', shape: ['n'] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['n'] }],
    },
    emit: 'stateful',
    models: { stateful: { file: 'stateful.onnx', sha256: HASH } },
    weights: [],
    states: {
      s: { type: 'float32', shape: ['n'], symbols: ['in.s.n'] },
      call: { type: 'int64', shape: [1], initial: [0], counts: true },
    },
    loop: { steps: 3, start: 0, fixed: 'it lies in the model' },
    programs: { early: { runs: [run('early')] }, late: { runs: [run('late')] } },
    calls: ['early', 'late', 'late'],
  };
  change(schedule);
  return schedule;
};

test('is taken', () => {
  expect(checkSchedule(counting())).toEqual({ errors: [], warnings: [] });
});

describe('is refused', () => {
  test.each<[string, (schedule: Schedule) => void, string, RegExp]>([
    [
      'two that count',
      (s) => (s.states.s = { ...s.states.call! }),
      '/states/call/counts',
      /already/,
    ],
    ['of another type', (s) => (s.states.call!.type = 'int32'), '/states/call/counts', /int64/],
    ['from 1 on', (s) => (s.states.call!.initial = [1]), '/states/call/counts', /begins with 0/],
    [
      'a program that does not count',
      (s) => delete s.programs.late!.runs[0]!.writes!.call,
      '/programs/late',
      /read and write "call"/,
    ],
    ['fewer names than axes', (s) => (s.states.s!.symbols = []), '/states/s/symbols', /each axis/],
    [
      'a name for a number',
      (s) => (s.states.call!.symbols = ['n']),
      '/states/call/symbols',
      /null where/,
    ],
    [
      'a loop that is no model',
      (s) =>
        (s.whole = {
          model: 'loop',
          sampler: { name: 'ddim', options: {} },
          inputs: [],
          outputs: [],
        }),
      '/whole/model',
      /names no model/,
    ],
    [
      'a loop that programs run',
      (s) =>
        (s.whole = {
          model: 'stateful',
          sampler: { name: 'ddim', options: {} },
          inputs: [],
          outputs: [],
        }),
      '/whole/model',
      /that programs run/,
    ],
  ])('%s', (_, change, path, message) => {
    const { errors } = checkSchedule(counting(change));
    expect(errors.map((problem) => problem.path)).toContain(path);
    expect(errors.find((problem) => problem.path === path)!.message).toMatch(message);
  });
});

test('a program by itself is told which call it is: the first that runs it', () => {
  const { states, programs } = uncounted(counting());
  expect(Object.keys(states)).toEqual(['s']);
  expect(programs.late!.runs[0]).toEqual({
    model: 'stateful',
    reads: { 'in.s': 's' },
    constants: { 'in.call': { type: 'int64', shape: [1], data: [1] } },
  });
  expect(programs.early!.runs[0]!.constants).toEqual({
    'in.call': { type: 'int64', shape: [1], data: [0] },
  });
});
