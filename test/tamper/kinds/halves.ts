/** Guidance: which half of a pair is computed, copied, or kept for whom. */
import { change, changes, type Kind } from '../kind.js';
import { type NodeProto, node, type OnnxModel } from '../onnx-model.js';
import { exchangeHalves, repeatHalf } from '../rows.js';

/** The nodes that cut the first half of a batch out. */
const cuts = (model: OnnxModel): NodeProto[] =>
  model.ops('Slice').filter(({ output }) => output![0]!.startsWith('stepfold.half'));

/** Takes the second half: from the middle on. */
function second(model: OnnxModel, cut: NodeProto): void {
  const [data, , middle, axes] = cut.input!;
  cut.input = [data!, middle!, model.integers(2 ** 31), axes!];
}

/** Row 0 of each half, then row 1 of each, and so on. */
const alternate = (model: OnnxModel, value: string): void =>
  model.behind(value, (from, to) => [
    node('Split', [from], [`${to}.one`, `${to}.two`], { axis: 0 }),
    node('Unsqueeze', [`${to}.one`, model.integers(1)], `${to}.first`),
    node('Unsqueeze', [`${to}.two`, model.integers(1)], `${to}.second`),
    node('Concat', [`${to}.first`, `${to}.second`], `${to}.pairs`, { axis: 1 }),
    node('Shape', [from], `${to}.shape`),
    node('Reshape', [`${to}.pairs`, `${to}.shape`], to),
  ]);

export const HALVES: readonly Kind[] = [
  {
    name: 'the wrong half stands for both',
    changes: [
      ...changes(['shared halves split', 'shared halves chain'], 'everywhere', ({ everyModel }) => {
        for (const model of everyModel) for (const cut of cuts(model)) second(model, cut);
      }),
      ...changes(['shared halves merged'], 'everywhere', ({ everyModel }) => {
        for (const model of everyModel) for (const cut of cuts(model)) second(model, cut);
      }),
      change('shared halves split', 'in one program', (bundle) => {
        const model = bundle.of('mixed-3');
        for (const cut of cuts(model)) second(model, cut);
      }),
      change('shared halves split', 'of a residual alone', (bundle) => {
        const model = bundle.of('mixed');
        second(model, cuts(model).find(({ input }) => input![0]!.includes('residual'))!);
      }),
    ],
  },
  {
    name: 'halves exchanged',
    changes: [
      ...changes(
        ['shared halves split', 'shared halves, the second'],
        'of what is kept',
        (bundle) => exchangeHalves(bundle.of('full'), 'stepfold.out.attention.0.residual'),
      ),
      change('shared halves merged', 'of a prediction', (bundle) =>
        exchangeHalves(bundle.of('full'), 'out'),
      ),
      change('shared halves merged', 'of the labels', (bundle) =>
        exchangeHalves(bundle.of('full'), 'y'),
      ),
    ],
  },
  {
    name: 'one half copied over the other',
    changes: [
      change('shared halves split', 'the first, by a call that computes', (bundle) =>
        repeatHalf(0)(bundle.of('full'), 'attended1'),
      ),
      change('shared halves split', 'the second, by a call that reuses', (bundle) =>
        repeatHalf(1)(bundle.of('mixed-3'), 'stepfold.in.attention.1.output'),
      ),
      change('shared halves merged', 'the first, of the prediction', (bundle) =>
        repeatHalf(0)(bundle.of('full'), 'eps'),
      ),
    ],
  },
  {
    name: 'pairs side by side in place of two halves',
    changes: [
      change('shared halves split', 'of what is computed', (bundle) => {
        const model = bundle.of('mixed');
        for (const cut of cuts(model)) {
          const [data, begin, , axes] = cut.input!;
          cut.input = [data!, begin!, model.integers(2 ** 31), axes!, model.integers(2)];
        }
      }),
      change('shared halves split', 'of what is kept', (bundle) =>
        alternate(bundle.of('mixed-3'), 'stepfold.out.attention.0.residual'),
      ),
    ],
  },
  {
    name: 'a call takes from the other half',
    changes: [
      change('delta-cache in two calls', 'a deviation', ({ schedule }) => {
        schedule.programs['delta-front-2']!.runs[0]!.reads = {
          'stepfold.in.blocks.front.first': 'blocks.front.first',
        };
      }),
      change('loop-invariant in two calls', 'the caption', ({ schedule }) => {
        const { reads } = schedule.programs['reuse-2']!.runs[0]!;
        for (const [input, state] of Object.entries(reads!))
          reads![input] = state.replace('second', 'first');
      }),
      change('shared calls merged', 'a late output', ({ schedule }) => {
        const { reads } = schedule.programs['mixed-8']!.runs[0]!;
        for (const [input, state] of Object.entries(reads!))
          reads![input] = state.replace('output.second', 'output.first');
      }),
    ],
  },
];
