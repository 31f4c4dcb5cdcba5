// What is tried on a model of flow matching: solvers along its path, and methods in the loops that its
// pipelines run.
import { deltaCache, ditfastattn, guidanceDelta } from '../../dist/passes/index.js';
import { evenSteps } from '../../dist/src/runtime/schedule/index.js';
import { besideOutput, every, fewer, kept, loopsOf, output } from './families.mjs';

/**
 * As diffusers places SD 3's steps, which is the model's own way, and even ones with a smaller shift or none. Levels as
 * Karras et al. place them ended 3 to 9 dB further off with Euler's method at every number of steps.
 */
const OWN = { spacing: 'linear', shift: 3 };
const BETWEEN = { spacing: 'trailing', shift: 1.7 };
const EVEN = { spacing: 'trailing', shift: 1 };

/** The model's own loop, one that most programs have, and the best of fewer steps. */
const own = loopsOf(['euler-flow'], [28], [OWN]);
const better = loopsOf(['dpm++2m'], [28], [BETWEEN]);
const best = (steps) => loopsOf(['unipc:2'], [steps], [EVEN]);

const BLOCKS = { range: '1-5' };

/** Both in full at the same steps, since what half a pair leaves is nothing to go on from. */
const halfPairsAndBlocks = (loops, intervals) =>
  loops.flatMap((loop) =>
    intervals.map((interval) => {
      const full = evenSteps(loop.steps, Math.ceil(loop.steps / interval));
      return {
        family: 'guidance-delta and delta-cache, order 1',
        loop,
        passes: [
          [guidanceDelta, { full, order: 1 }],
          [deltaCache, { ...BLOCKS, full, order: 1 }],
        ],
      };
    }),
  );

export const FLOW_METHODS = [
  ...fewer(
    ['euler-flow', 'dpm++2m', 'unipc:2', 'unipc:3', 'deis:3'],
    [6, 8, 10, 14, 20],
    [OWN, EVEN, BETWEEN],
  ),
  ...output([...own, ...better, ...best(28)], [6, 8, 10, 14], [1, 2]),
  ...kept(
    'delta-cache',
    deltaCache,
    every(2, 3).map((options) => ({ ...BLOCKS, ...options })),
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
    { ...BLOCKS, full, order: 1 },
  ]),
  ...halfPairsAndBlocks(best(20), [2, 3]),
];
