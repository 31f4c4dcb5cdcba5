// What is tried on a model of flow matching: solvers along its path, and methods in the loops that its
// pipelines run.
import { deltaCache, ditfastattn, forecast, guidanceDelta } from '../../dist/passes/index.js';
import { evenSteps } from '../../dist/src/compiler/pass/index.js';
import { crossed, nested } from './families.mjs';

const SOLVERS = ['euler-flow', 'dpm++2m', 'unipc:2', 'deis:3'];
const CALLS = [6, 8, 10, 14, 20];
// Levels as Karras et al. place them end 3 to 9 dB further off with Euler's method at every number of steps.
/** As diffusers places SD 3's steps, which is the model's own way, evenly without a shift, and between. */
const OWN = { spacing: 'linear', shift: 3 };
const EVEN = { spacing: 'trailing', shift: 1 };
const PLACES = [OWN, EVEN, { spacing: 'trailing', shift: 1.7 }];

/** Loops that are given to methods: that which pipelines run, and the same solver's betters. */
const loops = (steps) => [
  { sampler: 'euler-flow', steps, ...OWN },
  { sampler: 'dpm++2m', steps, ...EVEN },
];

const fewer = crossed(SOLVERS, CALLS, PLACES).map(([sampler, steps, place]) => ({
  family: 'fewer steps',
  loop: { sampler, steps, ...place },
}));

const output = crossed(loops(28), [6, 8, 10, 14], [1, 2]).map(([loop, full, order]) => ({
  family: `forecast, order ${order}`,
  loop,
  passes: [[forecast, { 'full-calls': full, order }]],
}));

/** A pass that keeps something at the steps between. */
const kept = (pass, settings) =>
  crossed(loops(20), settings, [0, 1]).map(([loop, options, order]) => ({
    family: `${pass.name}, order ${order}`,
    loop,
    passes: [[pass, { ...options, order }]],
  }));

const BLOCKS = { range: '1-5' };
const INTERVALS = [{ interval: 2 }, { interval: 3 }];
/** The output is forecast at most steps, and of the others only some compute the blocks that are kept. */
const outputAndBlocks = crossed(loops(28), [10, 14], [2, 3]).map(([loop, count, interval]) => {
  const { computed, full } = nested({ steps: loop.steps, count, interval });
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
const halfPairsAndBlocks = crossed(loops(20), [2, 3]).map(([loop, interval]) => {
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
