/** What a call gives: outputs exchanged, or one of another value. */
import { change, changes, type Kind } from '../kind.js';
import { node } from '../onnx-model.js';

export const OUTPUTS: readonly Kind[] = [
  {
    name: 'outputs exchanged',
    changes: [
      ...changes(
        ['deepcache split', 'deepcache merged', 'deepcache for a target'],
        'prediction and variance',
        (bundle) => {
          const split = bundle.of('full').node('eps');
          split.output = ['variance', 'eps'];
        },
      ),
      change('deepcache of 50 calls', 'prediction and variance, in shallow calls', (bundle) => {
        bundle.of('shallow').node('eps').output = ['variance', 'eps'];
      }),
      change('deepcache chain', 'prediction and variance', (bundle) => {
        bundle.model('shared-2').node('eps').output = ['variance', 'eps'];
      }),
    ],
  },
  {
    name: 'the second output wrong',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'the first one again', (bundle) => {
        const model = bundle.of('full');
        model.behind('variance', (_, to) => [node('Identity', ['eps'], to)]);
      }),
      change('depth-skip', 'a part in a thousand', (bundle) => {
        const model = bundle.of('cut');
        model.behind('variance', (from, to) => [node('Mul', [from, model.scalar(1.001)], to)]);
      }),
    ],
  },
  {
    name: 'an output before its last node',
    changes: [
      change('windows split', 'without its bias, of a late program', (bundle) =>
        bundle.of('full-partial').skip('eps'),
      ),
      change('delta-cache on two streams', 'without its projection', (bundle) => {
        const model = bundle.of('delta-front');
        model.behind('eps', (_, to) => [node('Identity', ['x3'], to)]);
      }),
    ],
  },
];
