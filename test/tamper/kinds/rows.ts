/** Rows of the batch: exchanged, mixed, or all like the first one, which a batch of one does not show. */
import { change, changes, type Kind } from '../kind.js';
import { node } from '../onnx-model.js';
import { flipRows, mixRows, repeatRow, rollRows, wrongLastRow, wrongRows } from '../rows.js';

const UNETS = ['deepcache split', 'deepcache merged', 'deepcache of 50 calls'] as const;

export const ROWS: readonly Kind[] = [
  {
    name: 'rows exchanged',
    changes: [
      ...changes(UNETS, 'of what is reused', (bundle) =>
        flipRows(bundle.of('shallow'), 'stepfold.in.deep.0'),
      ),
      change('deepcache chain', 'of what is reused', (bundle) =>
        rollRows(bundle.model('shared-2'), 'r2'),
      ),
      change('delta-cache split', 'of a deviation', (bundle) =>
        rollRows(bundle.of('delta-front'), 'stepfold.in.blocks.front'),
      ),
      change('windows split', 'of a residual', (bundle) =>
        flipRows(bundle.of('mixed-3'), 'stepfold.in.attention.1.residual'),
      ),
      change('windows merged', 'of queries', (bundle) => rollRows(bundle.of('full'), 'q1')),
      change('loop-invariant split', 'of the caption', (bundle) =>
        flipRows(bundle.of('full'), 'caption'),
      ),
      change('shared halves split', 'of the latent, across the halves', (bundle) =>
        rollRows(bundle.of('mixed-4'), 'h0'),
      ),
      change('deepcache for a target', 'of the labels', (bundle) =>
        flipRows(bundle.of('shallow'), 'y'),
      ),
      change('deepcache on timesteps', 'of the timesteps', (bundle) =>
        flipRows(bundle.of('full'), 'time'),
      ),
    ],
  },
  {
    name: 'every row like the first',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'the embedded label', (bundle) =>
        repeatRow(bundle.of('full'), 'class'),
      ),
      change('deepcache split', 'the embedded timestep', (bundle) =>
        repeatRow(bundle.of('shallow'), 'steps'),
      ),
      change('windows merged', 'the condition', (bundle) =>
        repeatRow(bundle.of('full'), 'condition'),
      ),
      change('windows split', 'what is reused', (bundle) =>
        repeatRow(bundle.of('mixed'), 'stepfold.in.attention.1.output'),
      ),
      change('loop-invariant merged', 'a projection of the caption', (bundle) =>
        repeatRow(bundle.of('full'), 'cv1'),
      ),
    ],
  },
  {
    name: 'rows mixed',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'to their mean, in a norm', (bundle) =>
        mixRows(bundle.of('full'), 'scale'),
      ),
      change('delta-cache chain', 'to their mean, in what is added', (bundle) =>
        mixRows(bundle.model('blocks.front-delta'), 'stepfold.in.blocks.front'),
      ),
      change('depth-skip', 'by a norm over the batch', (bundle) => {
        const model = bundle.of('cut');
        model.behind('e2', (from, to) => [
          node('ReduceMax', [from], 'largest.tampered', { axes: [0], keepdims: 1 }),
          node('Div', [from, 'largest.tampered'], to),
        ]);
      }),
    ],
  },
  {
    name: 'the first row right, others wrong',
    changes: [
      ...changes(UNETS, 'a part in a thousand', (bundle) => wrongRows(bundle.of('shallow'), 'd2')),
      change('windows split', 'a part in a thousand, of a residual', (bundle) =>
        wrongRows(bundle.of('full'), 'stepfold.out.attention.1.residual'),
      ),
      change('shared halves split', 'the last one, of what is kept', (bundle) =>
        wrongLastRow(bundle.of('mixed'), 'stepfold.out.attention.0.output'),
      ),
      change('shared halves merged', 'the last one, of the prediction', (bundle) =>
        wrongLastRow(bundle.of('full'), 'eps'),
      ),
      change('delta-cache on two streams', 'the last one, of the text', (bundle) =>
        wrongLastRow(bundle.of('delta-rear'), 'c0'),
      ),
    ],
  },
  {
    name: 'a batch of one for any',
    changes: [
      change('loop-invariant split', 'to one, of the caption', (bundle) => {
        const model = bundle.of('full');
        model.behind('caption', (from, to) => [
          model.slice(from, [0, 1], 0, 'first.tampered'),
          node('Shape', [from], 'shape.tampered'),
          node('Expand', ['first.tampered', 'shape.tampered'], to),
        ]);
      }),
    ],
  },
  {
    name: 'a batch that is no longer free',
    stops: true,
    changes: [
      ...changes(['deepcache split', 'windows split'], 'in a shape', ({ everyModel }) => {
        for (const { graph } of everyModel)
          for (const { type } of graph.input!) {
            const [batch] = type!.tensorType!.shape!.dim!;
            if (batch?.dimParam !== 'batch') continue;
            delete batch.dimParam;
            batch.dimValue = 1;
          }
      }),
    ],
  },
  {
    name: 'right at the sizes of most runs alone',
    changes: [
      {
        ...change('deepcache split', 'rows behind the second', (bundle) => {
          const model = bundle.of('shallow');
          model.behind('d2', (from, to) => [
            model.slice(from, [0, 2], 0, 'two.tampered'),
            model.slice(from, [2, 99], 0, 'others.tampered'),
            node('Neg', ['others.tampered'], 'wrong.tampered'),
            node('Concat', ['two.tampered', 'wrong.tampered'], to, { axis: 0 }),
          ]);
        }),
        at: { rows: 3, words: 5 },
      },
      {
        ...change('loop-invariant split', 'words behind the 77th', (bundle) => {
          const model = bundle.of('full');
          model.behind('stepfold.out.invariant.0.state', (from, to) => [
            model.slice(from, [0, 77], 1, 'begin.tampered'),
            model.slice(from, [77, 999], 1, 'others.tampered'),
            node('Neg', ['others.tampered'], 'wrong.tampered'),
            node('Concat', ['begin.tampered', 'wrong.tampered'], to, { axis: 1 }),
          ]);
        }),
        at: { rows: 2, words: 80 },
      },
    ],
  },
  {
    name: 'a batch of two for any',
    stops: true,
    changes: [
      ...changes(['deepcache split', 'windows merged'], 'in a Reshape', (bundle) => {
        const model = bundle.of('full');
        model.behind('condition', (from, to) => [
          node('Reshape', [from, model.integers(2, 8)], to),
        ]);
      }).map((c) => ({ ...c, at: { rows: 3, words: 5 } })),
    ],
  },
];
