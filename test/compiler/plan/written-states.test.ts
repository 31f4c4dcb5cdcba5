/** Which calls of compiled models write a state: those that a later reader depends on. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import type { Compilation } from '../../../src/compiler/pipeline/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { modelOf } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

const compile = (calls: number, options: Record<string, unknown>) =>
  Pipeline.create({ calls })
    .use(deepcache, { branch: 1, ...options })
    .compile(modelOf(TINY_UNET));

/** For each call whether its program writes the state. */
const writers = ({ instrumented, lowered }: Compilation) =>
  instrumented.calls.map((program) =>
    lowered.programs.get(program)!.some((run) => 'deep.0' in (run.writes ?? {})),
  );

describe('a state is written only by calls that a later reader depends on', () => {
  test('intervals and numbers of calls', async () => {
    for (let calls = 1; calls <= 9; calls++)
      for (let interval = 1; interval <= 5; interval++) {
        // a full call is followed by a reader unless it is the last, or the next is full as well
        const expected = Array.from(
          { length: calls },
          (_, t) => t % interval === 0 && interval > 1 && t + 1 < calls,
        );
        expect(writers(await compile(calls, { interval })), `${calls} by ${interval}`).toEqual(
          expected,
        );
      }
  });

  test('any list of full calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 1, max: 12 })
          .chain((calls) =>
            fc.tuple(fc.constant(calls), fc.subarray(Array.from({ length: calls }, (_, t) => t))),
          ),
        async ([calls, some]) => {
          const full = [...new Set([0, ...some])];
          const expected = Array.from(
            { length: calls },
            (_, t) => full.includes(t) && t + 1 < calls && !full.includes(t + 1),
          );
          expect(writers(await compile(calls, { full }))).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('zeros need no state at all', async () => {
    const { instrumented, lowered } = await compile(6, { interval: 3, strategy: 'zero' });
    expect(instrumented.states.size).toBe(0);
    for (const runs of lowered.programs.values())
      for (const run of runs) expect([run.reads, run.writes]).toEqual([undefined, undefined]);
  });

  test('a last full call shares the model of the others and fetches less', async () => {
    const { instrumented, lowered } = await compile(4, { interval: 3 });
    expect(instrumented.calls).toEqual(['full', 'shallow', 'shallow', 'full-stateless']);
    expect(lowered.models.size).toBe(2);
    expect(lowered.programs.get('full-stateless')).toEqual([{ model: 'full' }]);
  });
});
