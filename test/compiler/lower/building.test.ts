/**
 * Parts of sites in all forms, against what the words mean: of parts on one value each takes the value
 * of the one before; a strategy that builds on its own site's value means that before its own choice; whoever reads a
 * value means that behind every choice.
 */
import { describe, expect, test } from 'vitest';
import {
  compositeOf,
  type LeafStrategy,
  type PlainSite,
  type Site,
  type SiteBuilder,
  strategiesByName,
} from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import type { Value } from '../../../src/model/ir/value.js';
import { compileSites, EMITS, openSession, ort } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

const plain = { description: '', reads: [], writes: {} };

/** compute, and strategies that make the only value of a site. */
function siteOf(
  model: Model,
  id: string,
  output: string,
  makes: Record<string, (b: SiteBuilder, own: Value) => Value>,
  more: Partial<PlainSite> = {},
): PlainSite {
  const value = named(model, output);
  const leaf = (name: string, rest: Partial<LeafStrategy>): LeafStrategy => ({
    ...plain,
    name,
    ...rest,
  });
  const strategies = Object.entries(makes).map(([name, make]) =>
    leaf(name, { produce: (b) => [make(b, b.value(value))] }),
  );
  return {
    id,
    description: '',
    outputs: [value],
    states: [],
    strategies: strategiesByName([leaf('compute', {}), ...strategies]),
    ...more,
  };
}

const double = (b: SiteBuilder, own: Value) => b.add({ opType: 'Add', inputs: [own, own] });
const plus = (number: number) => (b: SiteBuilder, own: Value) =>
  b.add({
    opType: 'Add',
    inputs: [
      own,
      b.add({
        opType: 'Cast',
        inputs: [b.constant('n', [number])],
        attributes: { to: { type: 'int', value: 1n } },
      }),
    ],
  });

/** Every combination of the strategies of some sites. */
const combinations = (sites: readonly Site[]): string[][] =>
  sites.reduce<string[][]>(
    (rows, site) =>
      Object.keys(site.strategies).flatMap((name) => rows.map((row) => [...row, name])),
    [[]],
  );

/** A site of parts, with a strategy for every combination of theirs, named by them. */
function composite(id: string, parts: readonly PlainSite[]): Site {
  const [, ...rows] = combinations(parts);
  return {
    id,
    description: '',
    outputs: [...new Set(parts.flatMap((part) => part.outputs))],
    parts,
    strategies: strategiesByName([
      compositeOf('compute', '', () => ({})),
      ...rows.map((row) =>
        compositeOf(row.join('+'), '', () =>
          Object.fromEntries(row.map((name, p) => [parts[p]!.id, name])),
        ),
      ),
    ]),
  };
}

/** What is given out by each call, of x = call + 1. */
async function results(
  model: Model,
  sites: readonly Site[],
  rows: string[][],
  emit: (typeof EMITS)[number],
) {
  const session = await openSession(compileSites(model, sites, rows, emit));
  const found: number[][] = [];
  for (const call of rows.keys()) {
    const outputs = await session.run({ x: new ort.Tensor('float32', [call + 1], [1]) });
    found.push(model.graph.outputs.map(({ name }) => (outputs[name]!.data[0] as number) + 0));
  }
  await session.release();
  return found;
}

describe.each(EMITS)('%s', (emit) => {
  test.each([
    ['double', 'plus', 'c'],
    ['plus', 'double', 'c'],
    ['c', 'double', 'plus'],
    ['c', 'plus', 'double'],
    ['double', 'c'],
    ['c', 'double'],
    ['plus', 'double', 'c within'],
    ['plus', 'c within', 'double'],
  ])('parts on a value, and a site or a part that takes it: %s, %s, %s', async (...order) => {
    const model = modelOf(`g (float[1] x) => (float[1] y, float[1] f) {
      f = Neg (x)
      g = Abs (x)
      y = Sub (g, f)
    }`);
    const words = order.filter((id) => !id.startsWith('c'));
    const take = { bypass: (b: SiteBuilder) => b.value(named(model, 'f')) };
    const make = { double, plus: plus(3) } as Record<string, typeof double>;
    const layers = composite(
      'f',
      order.flatMap((word) => {
        const parent = { parent: 'f' };
        if (word === 'c within') return siteOf(model, 'f.c', 'g', take, parent);
        return word === 'c' ? [] : siteOf(model, `f.${word}`, 'f', { [word]: make[word]! }, parent);
      }),
    );
    const taking = siteOf(model, 'c', 'g', take);
    const sites: Site[] =
      order[0] === 'c' ? [taking, layers] : order.includes('c') ? [layers, taking] : [layers];
    const rows = combinations(sites);
    const expected = rows.map((row, call) => {
      const x = call + 1;
      let f = -x;
      for (const word of words)
        if (row.some((name) => name.includes(word))) f = word === 'double' ? 2 * f : f + 3;
      const g = row.some((name) => name.includes('bypass')) ? f : x;
      return [g - f, f];
    });
    expect(await results(model, sites, rows, emit)).toEqual(expected);
  });

  test('two parts for what some nodes read, a core that reads both, and a neighbour that reads neither', async () => {
    const model = modelOf(`g (float[1] x) => (float[1] y) {
      q = Neg (x)
      k = Exp (q)
      l = Log (k)
      m = Sub (q, l)
      n = Sub (l, q)
      y = Add (m, n)
    }`);
    const within = { within: new Set([named(model, 'm').producer!]), parent: 's' };
    const value = (name: string) => named(model, name);
    const parts = [
      siteOf(model, 's.q', 'q', { double }, within),
      siteOf(model, 's.l', 'l', { plus: plus(3) }, within),
      siteOf(
        model,
        's.core',
        'm',
        {
          turned: (b) =>
            b.add({ opType: 'Sub', inputs: [b.value(value('l')), b.value(value('q'))] }),
        },
        { parent: 's' },
      ),
    ];
    const site = composite('s', parts);
    // another site has nothing to do with what is chosen in there
    const other = siteOf(model, 'n', 'n', {
      twice: (b) => b.add({ opType: 'Add', inputs: [b.value(value('q')), b.value(value('q'))] }),
    });
    const calls = combinations([site, other]);
    const expected = calls.map(([chosen, own], call) => {
      const has = (word: string) => chosen!.includes(word);
      const x = call + 1;
      const q = has('double') ? -2 * x : -x;
      const l = has('plus') ? 3 - x : -x;
      const m = has('turned') ? l - q : q - l;
      return m + (own === 'twice' ? -2 * x : 0);
    });
    const found = await results(model, [site, other], calls, emit);
    for (const [call, number] of expected.entries())
      expect(found[call]![0], `${calls[call]}`).toBeCloseTo(number, 4);
  });

  test('a state is kept as another, and an input as a third, by a strategy that makes a value of its own', async () => {
    const model = modelOf(
      'g (float[1] x) => (float[1] y) { f = Neg (x) g = Neg (f) y = Sub (g, x) }',
    );
    const [x, f] = [named(model, 'x'), named(model, 'f')];
    const keeps = (value: (b: SiteBuilder) => Value) => ({ 's.0': value });
    const site: PlainSite = {
      id: 's',
      description: '',
      outputs: [f],
      states: ['s.0', 's.1', 's.2', 's.3'].map((id) => ({ id, like: f })),
      strategies: {
        compute: { ...plain, name: 'compute', writes: keeps((b) => b.value(f)) },
        move: {
          name: 'move',
          description: '',
          reads: ['s.0'],
          writes: {
            's.1': (b) => b.state('s.0'),
            's.2': (b) => b.value(x),
            // what the strategy makes, not what it stands in for
            's.3': (b) => b.value(f),
          },
          produce: (b) => [b.add({ opType: 'Add', inputs: [b.state('s.0'), b.value(x)] })],
        },
        reuse: {
          ...plain,
          name: 'reuse',
          reads: ['s.1', 's.2', 's.3'],
          produce: (b) => [
            b.add({ opType: 'Sum', inputs: ['s.1', 's.2', 's.3'].map((id) => b.state(id)) }),
          ],
        },
      },
    };
    const rows = ['compute', 'move', 'reuse', 'compute', 'move', 'reuse'].map((name) => [name]);
    // f: -1, -1 + 2, then -1 + 2 + 1; -4, -4 + 5, then -4 + 5 + 1; y = -f - x
    expect(await results(model, [site], rows, emit)).toEqual([[0], [-3], [-5], [0], [-6], [-8]]);
  });
});
