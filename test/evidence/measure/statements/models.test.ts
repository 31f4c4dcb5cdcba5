/** What programs feed to models and take from them: a run that fits, and runs of which one name or size is another. */
import { expect, test } from 'vitest';
import { modelProblems } from '../../../../src/evidence/measure/statements/models.js';
import type { Model } from '../../../../src/model/ir/model.js';
import type { Run, Schedule } from '../../../../src/runtime/schedule/index.js';
import { modelOf } from '../../../helpers/text.js';
import type { Writable } from '../../../tamper/tampered.js';

const first = modelOf(`g (float[b,4] x, float[b,4] old, float[b,4] spare, bool go, float[2] w)
  => (float[b,4] y, float[b,4] kept, float[b,2] wire) <float[2] w = {1, 2}>
  { y = Add (x, old) kept = Mul (x, spare) wire = Mul (old, w) }`);
const second = modelOf('g (float[b,2] given, float t) => (float z) { z = Add (given, t) }');

const schedule = (): Writable<Schedule> =>
  ({
    source: {
      inputs: [
        { name: 'x', type: 'float32', shape: ['b', 4] },
        { name: 't', type: 'float32', shape: [] },
      ],
      outputs: [
        { name: 'y', type: 'float32', shape: ['rows', 4] },
        { name: 'z', type: 'float32', shape: [] },
      ],
    },
    states: {
      a: { type: 'float32', shape: ['b', 4] },
      idle: { type: 'float32', shape: ['b', 4] },
    },
    programs: {
      p: {
        runs: [
          {
            model: 'first',
            reads: { old: 'a' },
            unused: { spare: 'idle' },
            writes: { a: 'kept' },
            constants: { go: { type: 'bool', shape: [], data: [1] } },
            gives: { hand: 'wire' },
          },
          { model: 'second', takes: { given: 'hand' } },
        ],
      },
    },
  }) as unknown as Writable<Schedule>;

type Runs = [Writable<Run>, Writable<Run>];

function problems(change: (runs: Runs, s: Writable<Schedule>) => void): string[] {
  const changed = schedule();
  change(changed.programs.p!.runs as Runs, changed);
  const models = new Map<string, Model>([
    ['first', first],
    ['second', second],
  ]);
  return modelProblems(changed as Schedule, models).map(
    ({ path, message }) => `${path} ${message}`,
  );
}

test('a program that fits its models', () => {
  expect(problems(() => {})).toEqual([]);
});

const RUN = '/programs/p/runs';

test.each<[what: string, change: (runs: Runs, s: Writable<Schedule>) => void, found: string[]]>([
  [
    'reads into no input',
    ([run]) => Object.assign(run.reads!, { gone: 'a' }),
    [`${RUN}/0/reads/gone names no input of the model "first": "gone"`],
  ],
  [
    'reads into an output',
    ([run]) => Object.assign(run.reads!, { y: 'a' }),
    [`${RUN}/0/reads/y names no input of the model "first": "y"`],
  ],
  [
    'reads into a weight',
    ([run]) => Object.assign(run.reads!, { w: 'a' }),
    [`${RUN}/0/reads/w names no input of the model "first": "w"`],
  ],
  [
    'feeds no input that it does not need',
    ([run]) => Object.assign(run.unused!, { gone: 'idle' }),
    [`${RUN}/0/unused/gone names no input of the model "first": "gone"`],
  ],
  [
    'writes from an input',
    ([run]) => Object.assign(run.writes!, { a: 'old' }),
    [`${RUN}/0/writes/a names no output of the model "first": "old"`],
  ],
  [
    'chooses by no input',
    ([run]) => Object.assign(run.constants!, { gone: run.constants!.go }),
    [`${RUN}/0/constants/gone names no input of the model "first": "gone"`],
  ],
  [
    'takes into no input',
    ([, run]) => Object.assign(run.takes!, { gone: 'hand' }),
    [`${RUN}/1/takes/gone names no input of the model "second": "gone"`],
  ],
  [
    'gives no output',
    ([run]) => Object.assign(run.gives!, { hand: 'x' }),
    [`${RUN}/0/gives/hand names no output of the model "first": "x"`],
  ],
  [
    'leaves an input out',
    ([run]) => delete run.reads,
    [`${RUN}/0/model is fed nothing for its input "old"`],
  ],
  [
    'leaves an unused input out',
    ([run]) => delete run.unused,
    [`${RUN}/0/model is fed nothing for its input "spare"`],
  ],
  [
    'leaves a choice out',
    ([run]) => delete run.constants,
    [`${RUN}/0/model is fed nothing for its input "go"`],
  ],
  [
    'leaves a wire out',
    ([, run]) => delete run.takes,
    [`${RUN}/1/model is fed nothing for its input "given"`],
  ],
  [
    'writes and gives nothing',
    ([run]) => {
      delete run.writes;
      delete run.gives;
    },
    [],
  ],
])('a program that %s', (_, change, found) => {
  expect(problems(change)).toEqual(found);
});

const SAYS = {
  b2: 'says [batch, 4]',
  type: 'says int64',
};

test.each<[what: string, change: (s: Writable<Schedule>) => void, found: string[]]>([
  [
    'a state of another type',
    (s) => {
      s.states.a!.type = 'int64';
    },
    [
      `/states/a/type ${SAYS.type}, where what ${RUN}/0/reads/old names is float32`,
      `/states/a/type ${SAYS.type}, where what ${RUN}/0/writes/a names is float32`,
    ],
  ],
  [
    'an unused state of another size',
    (s) => {
      s.states.idle!.shape = ['batch', 4];
    },
    [`/states/idle/shape ${SAYS.b2}, where what ${RUN}/0/unused/spare names is [b, 4]`],
  ],
  [
    'a choice of another type',
    (s) => {
      s.programs.p!.runs[0]!.constants!.go!.type = 'int64';
    },
    [`${RUN}/0/constants/go/type ${SAYS.type}, where the input "go" of the model "first" is bool`],
  ],
  [
    'a choice of another size',
    (s) => {
      s.programs.p!.runs[0]!.constants!.go!.shape = [1];
    },
    [`${RUN}/0/constants/go/shape says [1], where the input "go" of the model "first" is []`],
  ],
  [
    'a symbol of its own for an input',
    (s) => {
      s.source.inputs[0]!.shape = ['batch', 4];
    },
    [`/source/inputs/0/shape ${SAYS.b2}, where "x" of the model "first" is [b, 4]`],
  ],
  [
    'an input of the second run of another type',
    (s) => {
      s.source.inputs[1]!.type = 'int64';
    },
    [`/source/inputs/1/type ${SAYS.type}, where "t" of the model "second" is float32`],
  ],
  [
    'an output of another size',
    (s) => {
      s.source.outputs[0]!.shape = ['b', 5];
    },
    ['/source/outputs/0/shape says [b, 5], where "y" of the model "first" is [b, 4]'],
  ],
  [
    'an input that no model has',
    (s) => {
      s.source.inputs.push({ name: 'more', type: 'float32', shape: [] });
    },
    [],
  ],
  [
    'an output that no model has',
    (s) => {
      s.source.outputs.push({ name: 'more', type: 'float32', shape: [] });
    },
    [],
  ],
])('a schedule of %s', (_, change, found) => {
  expect(problems((_runs, s) => change(s))).toEqual(found);
});

test('what two runs have in common is said once', () => {
  const twice = problems(({ length }, s) => {
    expect(length).toBe(2);
    s.states.a!.shape = ['batch', 4];
    s.programs.q = structuredClone(s.programs.p!);
    s.source.inputs[0]!.type = 'int64';
  });
  expect(twice.filter((text) => text.startsWith('/source'))).toHaveLength(1);
  expect(twice.filter((text) => text.startsWith('/states'))).toHaveLength(4);
});
