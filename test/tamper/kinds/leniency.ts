/**
 * Mistakes beside words that would make a proof more lenient: a target that rounds, a state of half
 * precision, no timestep, no sizes. Each word alone may be harmless; together they must not let anything pass.
 */
import { change, changes, type Kind } from '../kind.js';
import { node, type OnnxModel } from '../onnx-model.js';

/** A little more than a last bit, and less than any tolerance. */
function almost(model: OnnxModel, value: string): void {
  model.behind(value, (from, to) => [node('Mul', [from, model.scalar(1 + 1e-6)], to)]);
}

/** The third column of a matrix exchanged with the first. */
const otherColumns = (numbers: readonly number[]): number[] =>
  numbers.map((_, i) => numbers[i % 8 === 0 ? i + 2 : i % 8 === 2 ? i - 2 : i]!);

export const LENIENCY: readonly Kind[] = [
  {
    name: 'said to be for a target, and a millionth off',
    changes: [
      ...changes(['deepcache split', 'deepcache merged'], 'in a layer', (bundle) => {
        bundle.schedule.target = 'onnxruntime-cpu';
        almost(bundle.of('full'), 'd2');
      }),
    ],
  },
  {
    name: 'a spare state of half precision, and a part in a thousand off',
    changes: [
      ...changes(['deepcache split', 'windows merged'], 'in a layer', (bundle) => {
        bundle.schedule.states.spare = { type: 'float16', shape: ['batch', 4] };
        const model = bundle.of('full');
        const value = model.has('d2') ? 'd2' : 'h1';
        model.behind(value, (from, to) => [node('Mul', [from, model.scalar(1.001)], to)]);
      }),
    ],
  },
  {
    name: 'no timestep said, and timesteps held to a range',
    changes: [
      ...changes(['deepcache split', 'windows merged'], 'at one', (bundle) => {
        delete bundle.schedule.source.roles!.timestep;
        const model = bundle.of('full');
        model.behind('t', (from, to) => [
          node('Min', [from, model.add('most.tampered', 'int64', [], [1])], to),
        ]);
      }),
    ],
  },
  {
    name: 'no sizes said, and keys that are wrong',
    changes: [
      change('loop-invariant split', 'of a caption', (bundle) => {
        delete bundle.schedule.cost;
        bundle.of('full').edit('w_ck0', otherColumns);
      }),
      change('loop-invariant merged', 'of a caption of one word', (bundle) => {
        bundle.schedule.cost!.macs!.bindings!.words = 1;
        bundle.of('full').edit('w_ck0', otherColumns);
      }),
    ],
  },
];
