// What is tried: families of settings, of which each is searched on its own.
import { deepcache, deltaCache, ditfastattn, forecast } from '../../dist/passes/index.js';
import { crossed, nested } from './families.mjs';
import { FLOW_METHODS } from './flow-methods.mjs';
import { SPACINGS } from './subject.mjs';

/** Solvers that extrapolate by themselves are the first rivals of a forecast. */
const SOLVERS = ['ddim', 'dpm++2m', 'dpm++3m', 'unipc:2', 'unipc:3', 'deis:2', 'deis:3'];
const CALLS = [8, 10, 12, 14, 17, 20, 25, 33, 50];
const ORDERS = [0, 1, 2];
/** Solvers whose loops are given to methods. */
const BASES = ['ddim', 'dpm++2m', 'deis:3'];

const fewer = crossed(SOLVERS, CALLS, SPACINGS).map(([sampler, steps, spacing]) => ({
  family: 'fewer steps',
  loop: { sampler, steps, spacing },
}));

const output = crossed(BASES, [25, 50, 100], CALLS, ORDERS, SPACINGS)
  .filter(([, steps, full]) => full < steps && full <= 33)
  .map(([sampler, steps, full, order, spacing]) => ({
    family: `output, order ${order}`,
    loop: { sampler, steps, spacing },
    passes: [[forecast, { 'full-calls': full, order }]],
  }));

/** By the log-SNR of steps and not by their number, at the spacings where the two differ most. */
// quadratic spacing of many steps repeats timesteps, which no forecast can tell apart
const byNoise = crossed(BASES, [50, 100], CALLS, [1, 2], ['trailing', 'karras'])
  .filter(([, , full]) => full <= 33)
  .map(([sampler, steps, full, order, spacing]) => ({
    family: `output by log-SNR, order ${order}`,
    loop: { sampler, steps, spacing },
    passes: [[forecast, { 'full-calls': full, order, axis: 'log-snr' }]],
  }));

/** A pass whose options are given, with each order, in loops of 14 to 50 steps. */
const kept = (name, pass, settings) =>
  crossed(BASES, [14, 17, 20, 25, 33, 50], settings, ORDERS, ['trailing', 'quad', 'karras']).map(
    ([sampler, steps, options, order, spacing]) => ({
      family: `${name}, order ${order}`,
      loop: { sampler, steps, spacing },
      passes: [[pass, { ...options, order }]],
    }),
  );

/** Deep reuse at some of the calls that the output's forecast leaves, at the others everything. */
const both = (name, pass, options) =>
  crossed(['dpm++2m', 'deis:3'], [50, 100], [12, 17, 25, 33], [2, 3], ['quad', 'karras']).map(
    ([sampler, steps, count, interval, spacing]) => {
      const { computed, full } = nested({ steps, count, interval });
      return {
        family: `output and ${name}, order 1`,
        loop: { sampler, steps, spacing },
        passes: [
          [pass, { ...options, full, order: 1 }],
          [forecast, { full: computed, order: 1 }],
        ],
      };
    },
  );

const METHODS = {
  digits: [
    ...kept(
      'deepcache',
      deepcache,
      [2, 3, 5].map((interval) => ({ branch: 3, interval })),
    ),
    ...both('deepcache', deepcache, { branch: 3 }),
  ],
  'dit-digits': [
    ...kept(
      'delta-cache',
      deltaCache,
      [2, 3, 4].map((interval) => ({ range: '1-5', interval })),
    ),
    ...kept(
      'ditfastattn',
      ditfastattn,
      [2, 3].map((interval) => ({ strategy: 'reuse', interval })),
    ),
  ],
};

export const methodsOf = (subject) =>
  subject === 'flow-digits' ? FLOW_METHODS : [...fewer, ...METHODS[subject], ...output, ...byNoise];

/** The same for equal settings. */
export const keyOf = ({ family, loop, passes = [] }) =>
  JSON.stringify([family, loop, passes.map(([{ name }, options]) => [name, options])]);
