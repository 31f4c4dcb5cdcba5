/** The window of an attention as it is made of chunks: masks, borders, and the keys that a chunk is given. */
import { change, changes, type Kind } from '../kind.js';
import type { OnnxModel } from '../onnx-model.js';

/** A score so low that its weight is zero. */
const HIDDEN = -3e38;
const isHidden = (score: number): boolean => score < -1e38;

/** Tensors of a band by what they are: masks are of floats, tables of rows of integers. */
function bandTensor(model: OnnxModel, kind: 'mask' | 'edges' | 'queries' | 'keys') {
  const users = (name: string) => model.nodes.filter(({ input }) => input!.includes(name));
  const tensors = model.graphs
    .flatMap((graph) => graph.initializer!)
    .filter(({ name }) => name!.startsWith('stepfold.band'));
  const found = tensors.find(({ name, dims }) => {
    const [first] = users(name!);
    if (kind === 'mask') return first?.opType === 'Add' && dims!.length === 2;
    if (kind === 'edges') return first?.opType === 'Add' && dims!.length === 3;
    const gathers = first?.opType === 'Gather' && dims!.length === 2;
    const counted = gathers && new Set(model.read(model.tensor(name!))).size === product(dims!);
    return gathers && (kind === 'queries') === counted;
  });
  if (!found) throw new Error(`no ${kind} in "${model.graph.name}"`);
  return found;
}

const product = (dims: readonly unknown[]) => dims.map(Number).reduce((a, b) => a * b, 1);

/** Changes one of those tensors. */
function edit(model: OnnxModel, kind: Parameters<typeof bandTensor>[1], change: Edit): void {
  const tensor = bandTensor(model, kind);
  model.write(tensor, change(model.read(tensor), tensor.dims!.map(Number)));
}

type Edit = (numbers: number[], dims: number[]) => readonly number[];

const toggle = (numbers: readonly number[], at: number) =>
  numbers.map((x, i) => (i === at ? (x === 0 ? HIDDEN : 0) : x));

export const BANDS: readonly Kind[] = [
  {
    name: 'a mask is wrong',
    changes: [
      ...changes(['windows split', 'windows of long sequences'], "at the band's edge", (bundle) =>
        edit(bundle.of('mixed-3'), 'mask', (numbers) =>
          toggle(numbers, numbers.findIndex(isHidden)),
        ),
      ),
      ...changes(['windows split', 'windows merged'], 'a key in the middle is hidden', (bundle) =>
        edit(bundle.of('mixed'), 'mask', (numbers, [, keys]) => toggle(numbers, keys! + 2)),
      ),
      change('windows of long sequences', 'a token further on', (bundle) =>
        edit(bundle.of('mixed-2'), 'mask', (numbers) => [numbers.at(-1)!, ...numbers.slice(0, -1)]),
      ),
      ...changes(['shared halves split'], 'nothing is hidden', (bundle) =>
        edit(bundle.of('mixed'), 'mask', (numbers) => numbers.map(() => 0)),
      ),
      change('windows for a target', 'hidden by a hundred alone', (bundle) =>
        edit(bundle.of('mixed'), 'mask', (numbers) => numbers.map((x) => x && -2)),
      ),
    ],
  },
  {
    name: 'the ends of the sequence are wrong',
    changes: [
      ...changes(['windows split', 'windows of long sequences'], 'the first key twice', (bundle) =>
        edit(bundle.of('mixed-3'), 'edges', (numbers) =>
          toggle(numbers, numbers.findIndex(isHidden)),
        ),
      ),
      change('windows merged', 'the last key twice', (bundle) =>
        edit(bundle.of('mixed-3'), 'edges', (numbers) =>
          toggle(numbers, numbers.findLastIndex(isHidden)),
        ),
      ),
    ],
  },
  {
    name: 'a chunk is given other tokens',
    changes: [
      ...changes(['windows split', 'windows of long sequences'], 'keys one further on', (bundle) =>
        edit(bundle.of('mixed-3'), 'keys', (numbers) => {
          const last = Math.max(...numbers);
          return numbers.map((x) => Math.min(x + 1, last));
        }),
      ),
      change('windows of long sequences', 'one key at the border of two chunks', (bundle) =>
        edit(bundle.of('mixed-2'), 'keys', (numbers, [, keys]) =>
          numbers.map((x, i) => (i === keys! + 4 ? x - 1 : x)),
        ),
      ),
      change('windows merged', 'two chunks exchanged', (bundle) =>
        edit(bundle.of('mixed'), 'queries', (numbers) => [
          ...numbers.slice(numbers.length / 2),
          ...numbers.slice(0, numbers.length / 2),
        ]),
      ),
      change('windows split', 'two queries exchanged', (bundle) =>
        edit(bundle.of('mixed'), 'queries', ([a, b, ...others]) => [b!, a!, ...others]),
      ),
      change('windows split', 'values of other tokens than keys', (bundle) => {
        const model = bundle.of('mixed');
        const keys = bandTensor(model, 'keys');
        const numbers = model.read(keys);
        const name = model.add('rows.tampered', 'int64', keys.dims!.map(Number), [
          numbers.at(-1)!,
          ...numbers.slice(0, -1),
        ]);
        const gather = model
          .ops('Gather')
          .find(({ input }) => input![0]!.startsWith('v') && input![1] === keys.name)!;
        gather.input = [gather.input![0]!, name];
      }),
    ],
  },
  {
    name: 'a residual of other scores',
    changes: [
      change('windows split', 'of the unscaled ones', (bundle) =>
        bundle.of('full').skip('attention.0.scores_1'),
      ),
      change('windows merged', 'where the window is, and where not', (bundle) => {
        const model = bundle.of('full');
        const scale = model.scalar(0.51);
        for (const n of model.ops('Mul'))
          if (/^attention\.0\.scores/.test(n.output![0]!)) n.input = [n.input![0]!, scale];
      }),
    ],
  },
];
