// What is tried on a model of flow matching: solvers along its path, and methods in the loops that its
// pipelines run.
import { deltaCache, ditfastattn, forecast, guidanceDelta } from '../../dist/passes/index.js';
import { evenSteps } from '../../dist/src/runtime/schedule/index.js';
import { crossed, nested } from './families.mjs';

const CALLS = [6, 8, 10, 14, 20];
/**
 * As diffusers places SD 3's steps, which is the model's own way, and even ones with a smaller shift or none. Levels as
 * Karras et al. place them ended 3 to 9 dB further off with Euler's method at every number of steps.
 */
const OWN = { spacing: 'linear', shift: 3 };
const BETWEEN = { spacing: 'trailing', shift: 1.7 };
const EVEN = { spacing: 'trailing', shift: 1 };

const solved = (solvers, places) =>
  crossed(solvers, CALLS, places).map(([sampler, steps, place]) => ({
    family: 'fewer steps',
    loop: { sampler, steps, ...place },
  }));
const fewer = solved(
  ['euler-flow', 'dpm++2m', 'unipc:2', 'unipc:3', 'deis:3'],
  [OWN, EVEN, BETWEEN],
);

/** Loops that are given to methods: the model's own, one that most programs have, and the best of fewer steps. */
const own = (steps) => ({ sampler: 'euler-flow', steps, ...OWN });
const better = (steps) => ({ sampler: 'dpm++2m', steps, ...BETWEEN });
const best = (steps) => ({ sampler: 'unipc:2', steps, ...EVEN });

const output = crossed([own(28), better(28), best(28)], [6, 8, 10, 14], [1, 2]).map(
  ([loop, full, order]) => ({
    family: `forecast, order ${order}`,
    loop,
    passes: [[forecast, { 'full-calls': full, order }]],
  }),
);

/** A pass that keeps something at the steps between. */
const kept = (pass, settings) =>
  crossed(settings, [0, 1]).map(([options, order]) => ({
    family: `${pass.name}, order ${order}`,
    loop: best(20),
    passes: [[pass, { ...options, order }]],
  }));

const BLOCKS = { range: '1-5' };
const INTERVALS = [{ interval: 2 }, { interval: 3 }];
/** The output is forecast at most steps, and of the others only some compute the blocks that are kept. */
const outputAndBlocks = [10, 14].map((count) => {
  const loop = best(28);
  const { computed, full } = nested({ steps: loop.steps, count, interval: 2 });
  return {
    family: 'forecast and delta-cache, order 1',
    loop,
    passes: [
      [deltaCache, { ...BLOCKS, full, order: 1 }],
      [forecast, { full: computed, order: 1 }],
    ],
  };
});

/** Both in full at the same steps, since what half a pair leaves is nothing to go on from. */
const halfPairsAndBlocks = [2, 3].map((interval) => {
  const loop = best(20);
  const full = evenSteps(loop.steps, Math.ceil(loop.steps / interval));
  return {
    family: 'guidance-delta and delta-cache, order 1',
    loop,
    passes: [
      [guidanceDelta, { full, order: 1 }],
      [deltaCache, { ...BLOCKS, full, order: 1 }],
    ],
  };
});

export const FLOW_METHODS = [
  ...fewer,
  ...output,
  ...kept(
    deltaCache,
    INTERVALS.map((every) => ({ ...BLOCKS, ...every })),
  ),
  ...kept(ditfastattn, [
    { strategy: 'reuse', interval: 2 },
    { strategy: 'window', interval: 2 },
  ]),
  ...kept(guidanceDelta, INTERVALS),
  ...outputAndBlocks,
  ...halfPairsAndBlocks,
];
