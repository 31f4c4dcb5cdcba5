/** Schedules of small compilations, against what the model and the plan say, worked out by hand. */
import { describe, expect, test } from 'vitest';
import type { ProgramForm } from '../../../src/compiler/lower/index.js';
import type { Compilation } from '../../../src/compiler/pipeline/index.js';
import {
  COMPUTE,
  type LeafStrategy,
  type PlainSite,
  strategiesByName,
  strategyOf,
} from '../../../src/compiler/plan/index.js';
import { onnxruntimeCpu } from '../../../src/compiler/targets/index.js';
import { parseDim } from '../../../src/model/sizes/parse.js';
import { compileSites, EMITS, scheduleOf } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

// 16 products for the site, 8 behind it, for each of 3 rows
const MODEL = `g (float[3,4] x, float[n] t, float[4,4] w) => (float[3,2] y, y)
<float[4,4] w = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}, float[4,2] v = {1, 2, 3, 4, 5, 6, 7, 8}> {
  a = MatMul (x, w)
  b = Relu (a)
  y = MatMul (b, v)
}`;
const SITE_MACS = 3 * 16;
const REST = 3 * 8;

interface Costs {
  readonly compute?: number;
  readonly reuse?: number;
}

const costing = (cost?: number) => (cost === undefined ? {} : { cost });

function compiled(
  column: readonly string[],
  more: Partial<PlainSite> = {},
  emit: ProgramForm = 'split',
  costs: Costs = {},
  text = MODEL,
) {
  const model = modelOf(text);
  const value = named(model, 'a');
  const site: PlainSite = {
    id: 's',
    description: 'all that is before b',
    outputs: [value],
    states: [{ id: 's.0', like: value }],
    strategies: strategiesByName([
      strategyOf(COMPUTE, '', {
        writes: { 's.0': (b) => b.value(value) },
        ...costing(costs.compute),
      }),
      strategyOf('reuse', '', {
        reads: ['s.0'],
        produce: (b) => [b.state('s.0')],
        ...costing(costs.reuse),
      }),
      strategyOf('share', '', {
        produce: (b) => [b.value(value)],
        pairs: true,
      }),
    ]),
    ...more,
  };
  return compileSites(
    model,
    [site],
    column.map((name) => [name]),
    emit,
  );
}

type Produce = NonNullable<LeafStrategy['produce']>;

const COLUMN = ['compute', 'reuse', 'reuse', 'compute'];
const schedule = (compilation: Partial<Compilation> = {}, column = COLUMN) =>
  scheduleOf({ ...compiled(column), ...compilation });

test('ports are those of the source, each once, without what it can do without', () => {
  const { source } = schedule();
  expect(source.inputs).toEqual([
    { name: 'x', type: 'float32', shape: [3, 4] },
    { name: 't', type: 'float32', shape: ['n'] },
  ]);
  expect(source.outputs).toEqual([{ name: 'y', type: 'float32', shape: [3, 2] }]);
});

test('states, programs and calls are those of the plan', () => {
  const { states, programs, calls, sites } = schedule();
  expect(states).toEqual({ 's.0': { type: 'float32', shape: [3, 4] } });
  expect(calls).toHaveLength(4);
  const [first, second, third, last] = calls.map((name) => programs[name]!.runs);
  expect(Object.keys(first![0]!.writes!)).toEqual(['s.0']);
  expect(Object.values(second![0]!.reads!)).toEqual(['s.0']);
  expect(third).toEqual(second);
  expect(last![0]).not.toHaveProperty('writes');
  expect(sites).toEqual({
    s: { description: 'all that is before b', values: ['a'], strategies: COLUMN },
  });
});

test.each(['split', 'merged', 'chain'] as const)(
  'a %s bundle lists a state that some model takes or gives',
  (emit) => {
    const { states, emit: form } = scheduleOf(compiled(COLUMN, {}, emit));
    expect(form).toBe(emit);
    expect(Object.keys(states)).toEqual(['s.0']);
    expect(scheduleOf(compiled(['compute', 'compute'], {}, emit)).states).toEqual({});
  },
);

test('a state that no program touches is left out', () => {
  const compilation = compiled(COLUMN);
  const { instrumented } = compilation;
  const [state] = instrumented.states.values();
  const states = new Map([...instrumented.states, ['other', { ...state!, id: 'other' }]]);
  const { states: listed } = scheduleOf({
    ...compilation,
    instrumented: { ...instrumented, states },
  });
  expect(Object.keys(listed)).toEqual(['s.0']);
});

describe('what only some compilations have', () => {
  const NONE = { latent: undefined, timestep: undefined, prediction: undefined };
  test.each<[string, Partial<Compilation>, object, object]>([
    ['nothing', { roles: NONE } as Partial<Compilation>, { roles: {} }, {}],
    [
      'roles',
      { roles: { ...NONE, latent: 'x', prediction: 'y' } } as Partial<Compilation>,
      { roles: { latent: 'x', prediction: 'y' } },
      {},
    ],
    [
      'a timestep',
      { roles: { ...NONE, timestep: 't' } } as Partial<Compilation>,
      { roles: { timestep: 't' } },
      {},
    ],
    [
      'guidance',
      { guidance: { order: 'cond-first', mode: 'two-calls' } },
      { guidance: { order: 'cond-first', mode: 'two-calls' } },
      {},
    ],
    [
      'sizes that follow others',
      {
        followers: new Map([
          ['n', parseDim('2*h')],
          ['m', parseDim('7')],
        ]),
      } as Partial<Compilation>,
      { follows: { n: parseDim('2*h').toString(), m: 7 } },
      {},
    ],
    ['no size that follows', { followers: new Map() } as Partial<Compilation>, {}, {}],
    ['timesteps', { timesteps: [9, 6, 3, 0] }, {}, { timesteps: [9, 6, 3, 0] }],
    [
      'a target',
      { target: { name: onnxruntimeCpu.name, models: new Map() } } as Partial<Compilation>,
      {},
      { target: 'onnxruntime-cpu' },
    ],
  ])('%s', (_, parts, ofSource, own) => {
    const { source, timesteps, target } = schedule(parts);
    const { inputs, outputs, file, sha256, roles, ...rest } = source;
    const { roles: expected = expect.anything(), ...others } = ofSource as { roles?: object };
    // nothing stands there that is not known
    expect(Object.values(roles ?? {})).not.toContain(undefined);
    expect(roles).toEqual(expected);
    expect(rest).toEqual(others);
    expect(
      Object.fromEntries(
        Object.entries({ timesteps, target }).filter(([, value]) => value !== undefined),
      ),
    ).toEqual(own);
  });
});

describe('programs that take a batch for a pair', () => {
  const inBatch = { guidance: { order: 'cond-first', mode: 'batch' } } as const;
  test.each<[string, string[], object, (boolean | undefined)[]]>([
    ['in a batch', ['compute', 'share'], inBatch, [false, true]],
    [
      'in two calls',
      ['compute', 'share'],
      { guidance: { order: 'cond-first', mode: 'two-calls' } },
      [undefined, undefined],
    ],
    ['without guidance', ['compute', 'share'], {}, [undefined, undefined]],
  ])('%s', (_, column, parts, pairs) => {
    const { programs, calls } = schedule(parts, column);
    expect(calls.map((name) => programs[name]!.pairs)).toEqual(pairs);
    if (pairs[0] === undefined)
      for (const program of Object.values(programs)) expect(program).not.toHaveProperty('pairs');
  });
});

test('sites say what a reference of them needs', () => {
  const attention = { scores: 'a', mixed: 'b', window: { tokens: 3 } };
  const range = (from: string) => ({ from, to: 'b', keeps: 'output' }) as const;
  const { sites } = scheduleOf(
    compiled(COLUMN, {
      attention,
      invariant: ['x'],
      ranges: { reuse: [range('x')], share: [range('x'), range('a')] },
    }),
  );
  expect(sites?.s).toEqual({
    description: 'all that is before b',
    values: ['a'],
    strategies: COLUMN,
    attention,
    invariant: ['x'],
    // one alone stands by itself
    ranges: { reuse: range('x'), share: [range('x'), range('a')] },
  });
});

describe('costs', () => {
  test.each(EMITS.flatMap((emit) => [[emit, '3'] as const, [emit, 'm'] as const]))(
    'are counted on the models, and per call over all calls (%s, %s rows)',
    (emit, rows) => {
      const text = MODEL.replace('[3,4] x', `[${rows},4] x`).replace('[3,2] y', `[${rows},2] y`);
      const compilation = compiled(COLUMN, {}, emit, {}, text);
      const { cost, calls } = scheduleOf({ ...compilation, bindings: new Map([['m', 3]]) });
      const { all, layers } = cost!.macs!.convention;
      for (const counts of [all, layers]) {
        expect(counts.source).toBe(SITE_MACS + REST);
        expect(calls.map((name) => counts.programs[name])).toEqual([
          SITE_MACS + REST,
          REST,
          REST,
          SITE_MACS + REST,
        ]);
        expect(counts.perCall).toBe((2 * SITE_MACS + 4 * REST) / 4);
      }
      expect(cost?.stateBytes).toBe(3 * 4 * 4);
    },
  );
  test.each<[string, Costs, object | undefined]>([
    [
      'are those of sites, computed and as planned',
      { compute: 48, reuse: 5 },
      { computed: 4 * 48, planned: 2 * 48 + 2 * 5 },
    ],
    ['of nothing are costs too', { compute: 48, reuse: 0 }, { computed: 4 * 48, planned: 2 * 48 }],
    ['of sites are left out where one strategy has none', { compute: 48 }, undefined],
    ['of sites are left out where computing has none', { reuse: 48 }, undefined],
  ])('%s', (_, costs, sites) => {
    expect(scheduleOf(compiled(COLUMN, {}, 'split', costs)).cost?.sites).toEqual(sites);
  });
  /**
   * Two products of 3 rows, of which a call may do with one row: as one site, or as two, where the smaller value
   * goes from one to the other.
   */
  test.each(EMITS.flatMap((emit) => [[emit, 'one'] as const, [emit, 'two'] as const]))(
    'of a call that computes less are those of the smaller values (%s, as %s)',
    (emit, count) => {
      const model = modelOf(`g (float[3,4] x) => (float[3,2] y)
<float[4,4] w = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}, float[4,2] v = {1, 2, 3, 4, 5, 6, 7, 8}, int64[1] zero = {0}, int64[1] one = {1}, int64[2] three = {3, 1}> {
  a = MatMul (x, w)
  b = MatMul (a, v)
  y = Relu (b)
}`);
      const value = (name: string) => named(model, name);
      const first: Produce = (b) => {
        const inputs = ['x', 'zero', 'one'].map((name) => b.value(value(name)));
        const row = b.add({ opType: 'Slice', inputs });
        return [b.add({ opType: 'MatMul', inputs: [row, b.value(value('w'))] })];
      };
      const spread: Produce = (b) => [
        b.add({ opType: 'Tile', inputs: [b.value(value('b')), b.value(value('three'))] }),
      ];
      const both: Produce = (b) => {
        const one = b.add({ opType: 'MatMul', inputs: [first(b)[0]!, b.value(value('v'))] });
        return [b.add({ opType: 'Tile', inputs: [one, b.value(value('three'))] })];
      };
      const site = (output: string, produce: Produce): PlainSite => ({
        id: output,
        description: '',
        outputs: [value(output)],
        states: [],
        strategies: strategiesByName([
          strategyOf(COMPUTE, ''),
          strategyOf('less', '', { produce }),
        ]),
      });
      const sites = count === 'one' ? [site('b', both)] : [site('a', first), site('b', spread)];
      const rows = [COMPUTE, 'less'].map((name) => sites.map(() => name));
      const { cost, calls } = scheduleOf(compileSites(model, sites, rows, emit));
      const { programs } = cost!.macs!.convention.all!;
      expect(calls.map((name) => programs[name])).toEqual([72, 24]);
    },
  );
  test('hold no bytes of states where a size is not known', () => {
    const model = modelOf(
      MODEL.replace('float[3,4] x', 'float[m,4] x').replace('float[3,2] y', 'float[m,2] y'),
    );
    const value = named(model, 'a');
    const site: PlainSite = {
      id: 's',
      description: '',
      outputs: [value],
      states: [{ id: 's.0', like: value }],
      strategies: strategiesByName([
        strategyOf(COMPUTE, '', { writes: { 's.0': (b) => b.value(value) } }),
        strategyOf('reuse', '', { reads: ['s.0'], produce: (b) => [b.state('s.0')] }),
      ]),
    };
    const compilation = compileSites(model, [site], [[COMPUTE], ['reuse']], 'split');
    const bytes = (m?: number) =>
      scheduleOf({ ...compilation, bindings: new Map(m === undefined ? [] : [['m', m]]) }).cost!;
    expect(bytes()).not.toHaveProperty('stateBytes');
    expect(bytes(5)).toHaveProperty('stateBytes', 5 * 4 * 4);
  });
  test('of no sites are left out', () => {
    const model = modelOf(MODEL);
    const { cost } = scheduleOf(compileSites(model, [], [[], []], 'split'));
    expect(cost).not.toHaveProperty('sites');
    expect(cost?.stateBytes).toBe(0);
  });
});

describe('types', () => {
  const typed = (type: string) =>
    compiled(
      ['compute'],
      {},
      'split',
      {},
      `g (float[2] x, ${type}[2] z) => (float[2] y) {\n a = Neg (x)\n y = Relu (a)\n}`,
    );
  test.each([
    'float16',
    'double',
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'uint64',
    'bool',
    'string',
    'int4',
    'uint4',
  ])('%s can be carried', (type) => {
    expect(scheduleOf(typed(type)).source.inputs[1]!.type).toBe(
      type === 'double' ? 'float64' : type,
    );
  });
  test.each(['bfloat16', 'complex64', 'float8e4m3fn'])('%s can not', (type) => {
    expect(() => scheduleOf(typed(type))).toThrow(
      expect.objectContaining({
        code: 'SCHEDULE_ELEMENT_TYPE',
        message: expect.stringContaining('"z"'),
      }),
    );
  });
});
