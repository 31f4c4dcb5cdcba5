/** Numbers in the models: one of them a little off, or whole tensors that are not the source's. */
import { change, changes, type Kind } from '../kind.js';
import { node, type OnnxModel, TYPES } from '../onnx-model.js';

/** One element off by a ten-thousandth of the tensor's largest. */
function nudge(model: OnnxModel, name: string, at = 0): void {
  model.edit(name, (numbers) => {
    const largest = Math.max(...numbers.map(Math.abs));
    return numbers.map((x, i) => (i === at ? x + 1e-4 * largest : x));
  });
}

const exchange = (model: OnnxModel, a: string, b: string): void => {
  const first = model.read(model.tensor(a));
  model.edit(a, () => model.read(model.tensor(b)));
  model.edit(b, () => first);
};

/** Rows and columns of a square. */
const transposed = (numbers: readonly number[]): number[] => {
  const size = Math.sqrt(numbers.length);
  return numbers.map((_, i) => numbers[(i % size) * size + Math.floor(i / size)]!);
};

/** The second element, the next float further from zero. */
const lastBit = (model: OnnxModel, name: string): void =>
  model.edit(name, (numbers) => numbers.map((x, i) => (i === 1 ? x * (1 + 2 ** -23) : x)));

const lastBitOfHalf = (model: OnnxModel, name: string): void =>
  model.edit(name, (bits) => bits.map((pattern, i) => (i === 1 ? pattern ^ 1 : pattern)));

/** Rounds a value to half precision. */
const halves = (model: OnnxModel, value: string): void =>
  model.behind(value, (from, to) => [
    node('Cast', [from], `${to}.half`, { to: TYPES.float16 }),
    node('Cast', [`${to}.half`], to, { to: TYPES.float }),
  ]);

export const WEIGHTS: readonly Kind[] = [
  {
    name: 'one element off by a ten-thousandth',
    changes: [
      ...changes(['deepcache split', 'deepcache of 50 calls'], 'of a convolution', (bundle) =>
        nudge(bundle.of('full'), 'u3', 5),
      ),
      change('deepcache split', 'of a bias, in shallow calls', (bundle) =>
        nudge(bundle.of('shallow'), 'c1', 7),
      ),
      change('deepcache merged', 'of a deep convolution', (bundle) =>
        nudge(bundle.of('full'), 'wm', 3),
      ),
      change('deepcache chain', 'of a deep convolution', (bundle) =>
        nudge(bundle.model('deep'), 'wm', 9),
      ),
      change('deepcache for a target', 'of a convolution', (bundle) =>
        nudge(bundle.of('full'), 'w3', 2),
      ),
      change('depth-skip', 'of the first convolution', (bundle) =>
        nudge(bundle.of('cut'), 'w1', 17),
      ),
      ...changes(['deepcache split', 'deepcache merged'], 'of the null class', (bundle) =>
        nudge(bundle.of('full'), 'classes', 60),
      ),
      change('windows split', 'of an output projection, beside a window', (bundle) =>
        nudge(bundle.of('mixed-3'), 'w_o1', 20),
      ),
      change('windows merged', 'of a query', (bundle) => nudge(bundle.of('full'), 'w_q0', 11)),
      change('windows merged', 'of a feed-forward', (bundle) =>
        nudge(bundle.of('full'), 'w_narrow1', 30),
      ),
      change('shared halves split', 'of a value, where halves are shared', (bundle) =>
        nudge(bundle.of('mixed'), 'w_v0', 33),
      ),
      change('delta-cache split', 'of a gate, in what is left', (bundle) =>
        nudge(bundle.of('delta-front'), 'w_ada2', 100),
      ),
      change('loop-invariant split', "of the caption's projection", (bundle) =>
        nudge(bundle.of('full'), 'w_cv1', 12),
      ),
    ],
  },
  {
    name: 'the last bit of one weight',
    changes: [
      change('deepcache split', 'of a convolution', (bundle) => lastBit(bundle.of('full'), 'w3')),
      change('deepcache merged', 'of a scale', (bundle) => lastBit(bundle.of('full'), 'gain')),
      change('delta-cache of outputs', 'of a layer', (bundle) =>
        lastBit(bundle.of('reuse-front'), 'w_o3'),
      ),
      change('reuse in half precision', 'of a query', (bundle) =>
        lastBitOfHalf(bundle.of('full'), 'wq1'),
      ),
      change('reuse in half precision', 'of an output projection, beside a reuse', (bundle) =>
        lastBitOfHalf(bundle.of('mixed'), 'wo1'),
      ),
    ],
  },
  {
    name: 'two tensors exchanged',
    changes: [
      change('windows split', 'queries and keys', (bundle) =>
        exchange(bundle.of('mixed'), 'w_q0', 'w_k0'),
      ),
      change('windows merged', 'values of two layers', (bundle) =>
        exchange(bundle.of('full'), 'w_v0', 'w_v1'),
      ),
      change('deepcache split', 'two biases', (bundle) =>
        exchange(bundle.of('shallow'), 'b1', 'b2'),
      ),
      change('loop-invariant merged', 'keys and values', (bundle) =>
        exchange(bundle.of('full'), 'w_ck0', 'w_cv0'),
      ),
    ],
  },
  {
    name: 'a tensor stored otherwise',
    changes: [
      ...changes(['windows split', 'shared calls split'], 'transposed', (bundle) =>
        bundle.of('mixed-2').edit('w_out', transposed),
      ),
      change('deepcache merged', 'rounded to half precision', (bundle) =>
        bundle.of('full').edit('w3', (numbers) => numbers.map((x) => Math.round(x * 2048) / 2048)),
      ),
      change('delta-cache chain', 'its last row zero', (bundle) =>
        bundle.model('shared-2').edit('w_out', (n) => [...n.slice(0, -8), ...Array(8).fill(0)]),
      ),
      change('deepcache chain', 'moved by one element', (bundle) =>
        bundle.model('deep').edit('u3', (n) => [n.at(-1)!, ...n.slice(0, -1)]),
      ),
    ],
  },
  {
    name: 'a constant of another call',
    changes: [
      change('deepcache split', 'frequencies of the timestep', (bundle) =>
        nudge(bundle.of('shallow'), 'frequencies', 3),
      ),
      change('deepcache merged', 'where late steps begin', (bundle) =>
        bundle.of('full').edit('middle', () => [501 + 150]),
      ),
      change('deepcache split', 'the factor of late steps', (bundle) =>
        bundle.of('full').edit('half', () => [0.5001]),
      ),
      change('delta-cache merged', 'the one of a GELU', (bundle) =>
        bundle.of('full').edit('root2', () => [1.4143]),
      ),
    ],
  },
  {
    name: 'less precision than the source has',
    changes: [
      ...changes(['deepcache split', 'deepcache for a target'], 'of a layer', (bundle) =>
        halves(bundle.of('full'), 'biased'),
      ),
      ...changes(['windows split', 'shared halves merged'], 'of queries', (bundle) =>
        halves(bundle.of(bundle.schedule.emit === 'merged' ? 'full' : 'mixed'), 'q0'),
      ),
      change('delta-cache split', 'of the stream', (bundle) =>
        halves(bundle.of('delta-rear'), 'h1'),
      ),
    ],
  },
  {
    name: 'a value held to a range',
    changes: [
      change('deepcache split', 'the latent', (bundle) => {
        const model = bundle.of('shallow');
        model.behind('x', (from, to) => [
          node('Clip', [from, model.scalar(-1.4), model.scalar(1.4)], to),
        ]);
      }),
      change('delta-cache merged', 'the stream', (bundle) => {
        const model = bundle.of('full');
        model.behind('h1', (from, to) => [
          node('Clip', [from, model.scalar(-2), model.scalar(2)], to),
        ]);
      }),
    ],
  },
  {
    name: 'something added to the prediction',
    changes: [
      ...changes(['deepcache split', 'windows merged'], 'a millionth', (bundle) => {
        const model = bundle.of('full');
        model.behind('eps', (from, to) => [node('Add', [from, model.scalar(1e-6)], to)]);
      }),
      change('deepcache merged', 'noise', (bundle) => {
        const model = bundle.of('full');
        model.behind('both', (from, to) => [
          node('RandomNormalLike', [from], 'noise.tampered', { scale: 1e-5 }),
          node('Add', [from, 'noise.tampered'], to),
        ]);
      }),
      change('depth-skip', 'a hundred-thousandth of the latent', (bundle) => {
        const model = bundle.of('cut');
        model.behind('eps', (from, to) => [
          node('Mul', ['x', model.scalar(1e-5)], 'little.tampered'),
          node('Add', [from, 'little.tampered'], to),
        ]);
      }),
    ],
  },
];
