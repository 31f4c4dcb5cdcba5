// What is tried: families of settings, of which each is searched on its own.
import {
  deepcache,
  deltaCache,
  ditfastattn,
  forecast,
  guidanceDelta,
} from '../../dist/passes/index.js';
import { crossed, nested } from './families.mjs';
import { FLOW_METHODS } from './flow-methods.mjs';

/** Loops that are given to methods: a solver, how many steps, where they lie. */
const loopsOf = (samplers, steps, spacings) =>
  crossed(samplers, steps, spacings).map(([sampler, count, spacing]) => ({
    sampler,
    steps: count,
    spacing,
  }));
const ORDERS = [0, 1, 2];

/** Solvers that extrapolate by themselves are the first rivals of a forecast. */
const fewer = (solvers, counts, spacings) =>
  loopsOf(solvers, counts, spacings).map((loop) => ({ family: 'fewer steps', loop }));

const output = (loops, counts, orders) =>
  crossed(loops, counts, orders)
    .filter(([{ steps }, full]) => full < steps)
    .map(([loop, full, order]) => ({
      family: `output, order ${order}`,
      loop,
      passes: [[forecast, { 'full-calls': full, order }]],
    }));

/** By the log-SNR of steps and not by their number, at the spacings where the two differ most. */
const byNoise = (loops, counts) =>
  crossed(loops, counts).map(([loop, full]) => ({
    family: 'output by log-SNR, order 1',
    loop,
    passes: [[forecast, { 'full-calls': full, order: 1, axis: 'log-snr' }]],
  }));

/** A pass with each of some options and each order. */
const kept = (name, pass, settings, loops, orders = ORDERS) =>
  crossed(loops, settings, orders).map(([loop, options, order]) => ({
    family: `${name}, order ${order}`,
    loop,
    passes: [[pass, { ...options, order }]],
  }));

/**
 * Deep reuse at some of the calls that the output's forecast leaves, at the others everything. (The forecast and
 * guidance-delta both say how the output is made, and are refused together.)
 * @param withSteps options under which just these steps are full
 */
const besideOutput = (name, loops, counts, intervals, withSteps) =>
  crossed(loops, counts, intervals).map(([loop, count, interval]) => {
    const { computed, full } = nested({ steps: loop.steps, count, interval });
    return {
      family: `output and ${name}, order 1`,
      loop,
      passes: [withSteps(full), [forecast, { full: computed, order: 1 }]],
    };
  });

/** One half of the pair at calls that run the whole model, of a method that has others. */
const withGuidance = (name, pass, settings, loops) =>
  crossed(loops, settings).map(([loop, options]) => ({
    family: `guidance-delta and ${name}, order 1`,
    loop,
    passes: [
      [pass, { ...options, order: 1 }],
      [guidanceDelta, { interval: options.interval, order: 1 }],
    ],
  }));

const every = (...intervals) => intervals.map((interval) => ({ interval }));
const BASES = ['dpm++2m', 'deis:3'];
const KARRAS = loopsOf(BASES, [25, 50], ['karras']);

const METHODS = {
  'flow-digits': FLOW_METHODS,
  digits: [
    ...fewer(
      ['ddim', 'dpm++2m', 'dpm++3m', 'unipc:2', 'unipc:3', 'deis:2', 'deis:3'],
      [8, 12, 17, 25, 33],
      ['trailing', 'quad', 'karras'],
    ),
    ...output(loopsOf(BASES, [25, 50], ['trailing', 'quad', 'karras']), [8, 12, 17, 25], [1, 2]),
    ...output(loopsOf(BASES, [100], ['trailing', 'karras']), [12, 17, 25], [1, 2]),
    ...output(loopsOf(['dpm++2m'], [50], ['trailing', 'karras']), [8, 12, 17, 25], [0]),
    ...byNoise(loopsOf(BASES, [50, 100], ['trailing', 'karras']), [8, 12, 17, 25]),
    ...kept(
      'deepcache',
      deepcache,
      [
        { branch: 1, interval: 3 },
        { branch: 3, interval: 2 },
        { branch: 3, interval: 3 },
        { branch: 3, interval: 5 },
      ],
      [...loopsOf(BASES, [25, 33, 50], ['karras']), ...loopsOf(['dpm++2m'], [50], ['trailing'])],
    ),
    ...kept(
      'guidance-delta',
      guidanceDelta,
      every(2, 3, 5),
      [
        ...loopsOf(BASES, [17, 20, 25, 33], ['karras']),
        ...loopsOf(['dpm++2m'], [25, 33], ['trailing']),
      ],
      [1],
    ),
    ...besideOutput('deepcache', KARRAS, [17, 25, 33], [2, 3], (full) => [
      deepcache,
      { branch: 3, full, order: 1 },
    ]),
    ...withGuidance(
      'deepcache',
      deepcache,
      [2, 3].map((interval) => ({ branch: 3, interval })),
      loopsOf(BASES, [25, 33, 50], ['karras']),
    ),
  ],
  'dit-digits': [
    ...fewer(
      ['dpm++2m', 'unipc:2', 'deis:2', 'deis:3'],
      [8, 12, 17, 25],
      ['trailing', 'quad', 'karras'],
    ),
    ...output(loopsOf(BASES, [25, 50], ['trailing', 'karras']), [8, 12, 17], [1, 2]),
    ...output(loopsOf(BASES, [50], ['trailing', 'karras']), [25], [1, 2]),
    ...output(loopsOf(['dpm++2m'], [50], ['karras']), [12, 17, 25], [0]),
    ...kept(
      'delta-cache',
      deltaCache,
      every(2, 3, 4).map((options) => ({ ...options, range: '1-5' })),
      [
        ...loopsOf(['dpm++2m'], [25, 33, 50], ['karras']),
        ...loopsOf(['dpm++2m'], [50], ['trailing']),
      ],
    ),
    ...kept(
      'ditfastattn, reuse',
      ditfastattn,
      every(3).map((options) => ({ ...options, strategy: 'reuse' })),
      loopsOf(['dpm++2m'], [17, 25], ['karras']),
    ),
    ...kept(
      'guidance-delta',
      guidanceDelta,
      every(3, 5),
      loopsOf(['dpm++2m'], [20, 25, 33], ['karras']),
      [1],
    ),
    ...besideOutput('delta-cache', loopsOf(BASES, [50], ['karras']), [17, 25], [2], (full) => [
      deltaCache,
      { range: '1-5', full, order: 1 },
    ]),
  ],
};

export const methodsOf = (subject) => METHODS[subject];

const namesOf = (passes) => passes.map(([{ name }, options]) => [name, options]);

/** The same for equal settings. */
export const keyOf = ({ family, loop, passes = [] }) =>
  JSON.stringify([family, loop, namesOf(passes)]);

/** The same for settings that one bundle serves: loops of as many steps, unless it is for places of them. */
export const bundleKeyOf = ({ loop, passes }) =>
  JSON.stringify([passes.some(([, { axis }]) => axis) ? loop : loop.steps, namesOf(passes)]);
