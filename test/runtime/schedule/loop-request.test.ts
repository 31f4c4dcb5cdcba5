/** What a request for another loop must be. */
import { describe, expect, test } from 'vitest';
import { scheduleFor } from '../../../src/runtime/schedule/index.js';
import { scheduleOf } from '../../conformance/cases.js';

const schedule = scheduleOf('placed-timesteps');

describe('timesteps of a loop', () => {
  test.each([
    [
      'of the whole loop, where it begins later',
      { steps: 6, start: 2 },
      [900, 700, 500, 300, 200, 100],
    ],
    ['too few', { steps: 6, start: 0 }, [900, 700]],
    ['rising', { steps: 3, start: 0 }, [100, 500, 900]],
  ])('%s', (_, loop, timesteps) => {
    expect(() => scheduleFor(schedule, { ...loop, timesteps })).toThrow(
      expect.objectContaining({ code: 'LOOP_TIMESTEPS' }),
    );
  });

  test('one for each step that is taken', () => {
    const { calls } = scheduleFor(schedule, {
      steps: 6,
      start: 2,
      timesteps: [500, 300, 200, 100],
    });
    expect(calls).toHaveLength(4);
  });
});

const falling = (steps: number) =>
  Array.from({ length: steps }, (_, i) => Math.round(999 * (1 - i / steps)));

describe('the written loop, with its steps elsewhere', () => {
  const weighted = scheduleOf('timestep-axis');
  const timesteps = [999, 990, 700, 640, 610, 400, 300, 125];

  test('has what was found placed anew', () => {
    const { sites, loop, calls } = scheduleFor(schedule, { timesteps });
    expect(Object.values(sites!).map((site) => site.strategies)).toEqual([
      ['compute', 'compute', 'compute', 'reuse', 'reuse', 'compute', 'window', 'reuse'],
    ]);
    expect(loop!.timesteps).toEqual(timesteps);
    expect(calls).toHaveLength(8);
  });

  test('has its forecasts weighted anew', () => {
    const { parameters, axes } = scheduleFor(weighted, { timesteps });
    const [parameter] = Object.values(parameters!) as { calls: (number[] | null)[] }[];
    // a straight line through what steps 3 and 0 wrote
    const [t0, t3, t4] = [999, 640, 610];
    const [last, before, none] = parameter!.calls[4]!;
    expect(last).toBeCloseTo((t4 - t0) / (t3 - t0), 12);
    expect(before).toBeCloseTo((t4 - t3) / (t0 - t3), 12);
    expect(none).toBe(0);
    expect(axes!.timestep![1]).toBeCloseTo((9 / 874) * 7, 12);
  });

  test.each(['placed-timesteps', 'timestep-axis'])('%s: is itself at its own', (name) => {
    const own = scheduleOf(name);
    expect(scheduleFor(own, { timesteps: falling(8) })).toBe(own);
    expect(scheduleFor(own, { steps: 8, start: 0 })).toBe(own);
  });

  test.each(['split', 'two-rules', 'placed'])('%s: is itself where nothing asks', (name) => {
    const own = scheduleOf(name);
    expect(scheduleFor(own, { timesteps, logSnr: falling(8).map((t) => -t) })).toBe(own);
  });

  test('of a list, is refused where forecasts would be weighted otherwise', () => {
    const { rules: _, rows: __, ...loop } = weighted.loop!;
    const list = { ...weighted, loop };
    expect(() => scheduleFor(list, { timesteps })).toThrow(
      expect.objectContaining({ code: 'LOOP_FIXED' }),
    );
    expect(scheduleFor(list, { timesteps: falling(8) })).toBe(list);
    expect(scheduleFor(list, {})).toBe(list);
  });

  test('needs a timestep for each step, as any other', () => {
    expect(() => scheduleFor(schedule, { timesteps: timesteps.slice(1) })).toThrow(
      expect.objectContaining({ code: 'LOOP_TIMESTEPS' }),
    );
  });
});
