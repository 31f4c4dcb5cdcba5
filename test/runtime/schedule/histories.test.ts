/** Histories and parameters as a schedule states them: what is refused, and where. */
import { expect, test } from 'vitest';
import { checkSchedule } from '../../../src/runtime/schedule/check.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';

interface Stated {
  type: 'float32';
  shape: string[];
  follows?: string;
}

const state: Stated = { type: 'float32', shape: ['n'] };

/** A schedule of a history of three, and weights for it. */
function schedule() {
  return {
    format: 'stepfold.schedule',
    version: 1,
    producer: 'test',
    source: {
      file: 'm.onnx',
      sha256: '0'.repeat(64),
      inputs: [{ name: 'x', type: 'float32', shape: ['n'] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['n'] }],
    },
    emit: 'split',
    models: {
      full: { file: 'full.onnx', sha256: '0'.repeat(64) },
      ahead: { file: 'ahead.onnx', sha256: '0'.repeat(64) },
    },
    weights: [],
    states: {
      a: { ...state },
      b: { ...state, follows: 'a' },
      c: { ...state, follows: 'b' },
    } as Record<string, Stated>,
    parameters: { w: { shape: [3], calls: [null, [1, 0, 0]] as (number[] | null)[] } },
    programs: {
      full: { runs: [{ model: 'full', writes: { a: 'out' } as Record<string, string> }] },
      ahead: {
        runs: [
          {
            model: 'ahead',
            reads: { i: 'a', j: 'b', k: 'c' } as Record<string, string>,
            parameters: { l: 'w' } as Record<string, string>,
          },
        ],
      },
    },
    calls: ['full', 'ahead'],
  };
}
type Draft = ReturnType<typeof schedule>;

const errors = (change: (draft: Draft) => unknown) => {
  const draft = schedule();
  change(draft);
  return checkSchedule(draft as unknown as Schedule).errors.map(
    ({ path, message }) => `${path} ${message}`,
  );
};

test('a history that one write fills, and weights for it, are right', () => {
  expect(errors(() => {})).toEqual([]);
});

const runs = (s: Draft) => ({ full: s.programs.full.runs[0]!, ahead: s.programs.ahead.runs[0]! });

test.each<[what: string, change: (draft: Draft) => unknown, says: string]>([
  [
    'following what there is not',
    ({ states }) => Object.assign(states.c!, { follows: 'd' }),
    '/states/c/follows names no state: "d"',
  ],
  [
    'two that follow one',
    ({ states }) => Object.assign(states.c!, { follows: 'a' }),
    '/states/c/follows is what "b" follows already',
  ],
  [
    'a circle',
    ({ states }) => Object.assign(states.a!, { follows: 'c' }),
    '/states/a/follows closes a circle',
  ],
  [
    'following another shape',
    ({ states }) => Object.assign(states.c!, { shape: ['m'] }),
    '/states/c/follows names "b", which is of another type or shape',
  ],
  [
    'writing what follows another',
    (s) => Object.assign(runs(s).full.writes, { b: 'out' }),
    '/programs/full/runs/0/writes/b writes "b", which follows another state',
  ],
  [
    'a parameter that there is not',
    (s) => Object.assign(runs(s).ahead.parameters, { l: 'v' }),
    '/programs/ahead/runs/0/parameters/l names no parameter: "v"',
  ],
  [
    'an input that is fed twice',
    (s) => Object.assign(runs(s).ahead.parameters, { i: 'w' }),
    '/programs/ahead/runs/0/parameters/i is listed under reads too',
  ],
  [
    'no numbers at a call that takes them',
    ({ parameters }) => parameters.w.calls.splice(1, 1, null),
    '/parameters/w/calls/1 is null, and program "ahead" takes it',
  ],
  [
    'too few numbers',
    ({ parameters }) => parameters.w.calls.splice(1, 1, [1, 0]),
    '/parameters/w/calls/1 must have 3 elements, found 2',
  ],
  [
    'numbers for fewer calls',
    ({ parameters }) => parameters.w.calls.pop(),
    '/parameters/w/calls must have an entry for each of the 2 calls, found 1',
  ],
  [
    'reading a history of which nothing was written',
    (s) => [s.calls.reverse(), s.parameters.w.calls.reverse()],
    '/programs/ahead/runs/0/reads/i reads state "a" at call 0 (program "ahead"), but no earlier call writes it',
  ],
])('%s', (_, change, says) => {
  expect(errors(change)).toContain(says);
});

const lie = (draft: Draft, positions: number[], axis = 'timestep') =>
  Object.assign(draft, {
    axes: { timestep: positions },
    parameters: {
      w: { ...draft.parameters.w, forecast: { state: 'a', order: 2, basis: 'lagrange', axis } },
    },
  });

test.each<[what: string, change: (draft: Draft) => unknown, says: string[]]>([
  ['right', (draft) => lie(draft, [0, 1]), []],
  [
    'too few',
    (draft) => lie(draft, [0]),
    ['/axes/timestep must have a position for each of the 2 steps, found 1'],
  ],
  [
    'at one place',
    (draft) => lie(draft, [3, 3]),
    ['/axes/timestep/1 is not beyond the one before'],
  ],
  [
    'on an axis that there is not',
    (draft) => lie(draft, [0, 1], 'log-snr'),
    ['/parameters/w/forecast/axis names no axis: "log-snr"'],
  ],
])('positions of steps that are %s', (_, change, says) => {
  expect(errors(change)).toEqual(says);
});

test.each<[what: string, change: (draft: Draft) => unknown, says: string[]]>([
  [
    'of as many numbers as there are',
    ({ states }) => Object.assign(states, { d: { type: 'int64', shape: [2], initial: [1, 2] } }),
    [],
  ],
  [
    'of too few',
    ({ states }) => Object.assign(states, { d: { type: 'int64', shape: [2], initial: [1] } }),
    ['/states/d/initial must have 2 elements by its shape, found 1'],
  ],
  [
    'of other numbers than its type has',
    ({ states }) => Object.assign(states, { d: { type: 'uint8', shape: [1], initial: [-1] } }),
    ['/states/d/initial/0 must be an integer that uint8 holds, found -1'],
  ],
  [
    'of a size that is not known',
    ({ states }) => Object.assign(states, { d: { type: 'int64', shape: ['n'], initial: [1] } }),
    ['/states/d/initial stands where the shape is not fixed'],
  ],
  [
    'of a type that constants do not have',
    ({ states }) => Object.assign(states, { d: { type: 'float16', shape: [1], initial: [1] } }),
    ['/states/d/initial stands where the type is float16'],
  ],
])('an initial value %s', (_, change, says) => {
  expect(errors(change)).toEqual(says);
});

test('what holds an initial value may be read at once', () => {
  const begins = (draft: Draft) => {
    draft.calls = ['ahead', 'full'];
    draft.parameters.w.calls = [[1, 0, 0], null];
  };
  expect(errors(begins)).toHaveLength(3);
  const holding = (draft: Draft) => {
    begins(draft);
    for (const own of Object.values(draft.states)) Object.assign(own, { shape: [1], initial: [0] });
  };
  expect(errors(holding)).toEqual([]);
});
