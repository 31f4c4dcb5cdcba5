/**
 * Sites put into a merged graph one after another: what a later one still needs, or has been kept already, stays when an
 * earlier one is gated. All forms give the numbers worked out by hand.
 */
import { describe, expect, test } from 'vitest';
import type { LeafStrategy, PlainSite, SiteBuilder } from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import type { Value } from '../../../src/model/ir/value.js';
import { compileSites, EMITS, openSession, ort } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

const plain = { description: '', reads: [], writes: {} };
const add = (b: SiteBuilder, opType: string, ...inputs: Value[]) => b.add({ opType, inputs });

/** A site of one value: what each strategy makes of the builder, and what computing keeps. */
function siteOf(
  model: Model,
  id: string,
  output: string,
  makes: Record<string, (b: SiteBuilder, value: (name: string) => Value) => Value>,
  keeps: Record<string, string> = {},
): PlainSite {
  const like = named(model, output);
  const strategies: Record<string, LeafStrategy> = {
    compute: {
      ...plain,
      name: 'compute',
      writes: Object.fromEntries(
        Object.entries(keeps).map(([state, name]) => [state, (b) => b.value(named(model, name))]),
      ),
    },
  };
  for (const [name, make] of Object.entries(makes))
    strategies[name] = {
      ...plain,
      name,
      reads: name === 'old' ? ['kept'] : [],
      produce: (b) => [make(b, (of) => b.value(named(model, of)))],
    };
  return { id, description: '', outputs: [like], states: [], strategies };
}

const zero = (b: SiteBuilder, value: (name: string) => Value) =>
  add(b, 'Sub', value('x'), value('x'));
const old = (b: SiteBuilder) => b.state('kept');
const bypass = (name: string) => (_: SiteBuilder, value: (name: string) => Value) => value(name);
const moved = (name: string) => (b: SiteBuilder, value: (name: string) => Value) =>
  add(b, 'Add', value(name), value('x'));

/** The state belongs to the first site. */
const withState = ([first, ...rest]: readonly PlainSite[]): PlainSite[] => [
  { ...first!, states: [{ id: 'kept', like: first!.outputs[0]! }] },
  ...rest,
];

/** x of call t is t + 1. */
async function run(
  model: Model,
  sites: readonly PlainSite[],
  rows: string[][],
  emit: (typeof EMITS)[number],
) {
  const session = await openSession(compileSites(model, sites, rows, emit));
  const results: number[] = [];
  for (const call of rows.keys()) {
    const { y } = await session.run({ x: new ort.Tensor('float32', [call + 1], [1, 1]) });
    results.push((y!.data[0] as number) + 0);
  }
  await session.release();
  return results;
}

const modelWith = (nodes: string) => modelOf(`g (float[1, 1] x) => (float[1, 1] y) { ${nodes} }`);

describe.each(EMITS)('%s', (emit) => {
  test.each([
    ['through a node', moved('r')],
    ['itself', bypass('r')],
  ])('a value of which one site is made, and another takes %s instead', async (way, other) => {
    const model = modelWith('r = Neg (x) f = Add (r, r) h = Exp (x) g = Log (h) y = Sub (f, g)');
    const [one, two] = [siteOf(model, 'one', 'f', { zero }), siteOf(model, 'two', 'g', { other })];
    const rows = [
      ['compute', 'compute'],
      ['compute', 'other'],
      ['zero', 'other'],
      ['zero', 'compute'],
    ];
    const g = (call: number) => (way === 'itself' ? -(call + 1) : 0);
    const found = await run(model, [one, two], rows, emit);
    const expected = [-3, -4 - g(1), -g(2), -4];
    for (const [call, y] of expected.entries())
      expect(found[call], `call ${call}`).toBeCloseTo(y, 5);
  });

  test.each([
    ['through a node', moved('r')],
    ['itself', bypass('r')],
  ])(
    'a value of which a site is made that no call computes, and another takes %s',
    async (way, other) => {
      const model = modelWith('r = Neg (x) f = Add (r, r) h = Exp (x) g = Log (h) y = Sub (f, g)');
      const [one, two] = [
        siteOf(model, 'one', 'f', { zero, bypass: bypass('x') }),
        siteOf(model, 'two', 'g', { other }),
      ];
      const rows = [
        ['zero', 'compute'],
        ['bypass', 'other'],
        ['zero', 'other'],
      ];
      const g = (call: number) => (way === 'itself' ? -(call + 1) : 0);
      const found = await run(model, [one, two], rows, emit);
      const expected = [-1, 2 - g(1), -g(2)];
      for (const [call, y] of expected.entries())
        expect(found[call], `call ${call}`).toBeCloseTo(y, 5);
    },
  );

  test('a value of which a site is made that no call computes, kept by another', async () => {
    const model = modelWith('p = MatMul (x, x) r = Add (x, x) f = Sub (r, x) y = Add (f, p)');
    const sites = withState([
      siteOf(model, 'p', 'p', {}, { kept: 'r' }),
      siteOf(model, 'f', 'f', { zero, old }),
    ]);
    const rows = [
      ['compute', 'zero'],
      ['compute', 'old'],
      ['compute', 'zero'],
      ['compute', 'old'],
    ];
    expect(await run(model, sites, rows, emit)).toEqual([1, 4 + 2, 9, 16 + 6]);
  });

  test.each([
    ['p', 'q'],
    ['q', 'p'],
  ])(
    'a state that two sites keep, each in other calls, of which %s is listed first',
    async (...order) => {
      const model = modelWith('p = Neg (x) q = Add (x, x) y = Sub (p, q)');
      const all: Record<string, PlainSite> = {
        p: siteOf(model, 'p', 'p', { zero, old }, { kept: 'p' }),
        q: siteOf(model, 'q', 'q', { zero }, { kept: 'q' }),
      };
      const rows = [
        ['compute', 'zero'],
        ['old', 'zero'],
        ['zero', 'compute'],
        ['old', 'zero'],
        ['compute', 'zero'],
        ['old', 'zero'],
      ];
      const sites = withState(order.map((id) => all[id]!));
      const found = await run(
        model,
        sites,
        rows.map((row) => (order[0] === 'p' ? row : [row[1]!, row[0]!])),
        emit,
      );
      expect(found).toEqual([-1, -1, -6, 6, -5, -5]);
    },
  );
});

test('nor can both keep it in one call, unless nobody reads it', () => {
  const model = modelWith('p = Neg (x) q = Add (x, x) y = Sub (p, q)');
  const sites = withState([
    siteOf(model, 'p', 'p', { zero, old }, { kept: 'p' }),
    siteOf(model, 'q', 'q', { zero }, { kept: 'q' }),
  ]);
  const tried = (rows: string[][]) => () => compileSites(model, sites, rows, 'split');
  const both = ['compute', 'compute'];
  expect(tried([both, ['old', 'zero']])).toThrow(
    expect.objectContaining({
      code: 'PLAN_CONFLICT',
      message: expect.stringMatching(/"p" and site "q".*"kept" in call 0/),
    }),
  );
  expect(tried([both, ['compute', 'zero'], ['old', 'zero'], both])).not.toThrow();
});
