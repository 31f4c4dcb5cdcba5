/** How a chain is cut, worked out by hand: what lies in each segment, what it takes and gives. */
import { describe, expect, test } from 'vitest';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import { tensorType } from '../../../src/model/ir/types.js';
import { compileSites } from '../../helpers/compile.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';
import { chainOf, plain, siteOf, TWO_SITES } from './chains.js';

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

describe('of what can run, first goes', () => {
  const cut = (body: string) => {
    const model = modelOf(`g (float[2] x) => (float[2] y) { ${body} }`);
    // the first site's value in two of the programs, the second's in one
    const rows = [
      ['compute', 'compute'],
      ['compute', 'reuse'],
      ['reuse', 'reuse'],
    ];
    return chainOf(model, [siteOf(model, 'a', 'f'), siteOf(model, 'b', 't')], rows).models;
  };

  test('what all programs need', () => {
    expect(
      Object.entries(cut('f = Neg (x) t = Exp (x) u = Abs (x) v = Add (f, t) y = Add (u, v)')),
    ).toEqual([
      ['shared-1', 'x > Abs > u'],
      ['a', 'x > Neg > f'],
      ['b', 'x > Exp > t'],
      ['shared-2', 'f,t,u > Add Add > y'],
    ]);
  });

  test('what most programs need', () => {
    const models = cut('t = Exp (x) f = Neg (x) y = Add (f, t)');
    expect(Object.keys(models)).toEqual(['a', 'b', 'shared']);
  });

  test('what can run as a whole', () => {
    expect(Object.entries(cut('u = Neg (x) t = Exp (x) f = Add (u, t) y = Add (f, t)'))).toEqual([
      ['b', 'x > Exp > t'],
      ['a', 'x,t > Neg Add > f'],
      ['shared', 'f,t > Add > y'],
    ]);
  });
});

test('a value that is read inside a segment and outside leaves it', () => {
  const model = modelOf(`g (float[2] x) => (float[2] y) {
    u = Exp (x)
    v = Abs (u)
    f = Mul (u, v)
    y = Sub (f, x)
  }`);
  const rows = [['compute'], ['not at all']];
  const site = siteOf(model, 'a', 'f');
  const kept = {
    ...site.strategies.compute!,
    writes: { 'a.0': (b: SiteBuilder) => b.value(named(model, 'v')) },
  };
  const strategies = { ...site.strategies, compute: kept };
  const { models } = chainOf(
    model,
    [{ ...site, strategies }, siteOf(model, 'b', 'u')],
    [
      ['compute', 'compute'],
      ['compute', 'not at all'],
      ['reuse', 'compute'],
    ],
  );
  expect(models).toMatchObject({ a: expect.stringMatching(/^u > Abs Mul > (v,f|f,v)$/) });
  const whole = chainOf(model, [site], rows).models;
  expect(whole.a).toBe('x > Exp Abs Mul > f');
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

test.each([
  ['are those inferred', false, { u: ['n', 2], m: [] }],
  ['have rows left open where a site chooses rows', true, { u: [null, 2], m: [] }],
])('the types of what goes from one to the next %s', (_, chooses, shapes) => {
  const model = modelOf(`g (float[n, 2] x) => (float[n, 2] y) {
    u = Exp (x)
    m = ReduceMax <keepdims = 0> (x)
    f = Neg (u)
    v = Mul (f, m)
    y = Add (v, u)
  }`);
  const within = { within: new Set([named(model, 'y').producer!]) };
  const sites = [siteOf(model, 'a', 'f'), siteOf(model, 'b', 'v', chooses ? within : {})];
  const { lowered } = chainOf(model, sites, [
    ['compute', 'compute'],
    ['reuse', 'compute'],
  ]);
  for (const [name, shape] of Object.entries(shapes)) {
    const outputs = [...lowered.models.values()].flatMap(({ graph }) => graph.outputs);
    expect(outputs.find((v) => v.name === name)?.type).toEqual(tensorType('float32', shape));
  }
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

test.each(['split', 'merged'] as const)(
  'inputs that the source never reads stay, others go where nothing reads them: %s',
  (emit) => {
    const model = modelOf(`g (float[2] x, float[2] z) => (float[2] y) {
    f = Neg (x)
    y = Exp (f)
  }`);
    const { lowered, instrumented } = compileSites(
      model,
      [siteOf(model, 'a', 'f')],
      [['compute'], ['reuse']],
      emit,
    );
    const [computing, reusing] = instrumented.calls.map((name) =>
      lowered.programs
        .get(name)!
        .flatMap((run) => namesOf(lowered.models.get(run.model)!.graph.inputs)),
    );
    if (emit === 'split') {
      expect(computing).toEqual(['x', 'z']);
      expect(reusing).toEqual(['z', 'stepfold.in.a.0']);
    } else expect(computing).toEqual(['x', 'z', 'stepfold.in.a.0', 'stepfold.strategy.a']);
  },
);
