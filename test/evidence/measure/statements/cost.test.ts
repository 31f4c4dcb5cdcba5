/** Costs that a schedule says, against products counted by hand: every number changed alone is found. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { passesWith } from '../../../../passes/table.js';
import { costProblems } from '../../../../src/evidence/measure/statements/cost.js';
import { statementProblems } from '../../../../src/evidence/measure/statements/index.js';
import type { Model } from '../../../../src/model/ir/model.js';
import type { Schedule } from '../../../../src/runtime/schedule/index.js';
import { modelOf } from '../../../helpers/text.js';
import type { Writable } from '../../../tamper/tampered.js';

const KNOWN = passesWith().strategies;

/** [b, 2] by [2, 2], twice: the first product is kept. And one product of two activations, b x 2 x b. */
const text = (first: string, given = 'float[b,2] x', outputs = 'float[b,b] y') =>
  modelOf(`g (${given}) => (${outputs}) <float[2,2] w = {1, 2, 3, 4}>
  { ${first} e = MatMul (d, w) k = Transpose <perm = [1, 0]> (e) y = MatMul (e, k) }`);
const source = text('d = MatMul (x, w)');
const models = (): Map<string, Model> =>
  new Map([
    ['full', text('d = MatMul (x, w)', undefined, 'float[b,b] y, float[b,2] d')],
    ['rest', text('', 'float[b,2] d')],
  ]);

const counts = (full: number, rest: number) => ({
  source: full,
  programs: { full, rest },
  perCall: (full + rest + rest) / 3,
});

/** At b = 3: 12 for each layer, 18 for the product of activations. */
const schedule = (): Writable<Schedule> =>
  ({
    source: {
      inputs: [{ name: 'x', type: 'float32', shape: ['b', 2] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['b', 'b'] }],
      roles: {},
    },
    emit: 'split',
    models: { full: { file: 'full.onnx' }, rest: { file: 'rest.onnx' } },
    states: { kept: { type: 'float32', shape: ['b', 2] } },
    programs: {
      full: { runs: [{ model: 'full', writes: { kept: 'd' } }] },
      rest: { runs: [{ model: 'rest', reads: { d: 'kept' } }] },
    },
    calls: ['full', 'rest', 'rest'],
    cost: {
      macs: { convention: { all: counts(42, 30), layers: counts(24, 12) }, bindings: { b: 3 } },
      stateBytes: 24,
    },
  }) as unknown as Writable<Schedule>;

async function problems(change: (s: Writable<Schedule>) => void): Promise<string[]> {
  const changed = schedule();
  change(changed);
  return (await costProblems(changed as Schedule, source, models())).map(
    ({ path, message }) => `${path} ${message}`,
  );
}

const all = (s: Writable<Schedule>) => s.cost!.macs!.convention.all;
const layers = (s: Writable<Schedule>) => s.cost!.macs!.convention.layers;
const at = (place: string) => `/cost/macs/convention/${place}`;

test.each<[what: string, change: (s: Writable<Schedule>) => void]>([
  ['as it is counted', () => {}],
  [
    'a rounding further',
    (s) => {
      all(s).perCall *= 1 + 5e-10;
    },
  ],
  [
    'a rounding less',
    (s) => {
      layers(s).perCall *= 1 - 5e-10;
    },
  ],
  [
    'not said',
    (s) => {
      delete s.cost;
    },
  ],
  [
    'not said of programs',
    (s) => {
      delete s.cost!.macs;
      s.cost!.stateBytes = 99;
    },
  ],
  [
    'not said of states',
    (s) => {
      delete s.cost!.stateBytes;
    },
  ],
  [
    'of states whose size is open',
    (s) => {
      s.states.more = { type: 'float32', shape: [null] };
    },
  ],
  [
    'of an input of a number',
    (s) => {
      s.source.inputs[0]!.shape = [3, 2];
      s.cost!.macs!.bindings = { b: 3 };
    },
  ],
  [
    'of a program that does not need the state that it is fed',
    (s) => {
      s.programs.rest!.runs = [{ model: 'rest', unused: { d: 'kept' } }];
    },
  ],
])('cost %s', async (_, change) => {
  expect(await problems(change)).toEqual([]);
});

test.each<[what: string, change: (s: Writable<Schedule>) => void, found: string[]]>([
  [
    'of the source',
    (s) => {
      all(s).source = 41;
    },
    [`${at('all/source')} says 41, where 42 are counted`],
  ],
  [
    'of the source, in layers',
    (s) => {
      layers(s).source = 25;
    },
    [`${at('layers/source')} says 25, where 24 are counted`],
  ],
  [
    'of a program',
    (s) => {
      all(s).programs.rest = 29;
      all(s).perCall = (42 + 29 + 29) / 3;
    },
    [`${at('all/programs/rest')} says 29, where 30 are counted`],
  ],
  [
    'of a program, by a millionth',
    (s) => {
      layers(s).programs.full! *= 1 + 1e-6;
      layers(s).perCall = (24 * (1 + 1e-6) + 24) / 3;
    },
    [expect.stringContaining(at('layers/programs/full'))] as never,
  ],
  [
    'of calls',
    (s) => {
      all(s).perCall = 36;
    },
    [`${at('all/perCall')} says 36, where 34 are counted`],
  ],
  [
    'of calls, by a hundred-millionth',
    (s) => {
      all(s).perCall *= 1 + 1e-8;
    },
    [expect.stringContaining(at('all/perCall'))] as never,
  ],
  [
    'of calls, too little by a hundred-millionth',
    (s) => {
      all(s).perCall *= 1 - 1e-8;
    },
    [expect.stringContaining(at('all/perCall'))] as never,
  ],
  [
    'of a program that is not said',
    (s) => {
      delete all(s).programs.full;
    },
    [
      `${at('all/programs/full')} says undefined, where 42 are counted`,
      `${at('all/perCall')} says 34, where NaN are counted`,
    ],
  ],
  [
    'of states',
    (s) => {
      s.cost!.stateBytes = 28;
    },
    ['/cost/stateBytes says 28, where 24 are counted'],
  ],
])('cost %s that is another', async (_, change, found) => {
  expect(await problems(change)).toEqual(found);
});

test('cost at sizes that were fixed when the bundle was made', async () => {
  const s = schedule();
  s.source.inputs[0]!.shape = [3, 2];
  s.cost!.macs!.bindings = {};
  s.states.kept!.shape = [3, 2];
  const fixed = new Map([
    ['full', text('d = MatMul (x, w)', 'float[3,2] x', 'float[3,3] y, float[3,2] d')],
    ['rest', text('', 'float[3,2] d', 'float[3,3] y')],
  ]);
  expect(await costProblems(s as Schedule, source, fixed)).toEqual([]);
});

test('no cost at all', async () => {
  const s = schedule();
  s.cost!.macs!.convention = { all: counts(0, 0), layers: counts(0, 0) };
  const idle = modelOf('g (float[b,2] x) => (float[b,2] y) { y = Relu (x) }');
  const idler = modelOf('g (float[b,2] d) => (float[b,2] y) { y = Relu (d) }');
  const both = new Map([
    ['full', idle],
    ['rest', idler],
  ]);
  expect(await costProblems(s as Schedule, idle, both)).toEqual([]);
});

test('cost at other sizes is found in every number that depends on them', async () => {
  const found = await problems((s) => {
    s.cost!.macs!.bindings.b = 4;
  });
  expect(found.map((text) => text.split(' ')[0])).toEqual([
    at('all/source'),
    at('all/programs/full'),
    at('all/programs/rest'),
    at('layers/source'),
    at('layers/programs/full'),
    at('layers/programs/rest'),
    '/cost/stateBytes',
  ]);
});

describe('all statements', () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-statements-'));
    return () => fs.rmSync(folder, { recursive: true });
  });
  const of = async (s: Writable<Schedule>, report?: string) => {
    const file = path.join(folder, 'report.json');
    if (report !== undefined) {
      fs.writeFileSync(file, report);
      onTestFinished(() => fs.rmSync(file, { force: true }));
    }
    const tables = new Map([['x', 5]]);
    const found = await statementProblems(folder, s as Schedule, KNOWN, source, models(), tables);
    return found.map(({ path }) => path);
  };

  test('are made, one after the other', async () => {
    expect(await of(schedule())).toEqual([]);
    const changed = schedule();
    changed.states.kept!.type = 'int64';
    changed.states.spare = { type: 'float32', shape: [] };
    changed.source.roles = { timestep: 'x' };
    changed.timesteps = [5, 4];
    all(changed).source = 1;
    expect(await of(changed)).toEqual([
      '/states/spare',
      '/states/kept/type',
      '/states/kept/type',
      '/timesteps/0',
      at('all/source'),
      '/cost/stateBytes',
    ]);
  });

  test('ask the report for the target', async () => {
    const forTarget = { ...schedule(), target: 'cpu' };
    expect(await of(forTarget)).toEqual(['/target']);
    expect(await of(forTarget, '{ "target": { "name": "cpu" } }')).toEqual([]);
    expect(await of(forTarget, '{ "target": { "name": "gpu" } }')).toEqual(['/target']);
    expect(await of(schedule(), '{ "target": { "name": "cpu" } }')).toEqual(['/target']);
    expect(await of(schedule(), '{}')).toEqual([]);
    expect(await of(schedule(), 'no JSON')).toEqual([]);
  });
});

test('a cost of which a part cannot be counted is not compared, and said', async () => {
  const s = schedule();
  s.cost!.macs!.convention.all = counts(42, 7);
  s.cost!.macs!.convention.layers = counts(24, 7);
  // as many rows as a number says that comes from another model
  const rows =
    modelOf(`g (float[b,2] d, int64[2] size) => (float[r,c] y) <float[2,2] w = {1, 2, 3, 4}>
    { e = MatMul (d, w) k = ConstantOfShape (size) t = Transpose <perm = [1, 0]> (k) y = MatMul (k, t) }`);
  const notes: string[] = [];
  const both = new Map([...models(), ['rest', rows]]);
  const note = (sentence: string) => void notes.push(sentence);
  expect(await costProblems(s as Schedule, source, both, note)).toEqual([]);
  expect(notes).toEqual([
    'the MACs of "rest" were not compared: sizes that other models compute are not known in theirs',
  ]);
});
