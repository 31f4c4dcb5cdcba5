// What is tried: families of settings, of which each is searched on its own.
import { deepcache, deltaCache, ditfastattn, guidanceDelta } from '../../dist/passes/index.js';
import {
  besideOutput,
  byNoise,
  every,
  fewer,
  kept,
  loopsOf,
  output,
  withGuidance,
} from './families.mjs';
import { flowMethods } from './flow-methods.mjs';

/** Solvers whose loops are given to methods. */
const BASES = ['dpm++2m', 'deis:3'];
const KARRAS = loopsOf(BASES, [25, 50], ['karras']);

const halves = (full) => [guidanceDelta, { full, order: 1 }];

const UNET = [
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
  ...besideOutput('guidance-delta', KARRAS, [16, 18, 23, 25, 33, 37], [2, 3], halves),
  ...withGuidance(
    'deepcache',
    deepcache,
    [2, 3].map((interval) => ({ branch: 3, interval })),
    loopsOf(BASES, [25, 33, 50], ['karras']),
  ),
];

const METHODS = {
  digits: UNET,
  'dit-digits': [
    ...fewer(
      ['dpm++2m', 'dpm++3m', 'unipc:2', 'unipc:3', 'deis:2', 'deis:3'],
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
      'ditfastattn, searched',
      ditfastattn,
      ['D1', 'D2', 'D3', 'D4', 'D5', 'D6'].map((threshold) => ({ threshold })),
      loopsOf(['dpm++2m'], [17, 25], ['karras']),
    ),
    ...kept(
      'ditfastattn, searched',
      ditfastattn,
      [{ threshold: 'D1' }, { threshold: 'D2' }],
      loopsOf(['dpm++2m'], [33], ['karras']),
    ),
    ...kept(
      'guidance-delta',
      guidanceDelta,
      every(3, 5),
      loopsOf(['dpm++2m'], [20, 25, 33], ['karras']),
      [1],
    ),
    ...withGuidance(
      'delta-cache',
      deltaCache,
      every(2, 3).map((options) => ({ ...options, range: '1-5' })),
      loopsOf(['dpm++2m'], [25, 33, 50], ['karras']),
    ),
    ...withGuidance(
      'ditfastattn',
      ditfastattn,
      every(2, 3).map((options) => ({ ...options, strategy: 'reuse' })),
      loopsOf(['dpm++2m'], [17, 25, 33], ['karras']),
    ),
    ...besideOutput('delta-cache', loopsOf(BASES, [50], ['karras']), [17, 25], [2], (full) => [
      deltaCache,
      { range: '1-5', full, order: 1 },
    ]),
    ...besideOutput('ditfastattn', loopsOf(BASES, [50], ['karras']), [17, 25], [2], (full) => [
      ditfastattn,
      { strategy: 'reuse', full, order: 1 },
    ]),
    ...besideOutput(
      'guidance-delta',
      loopsOf(BASES, [50], ['karras']),
      [16, 18, 23, 25, 33, 37],
      [2, 3],
      halves,
    ),
  ],
  'flow-digits': flowMethods({ shift: 3, range: '1-5' }),
  fashion: UNET,
  'flow-fashion': flowMethods({ shift: 2, range: '1-3' }),
};

export const methodsOf = (subject) => METHODS[subject];

const namesOf = (passes) => passes.map(([{ name }, options]) => [name, options]);

/** The same for equal settings. */
export const keyOf = ({ family, loop, passes = [] }) =>
  JSON.stringify([family, loop, namesOf(passes)]);

/** The same for settings that one bundle serves: loops of as many steps, unless it is for places of them or was searched in one. */
export const bundleKeyOf = ({ loop, passes }) =>
  JSON.stringify([
    passes.some(([, { axis, threshold }]) => axis || threshold) ? loop : loop.steps,
    namesOf(passes),
  ]);
