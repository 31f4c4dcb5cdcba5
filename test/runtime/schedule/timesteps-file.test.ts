/** Lists of timesteps, as files and in schedules: read, refused by place, written. */
import { describe, expect, test } from 'vitest';
import {
  checkSchedule,
  formatSchedule,
  formatTimesteps,
  parseSchedule,
  parseTimestepsFile,
  type TimestepsFile,
} from '../../../src/runtime/schedule/index.js';
import { split } from '../session/tiny-bundles.js';

const list = (): TimestepsFile => ({
  format: 'stepfold.timesteps',
  version: 1,
  model: { file: 'unet.onnx', sha256: 'ab'.repeat(32) },
  steps: 3,
  trainTimesteps: 1000,
  gamma: 1.5,
  timesteps: [999, 543, 191],
  sampler: { name: 'ddim', clip: 1 },
  guidance: { order: 'uncond-first', mode: 'two-calls', scale: 2 },
  samples: 8,
  seed: 0,
  reference: { steps: 100 },
  error: 0.01,
  uniform: { error: 0.02 },
  tried: [
    { gamma: 1, error: 0.02 },
    { gamma: 1.5, error: 0.01 },
    { gamma: 4, error: null },
  ],
});

// biome-ignore lint/suspicious/noExplicitAny: the point is to break what the types promise
type Loose = any;

const broken = <T>(whole: T, change: (copy: Loose) => void): unknown => {
  const copy = structuredClone(whole);
  change(copy);
  return copy;
};

const problems = (code: string, ...all: [path: string, message: RegExp][]) =>
  expect.objectContaining({
    code,
    details: expect.objectContaining({
      file: 't.json',
      data: {
        problems: all.map(([path, message]) => ({ path, message: expect.stringMatching(message) })),
      },
    }),
  });

describe('parseTimestepsFile', () => {
  test('takes all of it, and a list with nothing but what is needed', () => {
    expect(parseTimestepsFile(JSON.stringify(list()), 't.json')).toEqual(list());
    const { format, version, steps, trainTimesteps, timesteps } = list();
    const least = { format, version, steps, trainTimesteps, timesteps };
    expect(parseTimestepsFile(least, 't.json')).toEqual(least);
  });

  test.each<[path: string, message: RegExp, change: (list: Loose) => void]>([
    ['/timesteps/1', /below the one before it, 999; found 999/, (l) => (l.timesteps[1] = 999)],
    ['/timesteps/2', /below the one before it, 543; found 544/, (l) => (l.timesteps[2] = 544)],
    ['/timesteps/0', /must be below 1000, found 1000/, (l) => (l.timesteps[0] = 1000)],
    ['/timesteps/2', /must be >= 0, found -1/, (l) => (l.timesteps[2] = -1)],
    ['/timesteps/2', /must be integer, found 1.5/, (l) => (l.timesteps[2] = 1.5)],
    ['/timesteps', /as many as `steps` says, 3; found 2/, (l) => l.timesteps.pop()],
    ['/timesteps', /fewer than 1 items, found an array of 0/, (l) => (l.timesteps = [])],
    ['', /must have "trainTimesteps"/, (l) => delete l.trainTimesteps],
    ['/gamma', /must be > 0, found 0/, (l) => (l.gamma = 0)],
    ['/error', /must be >= 0/, (l) => (l.error = -1)],
    ['/tried/2', /must have "error"/, (l) => delete l.tried[2].error],
    ['/model/sha256', /64 lower-case hexadecimal/, (l) => (l.model.sha256 = 'x')],
    ['/call', /is not a property/, (l) => (l.call = 3)],
  ])('refuses %s: %s', (path, message, change) => {
    expect(() => parseTimestepsFile(broken(list(), change), 't.json')).toThrow(
      problems('TIMESTEPS_INVALID', [path, message]),
    );
  });

  test('refuses other files and other versions by name', () => {
    const read = (text: unknown) => () => parseTimestepsFile(text, 't.json');
    expect(read('{"format": "stepf')).toThrow(
      expect.objectContaining({ code: 'TIMESTEPS_NOT_JSON' }),
    );
    expect(read({ ...list(), version: 2 })).toThrow(
      expect.objectContaining({ code: 'TIMESTEPS_VERSION' }),
    );
    expect(read({ ...list(), format: 'stepfold.plan' })).toThrow(
      expect.objectContaining({ code: 'TIMESTEPS_INVALID' }),
    );
  });
});

test('formatTimesteps writes what is read again, and nothing that would be refused', () => {
  const text = formatTimesteps(list(), 't.json');
  expect(parseTimestepsFile(text, 't.json')).toEqual(list());
  expect(text).toContain('  "timesteps": [999, 543, 191],\n');
  expect(() => formatTimesteps({ ...list(), steps: 4 }, 't.json')).toThrow(
    expect.objectContaining({ code: 'TIMESTEPS_INVALID' }),
  );
});

describe('in a schedule', () => {
  const { schedule } = split();
  const { length } = schedule.calls;
  const timesteps = schedule.calls.map((_, i) => 100 * (length - i));

  test('one for each call', () => {
    const made = { ...schedule, timesteps };
    expect(checkSchedule(made)).toEqual({ errors: [], warnings: [] });
    expect(parseSchedule(formatSchedule(made))).toEqual(made);
  });

  test('one for each two calls with guidance in two calls a step', () => {
    const guidance = { order: 'cond-first', mode: 'two-calls' } as const;
    const calls = [...schedule.calls, ...schedule.calls];
    const made = { ...schedule, calls, timesteps, source: { ...schedule.source, guidance } };
    delete (made as Loose).sites;
    expect(checkSchedule(made).errors).toEqual([]);
    const twice = { ...made, timesteps: calls.map((_, i) => 2 * calls.length - i) };
    expect(checkSchedule(twice).errors).toEqual([
      {
        path: '/timesteps',
        message: `must be one for each of the ${length} steps, found ${2 * length}`,
      },
    ]);
  });

  test.each<[path: string, message: RegExp, wrong: readonly number[]]>([
    ['/timesteps', /one for each of the \d+ steps, found 1$/, [5]],
    [
      '/timesteps/1',
      /below the one before it, 1; found 1/,
      [1, ...timesteps.slice(1).fill(1, 0, 1)],
    ],
  ])('refuses %s: %s', (path, message, wrong) => {
    expect(checkSchedule({ ...schedule, timesteps: [...wrong] }).errors).toContainEqual({
      path,
      message: expect.stringMatching(message),
    });
  });
});
