// What is tried on a model of flow matching: solvers along its path, and methods in the loops that its
// pipelines run.
import { deltaCache, ditfastattn, guidanceDelta } from '../../dist/passes/index.js';
import { evenSteps } from '../../dist/src/runtime/schedule/index.js';
import { besideOutput, every, fewer, kept, loopsOf, output } from './families.mjs';

/** Even ones with a smaller shift than the models' own, or none. */
const BETWEEN = { spacing: 'trailing', shift: 1.7 };
const EVEN = { spacing: 'trailing', shift: 1 };

/** A loop that most programs have, and the best of fewer steps. */
const better = loopsOf(['dpm++2m'], [28], [BETWEEN]);
const best = (steps) => loopsOf(['unipc:2'], [steps], [EVEN]);

/** Both in full at the same steps, since what half a pair leaves is nothing to go on from. */
const halfPairsAndBlocks = (blocks, loops, intervals) =>
  loops.flatMap((loop) =>
    intervals.map((interval) => {
      const full = evenSteps(loop.steps, Math.ceil(loop.steps / interval));
      return {
        family: 'guidance-delta and delta-cache, order 1',
        loop,
        passes: [
          [guidanceDelta, { full, order: 1 }],
          [deltaCache, { ...blocks, full, order: 1 }],
        ],
      };
    }),
  );

/**
 * @param shift of the model's own loop: as diffusers places SD 3's steps. Levels as Karras et al. place them ended 3 to 9 dB
 *   further off with Euler's method at every number of steps
 * @param range blocks that are kept
 */
export function flowMethods({ shift, range }) {
  const placed = { spacing: 'linear', shift };
  const own = loopsOf(['euler-flow'], [28], [placed]);
  const blocks = { range };
  return [
    ...fewer(
      ['euler-flow', 'dpm++2m', 'unipc:2', 'unipc:3', 'deis:3'],
      [6, 8, 10, 14, 20],
      [placed, EVEN, BETWEEN],
    ),
    ...output([...own, ...better, ...best(28)], [6, 8, 10, 14], [1, 2]),
    ...kept(
      'delta-cache',
      deltaCache,
      every(2, 3).map((options) => ({ ...blocks, ...options })),
      best(20),
      [0, 1],
    ),
    ...kept(
      'ditfastattn',
      ditfastattn,
      ['reuse', 'window'].map((strategy) => ({ strategy, interval: 2 })),
      best(20),
      [0, 1],
    ),
    ...kept('guidance-delta', guidanceDelta, every(2, 3), best(20), [0, 1]),
    ...besideOutput('delta-cache', best(28), [10, 14], [2], (full) => [
      deltaCache,
      { ...blocks, full, order: 1 },
    ]),
    ...halfPairsAndBlocks(blocks, best(20), [2, 3]),
  ];
}
