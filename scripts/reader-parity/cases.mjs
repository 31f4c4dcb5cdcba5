// Bundles of the trained samples in every form, and loops: what readers in other languages are held to, bit for bit.

const digits = 'digits/digits-unet.onnx';
const dit = 'dit-digits/dit-digits.onnx';
const flow = 'flow-digits/transformer/model.onnx';

const cached = (more = {}) => ['deepcache', { branch: 2, interval: 3, ...more }];
const COND_FIRST = { order: 'cond-first', mode: 'batch' };

/** model: in samples/; uses: passes with their options; loop: of the pipeline; hasOneLoop: its plan is for one alone. */
export const CASES = {
  split: { model: digits, uses: [cached()], loop: { emit: 'split' } },
  merged: { model: digits, uses: [cached()], loop: { emit: 'merged' } },
  chain: { model: digits, uses: [cached()], loop: { emit: 'chain' } },
  stateful: { model: digits, uses: [cached()], loop: { emit: 'stateful' }, hasOneLoop: true },
  forecast: {
    model: digits,
    uses: [cached({ order: 2 }), ['forecast', { interval: 4, order: 2 }]],
    loop: { emit: 'merged' },
  },
  hermite: {
    model: flow,
    uses: [['forecast', { interval: 3, order: 2, basis: 'hermite' }]],
    loop: { emit: 'split' },
  },
  chebyshev: {
    model: flow,
    uses: [['forecast', { interval: 3, order: 3, basis: 'chebyshev' }]],
    loop: { emit: 'merged' },
  },
  pairs: {
    model: dit,
    uses: [['ditfastattn', { interval: 3, strategy: 'window+guidance-share' }]],
    loop: { emit: 'split', guidance: COND_FIRST },
  },
  'two-calls': {
    model: dit,
    uses: [['ditfastattn', { interval: 2, strategy: 'reuse' }]],
    loop: { emit: 'merged', guidance: { ...COND_FIRST, mode: 'two-calls' } },
  },
};

/** Steps that the bundles are written out for. */
export const STEPS = 8;

const loop = (steps, start = 0) => ({ name: `${steps}-${start}`, steps, start, outputs: true });
export const LOOPS = [loop(STEPS), loop(1), loop(5), loop(11, 3)];
