/** What is cut and joined: sizes, borders, order, and which half is which. */
import { change, changes, type Kind } from '../kind.js';
import { exchangeInputs, exchangeOutputs, node } from '../onnx-model.js';

export const SLICES: readonly Kind[] = [
  {
    name: 'inputs of a Concat exchanged',
    changes: [
      ...changes(['deepcache split', 'deepcache of 50 calls'], 'value and skip', (bundle) =>
        exchangeInputs(bundle.of('shallow').node('j2')),
      ),
      change('deepcache merged', 'value and skip', (bundle) =>
        exchangeInputs(bundle.of('full').node('j3')),
      ),
      change('deepcache chain', 'value and skip', (bundle) =>
        exchangeInputs(bundle.model('shared-2').node('j1')),
      ),
      change('delta-cache on two streams', 'image and text, of keys', (bundle) =>
        exchangeInputs(bundle.of('delta-front').node('k2')),
      ),
      change('depth-skip', 'zeros and skip', (bundle) =>
        exchangeInputs(bundle.of('cut').node('j2')),
      ),
    ],
  },
  {
    name: 'parts of a Split exchanged',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'scale and shift', (bundle) =>
        exchangeOutputs(bundle.of('full').node('scale')),
      ),
      change('windows split', 'scale and shift', (bundle) =>
        exchangeOutputs(bundle.of('mixed').node('shift_a0')),
      ),
      change('windows merged', 'two gates', (bundle) =>
        exchangeOutputs(bundle.of('full').node('gate_a1'), 2, 5),
      ),
      change('delta-cache split', 'the last two', (bundle) =>
        exchangeOutputs(bundle.of('delta-rear').node('gate_f0'), 4, 5),
      ),
    ],
  },
  {
    name: 'a part a little further on',
    changes: [
      ...changes(['deepcache split', 'deepcache for a target'], 'of the embedding', (bundle) => {
        const model = bundle.of('shallow');
        // scale begins at channel 1, and wraps around
        model.behind('tall', (from, to) => [
          model.slice(from, [1, 8], 1, 'end.tampered'),
          model.slice(from, [0, 1], 1, 'begin.tampered'),
          node('Concat', ['end.tampered', 'begin.tampered'], to, { axis: 1 }),
        ]);
      }),
      change('delta-cache on two streams', 'image and text, of what attention gives', (bundle) => {
        const model = bundle.of('delta-front');
        model.behind('mixed2', (from, to) => [
          model.slice(from, [1, 9], 1, 'end.tampered'),
          model.slice(from, [0, 1], 1, 'begin.tampered'),
          node('Concat', ['end.tampered', 'begin.tampered'], to, { axis: 1 }),
        ]);
      }),
      change('windows split', 'a token at the end', (bundle) => {
        const model = bundle.of('mixed-3');
        model.behind('h1', (from, to) => [
          model.slice(from, [0, 11], 1, 'most.tampered'),
          model.slice(from, [10, 11], 1, 'again.tampered'),
          node('Concat', ['most.tampered', 'again.tampered'], to, { axis: 1 }),
        ]);
      }),
    ],
  },
  {
    name: 'a skip of another level',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'before its activation', (bundle) => {
        const model = bundle.of('full');
        model.node('j1').input = ['r1', 'conv1'];
      }),
      change('deepcache of 50 calls', 'before its scale', (bundle) => {
        const join = bundle.of('shallow').node('j2');
        join.input = [join.input![0]!, 'norm'];
      }),
      change('deepcache chain', 'the deep value for its skip', (bundle) => {
        bundle.model('deep').node('j3').input = ['mid', 'mid'];
      }),
    ],
  },
];
