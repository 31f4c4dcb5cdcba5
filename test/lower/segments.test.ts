/** How a chain is cut, worked out by hand: what lies in each segment, what it takes and gives, and what it is called. */
import { describe, expect, test } from 'vitest';
import type { Model } from '../../src/ir/model.js';
import { tensorType } from '../../src/ir/types.js';
import type { Site, SiteBuilder, Strategy } from '../../src/plan/index.js';
import { compileSites } from '../helpers/compile.js';
import { modelOf, named, namesOf } from '../helpers/text.js';

const plain = { description: '', reads: [], writes: {} };

/** compute, reuse, and what else is named: an operator on the state and x, or on x. */
function siteOf(model: Model, id: string, output: string, more: Partial<Site> = {}): Site {
  const value = named(model, output);
  const state = `${id}.0`;
  const x = (b: SiteBuilder) => b.value(named(model, 'x'));
  const strategies: Record<string, Strategy> = {
    compute: { ...plain, name: 'compute', writes: { [state]: (b) => b.value(value) } },
    reuse: { ...plain, name: 'reuse', reads: [state], produce: (b) => [b.state(state)] },
    moved: {
      ...plain,
      name: 'moved',
      reads: [state],
      produce: (b) => [b.add({ opType: 'Add', inputs: [b.state(state), x(b)] })],
    },
    'not at all': {
      ...plain,
      name: 'not at all',
      produce: (b) => [b.add({ opType: 'Sub', inputs: [x(b), x(b)] })],
    },
  };
  return {
    id,
    description: '',
    outputs: [value],
    states: [{ id: state, like: value }],
    strategies,
    ...more,
  };
}

function chainOf(model: Model, sites: readonly Site[], rows: string[][]) {
  const { lowered } = compileSites(model, sites, rows, 'chain');
  const models = Object.fromEntries(
    [...lowered.models].map(([id, { graph }]) => [
      id,
      `${namesOf(graph.inputs)} > ${[...graph.nodes].map((n) => n.opType).join(' ')} > ${namesOf(graph.outputs)}`,
    ]),
  );
  return { models, programs: [...lowered.programs.values()], lowered };
}

const TWO_SITES = () =>
  modelOf(`g (float[2] x) => (float[2] y, float[2] z) <float[2] two = {2, 2}, float[2] five = {5, 5}> {
    u = Add (x, two)
    f = Mul (u, two)
    v = Add (f, five)
    t = Exp (v)
    z = Sub (t, five)
    y = Add (t, u)
  }`);

test('what all programs need, and what each site and strategy does, is a segment', () => {
  const model = TWO_SITES();
  const sites = [siteOf(model, 'a', 'f'), siteOf(model, 'b', 't')];
  const { models, programs } = chainOf(model, sites, [
    ['compute', 'compute'],
    ['reuse', 'compute'],
    ['moved', 'compute'],
    ['compute', 'reuse'],
    ['reuse', 'moved'],
  ]);
  expect(models).toEqual({
    'shared-1': 'x > Add > u',
    a: 'u > Mul > f',
    'a-moved': 'stepfold.in.a.0,x > Add > add',
    b: 'f > Add Exp > t',
    'b-moved': 'stepfold.in.b.0,x > Add > add_1',
    'shared-2': 't,u > Sub Add > z,y',
  });
  const first = { model: 'shared-1', gives: { u: 'u' } };
  const last = (t: string) => ({ model: 'shared-2', takes: { t, u: 'u' } });
  expect(programs).toEqual([
    [
      first,
      { model: 'a', takes: { u: 'u' }, gives: { f: 'f' }, writes: { 'a.0': 'f' } },
      { model: 'b', takes: { f: 'f' }, gives: { t: 't' } },
      last('t'),
    ],
    [first, { model: 'b', reads: { f: 'a.0' }, gives: { t: 't' } }, last('t')],
    [
      first,
      { model: 'a-moved', reads: { 'stepfold.in.a.0': 'a.0' }, gives: { add: 'add' } },
      { model: 'b', takes: { f: 'add' }, gives: { t: 't' }, writes: { 'b.0': 't' } },
      last('t'),
    ],
    [first, { model: 'shared-2', reads: { t: 'b.0' }, takes: { u: 'u' } }],
    [
      first,
      { model: 'b-moved', reads: { 'stepfold.in.b.0': 'b.0' }, gives: { add_1: 'add_1' } },
      last('add_1'),
    ],
  ]);
});

describe('a segment is called', () => {
  const nodes = (model: Model, rows: string[][], ids = ['a', 'b']) =>
    Object.keys(
      chainOf(model, [siteOf(model, ids[0]!, 'f'), siteOf(model, ids[1]!, 't')], rows).models,
    );

  test.each<[string, string[][], string[]]>([
    ['shared, where all is', [['compute', 'compute']], ['shared']],
    [
      'by the site that it computes',
      [
        ['compute', 'compute'],
        ['reuse', 'compute'],
      ],
      ['shared-1', 'a', 'shared-2'],
    ],
    [
      'by a strategy, where no site tells it',
      [
        ['compute', 'compute'],
        ['moved', 'compute'],
        ['not at all', 'compute'],
      ],
      ['shared-1', 'a', 'a-moved', 'a-not_at_all', 'shared-2'],
    ],
  ])('%s', (_, rows, names) => {
    expect(nodes(TWO_SITES(), rows)).toEqual(names);
  });

  test('by the site, with what no file should be called left out', () => {
    const rows = [
      ['compute', 'compute'],
      ['reuse', 'compute'],
    ];
    expect(nodes(TWO_SITES(), rows, ['a/b: c', 'b'])).toEqual(['shared-1', 'a_b_c', 'shared-2']);
  });

  test('a part, where programs need it that have nothing in common', () => {
    const model = modelOf(`g (float[2] x) => (float[2] y) {
      both = Exp (x)
      f = Neg (both)
      t = Abs (both)
      y = Add (f, t)
    }`);
    const sites = [siteOf(model, 'a', 'f'), siteOf(model, 'b', 't')];
    const { models } = chainOf(model, sites, [
      ['compute', 'compute'],
      ['reuse', 'compute'],
      ['compute', 'reuse'],
      ['reuse', 'reuse'],
    ]);
    expect(models).toEqual({
      part: 'x > Exp > both',
      a: 'both > Neg > f',
      b: 'both > Abs > t',
      shared: 'f,t > Add > y',
    });
  });
});

test('constants of nodes are copied into the segments that read them', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    c = Constant <value = float[2] {3, 4}> ()
    f = Mul (x, c)
    y = Add (f, c)
  }`);
  const { models, programs } = chainOf(model, [siteOf(model, 'a', 'f')], [['compute'], ['reuse']]);
  expect(models.a).toBe('x > Constant Mul > f');
  expect(Object.values(models).at(-1)).toBe('f > Constant Add > y');
  for (const runs of programs)
    for (const { takes } of runs) expect(Object.keys(takes ?? {})).not.toContain('c');
});

test('what a strategy makes for all who run it is read inside the segment', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    f = Neg (x)
    y = Exp (f)
  }`);
  const { models, programs } = chainOf(model, [siteOf(model, 'a', 'f')], [['not at all']]);
  expect(models).toEqual({ shared: 'x > Exp Sub > sub,y' });
  expect(programs).toEqual([[{ model: 'shared' }]]);
});

describe('the types of what goes from one to the next', () => {
  const build = (within: boolean) => {
    const model = modelOf(`g (float[n, 2] x) => (float[n, 2] y) {
      u = Exp (x)
      f = Neg (u)
      y = Add (f, u)
    }`);
    const whole = siteOf(model, 'a', 'f');
    const site = within ? { ...whole, within: new Set([named(model, 'f').producer!]) } : whole;
    const { lowered } = chainOf(model, [site], [['compute'], ['reuse']]);
    const u = [...lowered.models.values()].flatMap(({ graph }) =>
      graph.outputs.filter(({ name }) => name === 'u'),
    );
    return u[0]?.type;
  };
  test('are those inferred', () => {
    expect(build(false)).toEqual(tensorType('float32', ['n', 2]));
  });
});

test('programs that need the same nodes in two orders are refused, naming the sites', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    f = Neg (x)
    t = Exp (x)
    y = Add (f, t)
  }`);
  const from = (output: string) => ({
    strategies: {
      compute: { ...plain, name: 'compute' },
      other: {
        ...plain,
        name: 'other',
        produce: (b: SiteBuilder) => [
          b.add({ opType: 'Abs', inputs: [b.value(named(model, output))] }),
        ],
      },
    },
    states: [],
  });
  const sites = [siteOf(model, 'a', 'f', from('t')), siteOf(model, 'b', 't', from('f'))];
  const one = [['other', 'compute']];
  expect(() => compileSites(model, sites, one, 'chain')).not.toThrow();
  expect(() => compileSites(model, sites, [...one, ['compute', 'other']], 'chain')).toThrow(
    expect.objectContaining({
      code: 'PLAN_NOT_CHAINABLE',
      message: expect.stringMatching(/"?a"?.*"?b"?/),
    }),
  );
});
