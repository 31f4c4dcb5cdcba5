/** The graph of all strategies at once: what its values are typed as, and that nothing is in it which no call needs. */
import { describe, expect, test } from 'vitest';
import { instrument } from '../../../src/compiler/lower/index.js';
import {
  compositeOf,
  type LeafStrategy,
  makePlan,
  type PlainSite,
  type Site,
  strategiesByName,
} from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { tensorType } from '../../../src/model/ir/types.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

const plain = { description: '', reads: [], writes: {} };

function build(model: Model, sites: readonly Site[], rows: string[][], maxPrograms?: number) {
  const entries = Object.fromEntries(sites.map(({ id }, s) => [id, rows.map((row) => row[s]!)]));
  const plan = makePlan(rows.length, [{ sites, entries }]);
  return instrument(model, inferShapes(model), plan, { maxPrograms });
}

describe('a value is of the type', () => {
  const model = modelOf(`g (float[n, 2] x) => (float[n, 2] y) <int64[2] sizes = {1, 2}> {
    u = ReduceMax <axes = [0]> (x)
    f = Exp (x)
    h = Shape (x)
    y = Add (f, x)
  }`);
  const [x, u, f, h] = ['x', 'u', 'f', 'h'].map((name) => named(model, name)) as [
    never,
    never,
    never,
    never,
  ];
  const strategies: Record<string, LeafStrategy> = {
    compute: {
      ...plain,
      name: 'compute',
      writes: {
        's.0': (b) =>
          b.add({ opType: 'Twist', domain: 'own', inputs: [b.value(f)], outputs: ['kept'] }),
      },
    },
    // an operator that nobody has a type for, on a value that is nowhere in the source
    twist: {
      ...plain,
      name: 'twist',
      reads: ['s.0'],
      produce: (b) => {
        const wide = b.add({
          opType: 'Cast',
          inputs: [b.state('s.0')],
          outputs: ['wide'],
          attributes: { to: { type: 'int', value: 1n } },
        });
        return [b.add({ opType: 'Twist', domain: 'own', inputs: [wide], outputs: ['twisted'] })];
      },
    },
    narrow: { ...plain, name: 'narrow', produce: (b) => [b.value(u)] },
    aside: {
      ...plain,
      name: 'aside',
      produce: (b) => {
        const count = b.add({
          opType: 'Gather',
          inputs: [b.value(h), b.constant('at', [0])],
          outputs: ['count'],
        });
        const odd = b.add({ opType: 'Twist', domain: 'own', inputs: [count], outputs: ['odd'] });
        return [b.add({ opType: 'Mul', inputs: [b.value(x), odd], outputs: ['product'] })];
      },
    },
  };
  const site: PlainSite = {
    id: 's',
    description: '',
    outputs: [f],
    states: [{ id: 's.0', like: f, type: 'float16' }],
    strategies,
  };
  const rows = ['compute', 'twist', 'narrow', 'aside'].map((name) => [name]);

  test.each([
    ['of what it is a copy of', 'f', 'float32', ['n', 2]],
    ['of what it is a copy of, where it stands in for another', 'u', 'float32', [1, 2]],
    ['of what it stands in for', 'twisted', 'float32', ['n', 2]],
    ['of what it stands in for, whatever follows from its inputs', 'product', 'float32', ['n', 2]],
    ['of the state that it is kept as', 'kept', 'float16', ['n', 2]],
    ['of the state that it is', 'stepfold.in.s.0', 'float16', ['n', 2]],
    ['that follows from its inputs, where it is none of these', 'wide', 'float32', ['n', 2]],
    ['that follows from its inputs, where it is none of these', 'count', 'int64', [1]],
  ] as const)('%s: %s', (_, name, type, shape) => {
    const { model: made, typeOf } = build(model, [site], rows);
    expect(typeOf(made.graph.find(name)!)).toEqual(tensorType(type, [...shape]));
  });

  test('that nobody knows, for a reason', () => {
    const { model: made, typeOf, whyUntyped } = build(model, [site], rows);
    const odd = made.graph.find('odd')!;
    expect(typeOf(odd)).toBeUndefined();
    expect(whyUntyped(odd)).toContain('Twist');
  });

  test('that it has, without sizes that nobody knows', () => {
    const open = modelOf(`g (float[] x) => (float[] y) { f = Neg (x) y = Exp (f) }`);
    const zero: PlainSite = {
      ...site,
      outputs: [named(open, 'f')],
      states: [],
      strategies: { compute: { ...plain, name: 'compute' } },
    };
    const { model: made, typeOf } = build(open, [zero], [['compute']]);
    expect(typeOf(made.graph.find('f')!)).toEqual(tensorType('float32', undefined));
  });
});

/** compute, reuse, and one that makes zeros. */
function siteOf(model: Model, id: string, outputs: readonly string[]): PlainSite {
  const values = outputs.map((name) => named(model, name));
  const state = (k: number) => `${id}.${k}`;
  const x = named(model, 'x');
  return {
    id,
    description: '',
    outputs: values,
    states: values.map((like, k) => ({ id: state(k), like })),
    strategies: {
      compute: {
        ...plain,
        name: 'compute',
        writes: Object.fromEntries(
          values.map((v, k) => [state(k), (b) => b.add({ opType: 'Abs', inputs: [b.value(v)] })]),
        ),
      },
      reuse: {
        ...plain,
        name: 'reuse',
        reads: values.map((_, k) => state(k)),
        produce: (b) =>
          values.map((_, k) => b.add({ opType: 'Ceil', inputs: [b.state(state(k))] })),
      },
      zero: {
        ...plain,
        name: 'zero',
        produce: (b) =>
          values.map(() => b.add({ opType: 'Sub', inputs: [b.value(x), b.value(x)] })),
      },
    },
  };
}

describe('what no call needs is not there:', () => {
  const nested = () =>
    modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) b = Exp (a) y = Floor (b) }');
  const shown = (model: Model, sites: readonly PlainSite[], rows: string[][]) => {
    const made = build(model, sites, rows);
    return {
      operators: [...made.model.graph.nodes]
        .map(({ opType }) => opType)
        .sort()
        .join(' '),
      inputs: namesOf(made.model.graph.inputs),
      states: [...made.states.keys()],
      sites: made.sites.map(({ outputs, produced, writes }) => ({
        outputs: namesOf(outputs),
        produced: Object.fromEntries([...produced].map(([name, values]) => [name, values.length])),
        writes: Object.fromEntries([...writes].map(([name, kept]) => [name, [...kept.keys()]])),
      })),
    };
  };

  test('a strategy in calls that do not come to its site', () => {
    const model = nested();
    const sites = [siteOf(model, 'outer', ['b']), siteOf(model, 'inner', ['a'])];
    expect(
      shown(model, sites, [
        ['compute', 'compute'],
        ['reuse', 'zero'],
        ['reuse', 'compute'],
      ]),
    ).toEqual({
      operators: 'Abs Ceil Exp Floor Neg',
      inputs: ['x', 'stepfold.in.outer.0'],
      states: ['outer.0'],
      sites: [
        { outputs: ['b'], produced: { reuse: 1 }, writes: { compute: ['outer.0'], reuse: [] } },
        { outputs: ['a'], produced: {}, writes: { compute: [], zero: [] } },
      ],
    });
  });

  test('what is kept, and no later call reads', () => {
    const model = nested();
    expect(shown(model, [siteOf(model, 's', ['a'])], [['compute'], ['zero'], ['compute']])).toEqual(
      {
        operators: 'Exp Floor Neg Sub',
        inputs: ['x'],
        states: [],
        sites: [{ outputs: ['a'], produced: { zero: 1 }, writes: { compute: [], zero: [] } }],
      },
    );
  });

  test('unlike what is kept by one of the calls that compute', () => {
    const model = nested();
    const rows = ['compute', 'compute', 'reuse', 'compute'].map((name) => [name]);
    expect(shown(model, [siteOf(model, 's', ['a'])], rows)).toEqual({
      operators: 'Abs Ceil Exp Floor Neg',
      inputs: ['x', 'stepfold.in.s.0'],
      states: ['s.0'],
      sites: [{ outputs: ['a'], produced: { reuse: 1 }, writes: { compute: ['s.0'], reuse: [] } }],
    });
  });

  test('one of two values, and what stands in for it', () => {
    const model = modelOf(
      'g (float[2] x) => (float[2] y) { a = Neg (x) b = Exp (a) y = Floor (a) }',
    );
    expect(
      shown(model, [siteOf(model, 's', ['b', 'a'])], [['compute'], ['reuse'], ['zero']]),
    ).toEqual({
      operators: 'Abs Ceil Floor Neg Sub',
      inputs: ['x', 'stepfold.in.s.1'],
      states: ['s.1'],
      sites: [
        {
          outputs: ['a'],
          produced: { reuse: 1, zero: 1 },
          writes: { compute: ['s.1'], reuse: [], zero: [] },
        },
      ],
    });
  });
});

describe('an Identity stands in only where one must:', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    u = Neg (x)
    f = Exp (u)
    y = Floor (f)
  }`);
  const [x, f] = [named(model, 'x'), named(model, 'f')];
  const twice = (name: string): LeafStrategy => ({
    ...plain,
    name,
    produce: (b) => [b.add({ opType: 'Add', inputs: [b.value(f), b.value(f)] })],
  });
  const site = (more: LeafStrategy[], rest: Partial<PlainSite> = {}): PlainSite => ({
    id: 's',
    description: '',
    outputs: [f],
    states: [{ id: 's.0', like: f }],
    strategies: {
      compute: { ...plain, name: 'compute', writes: { 's.0': (b) => b.value(f) } },
      ...Object.fromEntries(more.map((strategy) => [strategy.name, strategy])),
    },
    ...rest,
  });
  const reuse: LeafStrategy = {
    ...plain,
    name: 'reuse',
    reads: ['s.0'],
    produce: (b) => [b.state('s.0')],
  };
  const bypass = (value: typeof x): LeafStrategy => ({
    ...plain,
    name: 'bypass',
    produce: (b) => [b.value(value)],
  });
  const within = { within: new Set([named(model, 'y').producer!]), states: [] };
  const nothing = { ...plain, name: 'compute' };

  test.each<[string, PlainSite, number]>([
    ['not for a value that is kept, nor for a state that is taken as it is', site([reuse]), 0],
    ['not for a value that a node makes', site([bypass(named(model, 'u'))]), 0],
    ['for an input', site([bypass(x)]), 1],
    ['for the computed value', site([twice('twice')]), 1],
    [
      'for the computed value, once',
      site([twice('twice'), twice('double'), twice('plus itself')]),
      1,
    ],
    ['for what some nodes read', site([nothing], within), 1],
    ['for what some nodes read, once', site([nothing, twice('twice'), twice('double')], within), 1],
  ])('%s', (_, own, count) => {
    const rows = Object.keys(own.strategies).map((name) => [name]);
    const { model: made } = build(model, [own], rows);
    expect([...made.graph.nodes].filter(({ opType }) => opType === 'Identity')).toHaveLength(count);
  });

  test('of two parts on a value, for each once', () => {
    const parts = ['a', 'b'].map((id) =>
      site([nothing, twice('twice'), twice('double')], { id, parent: 's', states: [] }),
    );
    const names = ['twice', 'double'];
    const whole: Site = {
      id: 's',
      description: '',
      outputs: [f],
      parts,
      strategies: strategiesByName([
        compositeOf('compute', '', () => ({})),
        ...names.map((name) => compositeOf(name, '', () => ({ a: name, b: name }))),
      ]),
    };
    const { model: made } = build(model, [whole], [['compute'], ['twice'], ['double']]);
    expect([...made.graph.nodes].filter(({ opType }) => opType === 'Identity')).toHaveLength(2);
  });
});

test('where a site chooses for some nodes, what these give has no declared sizes, but for outputs of the graph', () => {
  const model = modelOf(
    `g (float[4, 2] x) => (float[4, 2] y, float[4, 2] p) {
    f = Exp (x)
    p, , q = Split <axis = 0, num_outputs = 3> (f)
    r = Neg (q)
    y = Add (r, x)
  }`,
    18,
  );
  const type = tensorType('float32', [4, 2]);
  for (const name of ['f', 'q', 'r']) named(model, name).type = type;
  for (const name of ['f', 'q', 'r']) model.graph.declared.add(named(model, name));
  const site: PlainSite = {
    id: 's',
    description: '',
    outputs: [named(model, 'f')],
    states: [],
    strategies: { compute: { ...plain, name: 'compute' } },
    within: new Set([named(model, 'q').producer!]),
  };
  const { model: made } = build(model, [site], [['compute']]);
  const shown = ['f', 'p', 'q', 'r', 'y'].map((name) => {
    const value = made.graph.find(name)!;
    return [name, value.type !== undefined, made.graph.declared.has(value)];
  });
  expect(shown).toEqual([
    ['f', true, true],
    ['p', true, false],
    ['q', false, false],
    ['r', true, true],
    ['y', true, false],
  ]);
});

test.each([
  [undefined, 3],
  [3, 3],
  [2, 2],
])(
  'where %s programs are asked for, calls that differ in what they keep are made one: %i',
  (most, count) => {
    const model = modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) y = Floor (a) }');
    const rows = ['compute', 'compute', 'reuse'].map((name) => [name]);
    const { variants, calls } = build(model, [siteOf(model, 's', ['a'])], rows, most);
    expect(variants).toHaveLength(count);
    expect(calls[2]).not.toBe(calls[1]);
  },
);
