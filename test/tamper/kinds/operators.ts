/** Nodes: dropped, of another operator, with another attribute. */
import { change, changes, type Kind } from '../kind.js';
import { node, setAttribute } from '../onnx-model.js';

const UNETS = ['deepcache split', 'deepcache merged', 'deepcache for a target'] as const;

export const OPERATORS: readonly Kind[] = [
  {
    name: 'an activation dropped',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'a Relu', (bundle) =>
        bundle.of('full').skip('e2'),
      ),
      change('deepcache chain', 'a Tanh', (bundle) => bundle.model('deep').skip('mid')),
      change('windows split', 'the Tanh of the condition', (bundle) =>
        bundle.of('mixed-3').skip('condition'),
      ),
      change('delta-cache split', 'half of a GELU', (bundle) =>
        bundle.of('delta-rear').skip('halved1'),
      ),
    ],
  },
  {
    name: 'a bias dropped',
    changes: [
      ...changes(UNETS, 'of a convolution', (bundle) => {
        const conv = bundle.of('full').node('conv3');
        conv.input = conv.input!.slice(0, 2);
      }),
      change('windows split', 'of a projection', (bundle) => bundle.of('full').skip('eps')),
      change('windows merged', 'of attention', (bundle) => bundle.of('full').skip('attended1')),
      change('deepcache split', 'of the timestep, in shallow calls', (bundle) =>
        bundle.of('shallow').skip('biased'),
      ),
    ],
  },
  {
    name: 'a residual connection dropped',
    changes: [
      change('windows split', 'around attention', (bundle) => bundle.of('mixed-3').skip('m0', 1)),
      change('delta-cache merged', 'around a feed-forward', (bundle) =>
        bundle.of('full').skip('h3', 1),
      ),
      change('delta-cache on two streams', 'of the text', (bundle) =>
        bundle.of('delta-rear').skip('c1', 1),
      ),
    ],
  },
  {
    name: 'an epsilon that is another one',
    changes: [
      ...changes(UNETS, 'of a norm over pixels', (bundle) =>
        setAttribute(bundle.of('full').node('norm'), 'epsilon', 1e-6),
      ),
      ...changes(['windows split', 'windows merged'], 'of a norm over channels', (bundle) =>
        setAttribute(bundle.of('mixed').node('norm_f0'), 'epsilon', 1e-5),
      ),
      change('delta-cache chain', 'of the last norm', (bundle) =>
        setAttribute(bundle.model('shared-2').node('final'), 'epsilon', 1e-3),
      ),
    ],
  },
  {
    name: 'an attention that is scaled otherwise',
    changes: [
      change('windows split', 'not at all', (bundle) => bundle.of('full').skip('scores0')),
      change('windows merged', 'once more', (bundle) => {
        const model = bundle.of('full');
        model.behind('q1', (from, to) => [node('Mul', [from, 'by_root'], to)]);
      }),
      change('shared halves merged', 'by less than a half', (bundle) => {
        for (const model of bundle.everyModel)
          if (model.has('scores1')) {
            const mul = model.node('scores1');
            mul.input = [mul.input![0]!, model.scalar(0.45)];
          }
      }),
      change('deepcache of an attended U-Net', 'by a little less', (bundle) => {
        const mul = bundle.of('full').node('scores');
        mul.input = [mul.input![0]!, bundle.of('full').scalar(0.4999)];
      }),
    ],
  },
  {
    name: 'another axis',
    changes: [
      change('windows split', 'of a Softmax', (bundle) =>
        setAttribute(bundle.of('full').node('weights0'), 'axis', 2),
      ),
      change('loop-invariant split', 'of a Softmax over words', (bundle) =>
        setAttribute(bundle.of('reuse').node('cw1'), 'axis', 1),
      ),
      change('windows merged', 'of a norm', (bundle) => {
        const norm = bundle.of('full').node('final');
        setAttribute(norm, 'axis', 1);
        norm.input = [norm.input![0]!, norm.input![1]!];
      }),
    ],
  },
  {
    name: 'axes transposed otherwise',
    changes: [
      // four pixels and four channels, so that either way fits
      ...['kt', 'back'].map((value) =>
        change('deepcache of an attended U-Net', `not at all: "${value}"`, (bundle) =>
          setAttribute(bundle.of('full').node(value), 'perm', [0, 1, 2]),
        ),
      ),
      change('delta-cache split', 'heads of other channels', (bundle) =>
        bundle.of('delta-front').edit('apart', () => [0, 0, 4, 2]),
      ),
    ],
  },
  {
    name: 'another operator',
    changes: [
      ...changes(
        ['deepcache split', 'deepcache merged'],
        'the mean in place of the maximum',
        (bundle) => {
          bundle.of('full').node('p1').opType = 'AveragePool';
        },
      ),
      change('deepcache chain', 'the maximum in place of the mean', (bundle) => {
        bundle.model('deep').node('p2').opType = 'MaxPool';
      }),
      change('windows split', 'Sub in place of Add', (bundle) => {
        bundle.of('mixed-2').node('in_f0').opType = 'Sub';
      }),
      change('depth-skip', 'LeakyRelu in place of Relu', (bundle) => {
        bundle.of('cut').node('a2').opType = 'LeakyRelu';
      }),
      change('delta-cache merged', 'the tanh form of a GELU', (bundle) => {
        const model = bundle.of('full');
        model.behind('divided0', (from, to) => [
          node('Mul', [from, from], 'square.tampered'),
          node('Mul', ['square.tampered', from], 'cube.tampered'),
          node('Mul', ['cube.tampered', model.scalar(0.0893)], 'third.tampered'),
          node('Mul', [from, model.scalar(1.1284)], 'first.tampered'),
          node('Add', ['first.tampered', 'third.tampered'], to),
        ]);
        model.node('erf0').opType = 'Tanh';
      }),
    ],
  },
  {
    name: 'another attribute',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'how pixels are enlarged', (bundle) =>
        setAttribute(bundle.of('full').node('r1'), 'mode', 'linear'),
      ),
      change('deepcache split', 'how a convolution pads', (bundle) =>
        setAttribute(bundle.of('shallow').node('d2'), 'pads', [2, 2, 0, 0]),
      ),
      change('deepcache chain', 'how a convolution is dilated', (bundle) => {
        const conv = bundle.model('shared-2').node('d2');
        setAttribute(conv, 'dilations', [2, 2]);
        setAttribute(conv, 'pads', [2, 2, 2, 2]);
      }),
      change('deepcache for a target', 'whether padding counts in a mean', (bundle) => {
        const pool = bundle.of('full').node('p2');
        setAttribute(pool, 'kernel_shape', [3, 3]);
        setAttribute(pool, 'pads', [1, 1, 0, 0]);
      }),
    ],
  },
];
