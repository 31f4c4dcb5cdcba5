/** Labels and timesteps: what is right for most of them and wrong for some. */
import { change, changes, type Kind } from '../kind.js';
import { node, type OnnxModel, TYPES } from '../onnx-model.js';

const UNETS = ['deepcache split', 'deepcache merged', 'deepcache for a target'] as const;

/** Puts an operator between an integer input and its readers. */
const bounded = (model: OnnxModel, input: string, opType: 'Min' | 'Max', bound: number): void =>
  model.behind(input, (from, to) => [
    node(opType, [from, model.add('bound', 'int64', [], [bound])], to),
  ]);

export const CONDITIONS: readonly Kind[] = [
  {
    name: 'labels clipped',
    changes: [
      ...changes(UNETS, 'to those before the null class', (bundle) =>
        bounded(bundle.of('full'), 'y', 'Min', 6),
      ),
      change('windows split', 'to 0 and 1, where a window is', (bundle) =>
        bounded(bundle.of('mixed-3'), 'y', 'Min', 1),
      ),
      change('windows merged', 'from 1 on', (bundle) => bounded(bundle.of('full'), 'y', 'Max', 1)),
      change('shared halves merged', 'to those before the null class', (bundle) =>
        bounded(bundle.of('full'), 'y', 'Min', 6),
      ),
    ],
  },
  {
    name: 'a class that is another one',
    changes: [
      ...changes(UNETS, 'none is the first', (bundle) =>
        bundle.of('shallow').edit('classes', (n) => [...n.slice(0, -8), ...n.slice(0, 8)]),
      ),
      change('shared halves split', 'two in the middle exchanged', (bundle) =>
        bundle
          .of('mixed')
          .edit('classes', (n) => [
            ...n.slice(0, 24),
            ...n.slice(32, 40),
            ...n.slice(24, 32),
            ...n.slice(40),
          ]),
      ),
      change('windows merged', 'all by one', (bundle) => {
        const model = bundle.of('full');
        model.behind('y', (from, to) => [
          node('Add', [from, model.add('one.tampered', 'int64', [], [1])], 'next.tampered'),
          node('Mod', ['next.tampered', model.add('classes.tampered', 'int64', [], [8])], to),
        ]);
      }),
    ],
  },
  {
    name: 'timesteps clipped',
    changes: [
      ...changes(UNETS, 'from above', (bundle) => bounded(bundle.of('full'), 't', 'Min', 899)),
      ...changes(UNETS, 'from below', (bundle) => bounded(bundle.of('shallow'), 't', 'Max', 300)),
      change('windows split', 'from below, at the last calls', (bundle) =>
        bounded(bundle.of('full-partial'), 't', 'Max', 500),
      ),
    ],
  },
  {
    name: 'timesteps off',
    changes: [
      ...changes(['deepcache split', 'windows merged'], 'by one', (bundle) => {
        const model = bundle.of('full');
        model.behind('t', (from, to) => [
          node('Sub', [from, model.add('one.tampered', 'int64', [], [1])], to),
        ]);
      }),
      change('deepcache merged', 'rounded to tens', (bundle) => {
        const model = bundle.of('full');
        const ten = model.add('ten.tampered', 'int64', [], [10]);
        model.behind('t', (from, to) => [
          node('Div', [from, ten], 'tens.tampered'),
          node('Mul', ['tens.tampered', ten], to),
        ]);
      }),
      change('windows merged', 'in a byte', (bundle) =>
        bundle
          .of('full')
          .behind('t', (from, to) => [
            node('Cast', [from], 'byte.tampered', { to: 2 }),
            node('Cast', ['byte.tampered'], to, { to: TYPES.int64 }),
          ]),
      ),
      change('delta-cache split', 'their angle in half precision', (bundle) =>
        bundle
          .of('delta-rear')
          .behind('angle', (from, to) => [
            node('Cast', [from], 'half.tampered', { to: TYPES.float16 }),
            node('Cast', ['half.tampered'], to, { to: TYPES.float }),
          ]),
      ),
      change('loop-invariant split', 'cosines and sines exchanged', (bundle) => {
        const concat = bundle.of('reuse').node('waves');
        concat.input = [...concat.input!].reverse();
      }),
    ],
  },
  {
    name: 'a constant that was right at one call',
    changes: [
      ...changes(['deepcache split', 'deepcache of 50 calls'], 'the timestep', (bundle) => {
        const model = bundle.of('shallow');
        model.behind('t', (from, to) => [
          node('Shape', [from], 'shape.tampered'),
          node('Expand', [model.add('first.tampered', 'int64', [1], [999]), 'shape.tampered'], to),
        ]);
      }),
      change('deepcache merged', 'which branch is taken', (bundle) => {
        const { input } = bundle.of('full').node('embedding');
        input![0] = bundle.of('full').add('early.tampered', 'bool', [], [1]);
      }),
      change('deepcache chain', 'the labels', (bundle) => {
        const model = bundle.model('shared-1');
        model.behind('y', (from, to) => [
          node('Shape', [from], 'shape.tampered'),
          node('Expand', [model.add('label.tampered', 'int64', [1], [3]), 'shape.tampered'], to),
        ]);
      }),
    ],
  },
];
