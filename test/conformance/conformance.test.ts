/**
 * Stepfold's own session against the conformance suite, whose expectations come from a reader in Python that knows
 * nothing of it; and, where there is a Python, that reader over loops of up to 60 steps.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSchedule, type Schedule, scheduleFor } from '../../src/runtime/schedule/index.js';
import { CASES, expectedOf, loopsOf, names, npy, scheduleOf, traced } from './cases.js';

const CODES = {
  fixed: 'LOOP_FIXED',
  axis: 'FORECAST_AXIS_MISSING',
  version: 'SCHEDULE_VERSION',
} as const;

const close = (found: readonly number[], wanted: readonly number[]) => {
  expect(found).toHaveLength(wanted.length);
  const scale = Math.max(1, ...wanted.map(Math.abs));
  const worst = Math.max(0, ...found.map((value, i) => Math.abs(value - wanted[i]!)));
  expect(worst / scale).toBeLessThan(1e-5);
};

describe.each(names)('%s', (name) => {
  test.each(loopsOf(name))('in loop $name', async (loop) => {
    const expected = expectedOf(name, loop);
    if ('refused' in expected) {
      const code = CODES[expected.refused];
      await expect(traced(name, loop)).rejects.toMatchObject({ code });
      return;
    }
    const { calls, outputs } = await traced(name, loop);
    expect(calls.map(({ parameters: _, ...call }) => call)).toEqual(
      expected.calls.map(({ parameters: _, ...call }) => call),
    );
    expected.calls.forEach(({ parameters }, call) => {
      expect(Object.keys(calls[call]!.parameters)).toEqual(Object.keys(parameters));
      for (const [id, weights] of Object.entries(parameters))
        close(calls[call]!.parameters[id]!, weights);
    });
    if (!loop.outputs) return;
    expect(Object.keys(outputs).length).toBeGreaterThan(0);
    for (const [output, values] of Object.entries(outputs))
      close(values, [...npy(name, 'expected', `${loop.name}.${output}.npy`).data].map(Number));
  });
});

const READER = path.resolve(import.meta.dirname, '../../conformance/reader/reader.py');
const hasPython = spawnSync('python3', ['--version']).status === 0;
const python = (...given: readonly string[]) =>
  execFileSync('python3', ['-B', READER, ...given], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
const LONGEST = 60;

describe.skipIf(!hasPython)('the reader in Python', () => {
  test.skipIf(process.platform !== 'linux')('still gives what it gave', () => {
    expect(python('check', ...names.map((name) => path.join(CASES, name)))).toBe('');
  });

  // the others say where steps lie, or serve one loop
  const free = names.filter((name) => {
    const { loop, version, axes } = scheduleOf(name);
    return version === 2 && loop?.rules && !axes;
  });
  test.each(free)('and the rules of src lead to the same loops: %s', (name) => {
    const file = path.join(CASES, name, 'schedule.json');
    const schedule = parseSchedule(JSON.stringify(scheduleOf(name)), file);
    for (const line of python('sweep', file, String(LONGEST)).trim().split('\n')) {
      const [steps, start, calls, parameters] = JSON.parse(line);
      const own = scheduleFor(schedule, { steps, start });
      expect(own.calls, `${steps} steps from ${start}`).toEqual(calls);
      expect(otherwise(own, parameters), `${steps} steps from ${start}`).toEqual([]);
    }
  });
});

type Rows = Readonly<Record<string, readonly (readonly number[] | null)[]>>;

/** The calls at which a parameter is fed other numbers. */
const otherwise = ({ parameters = {} }: Schedule, wanted: Rows): unknown[] =>
  Object.entries(wanted).flatMap(([id, rows]) =>
    rows.flatMap((row, call) => {
      const found = parameters[id]!.calls[call] ?? null;
      const same =
        row?.length === found?.length &&
        (row ?? []).every(
          (value, i) => Math.abs(value - found![i]!) <= 1e-9 * Math.max(1, Math.abs(value)),
        );
      return same ? [] : [{ id, call, found, row }];
    }),
  );
