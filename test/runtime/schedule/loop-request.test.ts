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
