/** Models of one program each, looked at: what they are called, what they hold, and what runs are told of them. */
import { expect, test } from 'vitest';
import type { LeafStrategy, PlainSite } from '../../../src/compiler/plan/index.js';
import { compileSites } from '../../helpers/compile.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

const plain = { description: '', reads: [], writes: {} };

const model =
  modelOf(`g (float[2, 2] x) => (float[2, 2] y, float[2, 2] f) <float[2, 2] w = {1, 2, 3, 4}> {
  f = MatMul (x, w)
  y = Sub (f, x)
}`);
const [x, f] = [named(model, 'x'), named(model, 'f')];

/** States in no order of their names; a strategy to read each, and one to read both. */
function siteOf(): PlainSite {
  const reading = (name: string, ...states: string[]): LeafStrategy => ({
    ...plain,
    name,
    reads: states,
    produce: (b) => [b.add({ opType: 'Sum', inputs: states.map((id) => b.state(id)) })],
  });
  const strategies: LeafStrategy[] = [
    {
      ...plain,
      name: 'compute',
      writes: {
        'z.late': (b) => b.value(f),
        'a.soon': (b) => b.value(x),
      },
    },
    reading('late', 'z.late'),
    reading('soon', 'a.soon'),
    reading('both', 'z.late', 'a.soon'),
    {
      ...plain,
      name: 'twice',
      produce: (b) => [b.add({ opType: 'Add', inputs: [b.value(f), b.value(f)] })],
    },
  ];
  return {
    id: 's',
    description: '',
    outputs: [f],
    states: ['z.late', 'a.soon'].map((id) => ({ id, like: f })),
    strategies: Object.fromEntries(strategies.map((strategy) => [strategy.name, strategy])),
  };
}

const lowered = (...names: string[]) => {
  const { lowered, instrumented } = compileSites(
    model,
    [siteOf()],
    names.map((name) => [name]),
    'split',
  );
  return {
    shown: [...lowered.models].map(([id, { graph }]) => [
      id,
      namesOf(graph.inputs).join(),
      [...graph.nodes]
        .map(({ opType }) => opType)
        .sort()
        .join(' '),
      namesOf(graph.outputs).join(),
    ]),
    runs: instrumented.calls.map((name) => lowered.programs.get(name)),
  };
};

test('calls that run the same share the model of the one that keeps most, whichever comes first', () => {
  const { shown, runs } = lowered(
    'compute',
    'late',
    'compute',
    'both',
    'compute',
    'late',
    'compute',
  );
  expect(shown).toEqual([
    ['full', 'x', 'Identity Identity MatMul Sub', 'y,f,stepfold.out.a.soon,stepfold.out.z.late'],
    ['mixed', 'x,stepfold.in.z.late', 'Identity Sub Sum', 'y,f'],
    ['mixed-2', 'x,stepfold.in.z.late,stepfold.in.a.soon', 'Identity Sub Sum', 'y,f'],
  ]);
  expect(runs[0]).toEqual([{ model: 'full', writes: { 'z.late': 'stepfold.out.z.late' } }]);
  expect(runs[2]).toEqual([
    { model: 'full', writes: { 'a.soon': 'stepfold.out.a.soon', 'z.late': 'stepfold.out.z.late' } },
  ]);
  expect(runs[3]).toEqual([
    { model: 'mixed-2', reads: { 'stepfold.in.a.soon': 'a.soon', 'stepfold.in.z.late': 'z.late' } },
  ]);
  expect(runs[6]).toEqual([{ model: 'full' }]);
  for (const [run] of runs.map((list) => list!))
    expect([run!.reads, run!.writes]).not.toContainEqual({});
});

test('a model lists what it keeps in the order of the names, whatever is kept first', () => {
  const { shown } = lowered('compute', 'late', 'compute', 'soon');
  expect(shown[0]!.at(-1)).toBe('y,f,stepfold.out.a.soon,stepfold.out.z.late');
});

test('what stood in for a value while it was not chosen stands for nothing any more, but where it is given out', () => {
  const { shown, runs } = lowered('compute', 'twice');
  expect(shown).toEqual([
    ['full', 'x', 'Identity MatMul Sub', 'y,f'],
    ['mixed', 'x', 'Add Identity MatMul Sub', 'y,f'],
  ]);
  expect(runs).toEqual([[{ model: 'full' }], [{ model: 'mixed' }]]);
});
