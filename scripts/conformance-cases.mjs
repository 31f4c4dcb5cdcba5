// What the conformance suite is made of: two models in ONNX's text form, and a recipe for each case.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const golden = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test/golden');
const text = (name) => fs.readFileSync(path.join(golden, name, 'input.onnx.txt'), 'utf8');

export const MODELS = {
  unet: text('deepcache-uniform'),
  attention: text('attention-merged'),
};

const TURNS = { order: 'uncond-first', mode: 'two-calls' };
const PAIRS = { order: 'cond-first', mode: 'batch' };

const loop = (steps, start = 0, more = {}) => ({
  name: `${steps}-${start}`,
  steps,
  start,
  ...more,
});
const shown = (steps, start = 0, more = {}) => loop(steps, start, { outputs: true, ...more });

/** The written loop is of eight steps; outputs of a few, and what is called of more. */
const ALL = [
  shown(8),
  loop(1),
  loop(2),
  loop(3),
  shown(5, 1),
  loop(8, 7),
  shown(13, 4),
  loop(20),
  loop(30, 12),
  loop(60),
];

const falling = (steps, from = 999) =>
  Array.from({ length: steps }, (_, i) => Math.round(from * (1 - i / steps)));
const rising = (steps) => Array.from({ length: steps }, (_, i) => -4 + 8 * (i / steps) ** 1.5);

const plan = (sites) => ({
  format: 'stepfold.plan',
  version: 1,
  calls: Object.values(sites)[0].length,
  sites,
});
const FOUND = plan({
  'attention.0': ['compute', 'compute', 'window', 'reuse', 'compute', 'reuse', 'window', 'reuse'],
});
/** Of a part that is kept, the full steps. */
const fullAt = (steps, full, kept) =>
  plan({ deep: Array.from({ length: steps }, (_, i) => (full.includes(i) ? 'compute' : kept)) });

const cached = (options) => [['deepcache', { branch: 1, interval: 3, ...options }]];

export const CASES = {
  split: {
    description: 'One model for each program; every third step is full.',
    model: 'unet',
    uses: cached(),
    loop: { calls: 8, emit: 'split' },
    loops: ALL,
  },
  merged: {
    description:
      'One model with strategy inputs, in `constants`, and inputs that a program has no use for.',
    model: 'unet',
    uses: cached(),
    loop: { calls: 8, emit: 'merged' },
    loops: ALL,
  },
  chain: {
    description: 'Segments that run one after another, and wires between them.',
    model: 'unet',
    uses: cached(),
    loop: { calls: 8, emit: 'chain' },
    loops: ALL,
  },
  'lagrange-ends': {
    description: 'A forecast through three values, with a warm-up and a cool-down: a history.',
    model: 'unet',
    uses: cached({ interval: 4, warmup: 3, cooldown: 2, order: 2 }),
    loop: { calls: 8, emit: 'split' },
    loops: ALL,
  },
  'hermite-merged': {
    description: 'The same by the other basis, in one model.',
    model: 'unet',
    uses: cached({ order: 2, basis: 'hermite' }),
    loop: { calls: 8, emit: 'merged' },
    loops: ALL,
  },
  'chebyshev-even': {
    description:
      'The output is forecast; full steps lie as far apart as can be. Weights depend on the length of the loop.',
    model: 'unet',
    uses: [['forecast', { 'full-calls': 4, order: 2, basis: 'chebyshev' }]],
    loop: { calls: 8, emit: 'split' },
    loops: ALL,
  },
  crowded: {
    description:
      'Full steps close to each other around one: the rule of DeepCache, in complex numbers.',
    model: 'unet',
    uses: cached({ interval: 2, center: 3, power: 1.4 }),
    loop: { calls: 8, emit: 'split' },
    loops: ALL,
  },
  'two-calls': {
    description: 'Guidance in two calls a step: each half has states of its own.',
    model: 'unet',
    uses: cached({ order: 1 }),
    loop: { calls: 16, emit: 'merged', guidance: TURNS },
    loops: [shown(8), loop(1), loop(2), loop(7, 1), shown(6, 2), loop(20), loop(30, 12), loop(60)],
  },
  'half-calls': {
    description:
      'The second call of a step runs nothing but the difference of both halves, kept from earlier.',
    model: 'unet',
    uses: [['guidance-delta', { interval: 3 }]],
    loop: { calls: 16, guidance: TURNS },
    loops: [shown(8), loop(1), loop(2), shown(6, 2), loop(20), loop(60)],
  },
  difference: {
    description: 'Guidance in one batch: half of it runs, and the other is had from what was kept.',
    model: 'unet',
    uses: [['guidance-delta', { interval: 4 }]],
    loop: { calls: 8, guidance: PAIRS },
    loops: ALL,
  },
  'two-rules': {
    description:
      'Two rules at once: a part is kept every second step, the output forecast between every third.',
    model: 'unet',
    uses: [...cached({ interval: 2, order: 1 }), ['forecast', { interval: 3, order: 1 }]],
    loop: { calls: 8, emit: 'merged' },
    loops: ALL,
  },
  'timestep-axis': {
    description: 'A forecast by timesteps, which a request for another loop must have.',
    model: 'unet',
    uses: [['forecast', { interval: 3, order: 2, axis: 'timestep' }]],
    loop: { calls: 8, places: { timesteps: falling(8) } },
    loops: [
      shown(8),
      shown(8, 0, { name: '8-elsewhere', timesteps: [999, 990, 700, 640, 610, 400, 300, 125] }),
      shown(12, 0, { timesteps: falling(12, 940) }),
      loop(20, 8, { timesteps: falling(20).slice(8) }),
      loop(1, 0, { timesteps: [500] }),
      loop(13),
    ],
  },
  'snr-axis': {
    description: 'The same by the logarithm of signal over noise.',
    model: 'unet',
    uses: [['forecast', { interval: 2, order: 1, axis: 'log-snr' }]],
    loop: { calls: 8, places: { logSnr: rising(8) } },
    loops: [
      shown(8),
      shown(11, 0, { logSnr: rising(11) }),
      loop(20, 8, { logSnr: rising(20).slice(8) }),
      loop(9),
    ],
  },
  placed: {
    description:
      'A plan that was found for eight steps, placed in others by how far through the loop they are.',
    model: 'attention',
    uses: [['ditfastattn', { window: 1 }]],
    loop: { calls: 8, plan: FOUND, emit: 'merged' },
    // of 15 steps every second is equally near to two
    loops: [...ALL, loop(4), loop(7), loop(9), shown(12), loop(15), loop(16)],
  },
  'placed-timesteps': {
    description: 'The same by timesteps, where a request has them.',
    model: 'attention',
    uses: [['ditfastattn', { window: 1 }]],
    loop: { calls: 8, plan: FOUND, emit: 'split', timesteps: falling(8) },
    loops: [
      shown(8),
      shown(8, 0, { name: '8-elsewhere', timesteps: [999, 990, 700, 640, 610, 400, 300, 125] }),
      shown(12, 0, { timesteps: falling(12, 940) }),
      loop(20, 8, { timesteps: falling(20).slice(8) }),
      loop(5, 0, { timesteps: [999, 990, 980, 970, 400] }),
      loop(20),
    ],
  },
  apart: {
    description:
      'Full steps that were found for ten steps, with one other choice between them: apart from each other in other loops as they were.',
    model: 'unet',
    uses: cached({ order: 1 }),
    loop: { calls: 10, plan: fullAt(10, [0, 1, 3, 6], 'reuse+forecast'), emit: 'merged' },
    // 2.5 and 3.5 of four full steps in ten are rounded up
    loops: [
      shown(10),
      loop(1),
      loop(2),
      loop(3),
      shown(5, 1),
      loop(9),
      shown(13, 4),
      loop(20),
      loop(35),
      loop(60),
    ],
  },
  'apart-ends': {
    description:
      'The same, where the last step is full too; timesteps that a request has change nothing.',
    model: 'unet',
    uses: cached(),
    loop: {
      calls: 8,
      plan: fullAt(8, [0, 5, 6, 7], 'reuse'),
      emit: 'split',
      timesteps: falling(8),
    },
    // in a longer loop some would fall on one step, and the last of them behind the end
    loops: [
      ...ALL,
      shown(8, 0, { name: '8-elsewhere', timesteps: [999, 990, 700, 640, 610, 400, 300, 125] }),
      shown(12, 0, { timesteps: falling(12, 940) }),
      loop(15),
      loop(20, 8, { timesteps: falling(20).slice(8) }),
    ],
  },
  list: {
    description:
      'No rules: the schedule is for one loop alone, and a request for another is refused.',
    model: 'unet',
    uses: cached(),
    loop: { calls: 8, fixedLoop: true },
    loops: [shown(8), loop(9), loop(8, 1)],
  },
  'version-1': {
    description: 'A schedule of version 1 is such a list.',
    model: 'unet',
    uses: cached({ order: 1 }),
    loop: { calls: 8, emit: 'merged' },
    change: (schedule) => {
      schedule.version = 1;
      delete schedule.loop;
    },
    loops: [shown(8), loop(9)],
  },
  initial: {
    description:
      'States that hold something before the first call, which therefore need not be full.',
    model: 'unet',
    uses: cached({ order: 1 }),
    loop: { calls: 8, emit: 'split', freeze: { batch: 2, height: 4, width: 4 }, fixedLoop: true },
    change: (schedule) => {
      const [shallow] = schedule.calls.filter((name) => name !== schedule.calls[0]);
      schedule.calls.unshift(shallow);
      schedule.calls.pop();
      for (const parameter of Object.values(schedule.parameters)) {
        parameter.calls.pop();
        parameter.calls.unshift([0.75, 0.25]);
        // numbers of no rule, as a list may have them
        delete parameter.forecast;
      }
      for (const state of Object.values(schedule.states)) {
        const size = state.shape.reduce((product, dim) => product * dim, 1);
        state.initial = Array.from({ length: size }, (_, i) => (i % 5) / 4);
      }
      delete schedule.sites;
      delete schedule.cost;
    },
    loops: [shown(8), loop(9)],
  },
  'unknown-version': {
    description: 'A schedule of a version that there is not yet is refused, whatever it says.',
    model: 'unet',
    uses: cached(),
    loop: { calls: 8 },
    change: (schedule) => {
      schedule.version = 3;
    },
    loops: [loop(8)],
  },
};
