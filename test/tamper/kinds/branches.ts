/** Choices inside the models: branches of an If, of a Where, and what decides between them. */
import { change, changes, type Kind } from '../kind.js';
import { exchangeInputs, type NodeProto, node } from '../onnx-model.js';

function exchangeBranches(target: NodeProto): void {
  const [a, b] = ['then_branch', 'else_branch'].map((name) =>
    target.attribute!.find((x) => x.name === name),
  );
  [a!.g, b!.g] = [b!.g!, a!.g!];
}

export const BRANCHES: readonly Kind[] = [
  {
    name: 'branches of an If exchanged',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], "of the source's own", (bundle) =>
        exchangeBranches(bundle.of('full').node('embedding')),
      ),
      change('deepcache of 50 calls', "of the source's own, in shallow calls", (bundle) =>
        exchangeBranches(bundle.of('shallow').node('embedding')),
      ),
      change('delta-cache merged', 'with a deviation', (bundle) =>
        exchangeBranches(bundle.of('full').node('stepfold.blocks.rear.0.0')),
      ),
      change('deepcache with zeros', 'with zeros', (bundle) =>
        exchangeBranches(
          bundle
            .of('full')
            .ops('If')
            .find((n) => /deep/.test(n.name!))!,
        ),
      ),
    ],
  },
  {
    name: 'a branch taken once too often',
    changes: [
      ...changes(
        ['deepcache split', 'deepcache merged'],
        'at the timestep of the border',
        (bundle) => {
          bundle.of('full').edit('middle', () => [500 + 60]);
        },
      ),
      change('deepcache of 50 calls', 'by the earliest row, not the latest', (bundle) => {
        bundle.of('shallow').node('latest').opType = 'ReduceMin';
      }),
      change('deepcache chain', 'always', (bundle) => {
        const model = bundle.model('shared-1');
        model.behind('early', (from, to) => [
          node('Not', [from], 'late.tampered'),
          node('Or', [from, 'late.tampered'], to),
        ]);
      }),
    ],
  },
  {
    name: 'what a Where takes, exchanged',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'the two values', (bundle) =>
        exchangeInputs(bundle.of('full').node('e3'), 1, 2),
      ),
      change('deepcache chain', 'the comparison', (bundle) => {
        bundle.model('deep').node('high').opType = 'Less';
      }),
    ],
  },
  {
    name: 'a branch that gives another value',
    changes: [
      change('deepcache merged', 'of its shape', (bundle) => {
        const node_ = bundle
          .of('full')
          .ops('If')
          .find((n) => n.name === 'stepfold.if.deep')!;
        const branch = node_.attribute!.find((a) => a.name === 'else_branch')!.g!;
        branch.node![0]!.input = ['e2'];
      }),
      change('windows merged', 'the stream in place of the module', (bundle) => {
        const model = bundle.of('full');
        const identity = model
          .ops('Identity')
          .find(({ input }) => input![0] === 'stepfold.in.attention.1.output')!;
        identity.input = ['h1'];
      }),
      change('delta-cache merged', 'the early deviation late', (bundle) => {
        const add = bundle.of('full').node('stepfold.blocks.front');
        add.input = [add.input![0]!, 'stepfold.in.blocks.rear'];
      }),
    ],
  },
];
