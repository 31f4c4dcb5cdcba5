/** Alternatives of sites, made of programs by hand, and the order in which sites become Ifs. */
import { describe, expect, test } from 'vitest';
import { GatedSite, innerFirst } from '../../../src/compiler/lower/gated-site.js';
import type { Instrumented, InstrumentedSite } from '../../../src/compiler/lower/instrumented.js';
import { topologicalOrder } from '../../../src/model/ir/order.js';
import type { Value } from '../../../src/model/ir/value.js';
import { modelOf, named } from '../../helpers/text.js';

const model = modelOf(`g (float[2,2] x) => (float[2,2] y) {
  a = Neg (x) b = Exp (x) z = Abs (x)
  m = MatMul (a, x) n = MatMul (b, x) o = MatMul (z, x)
  c = Add (a, b) d = Add (c, m) e = Add (d, n) f = Add (e, o) y = Add (f, z) }`);
const place = new Map(topologicalOrder(model.graph).map((node, i) => [node, i]));

/** What a strategy makes (as computed where not said) and keeps, by names of values. */
type Said = { makes?: string; keeps?: Record<string, string> };
/** A program: its strategy, and the states that it writes. */
type Program = readonly [strategy: string | undefined, ...writes: string[]];

function siteOf(
  outputs: string,
  strategies: Record<string, Said>,
  programs: readonly Program[],
  id = 's',
) {
  const values = (names: string) => [...names].map((name) => named(model, name));
  const all = Object.entries(strategies);
  const instrumented = {
    site: { id, strategies },
    outputs: values(outputs),
    produced: new Map(all.flatMap(([k, { makes }]) => (makes ? [[k, values(makes)]] : []))),
    writes: new Map(
      all.map(([k, { keeps = {} }]) => [
        k,
        new Map(Object.entries(keeps).map(([s, v]) => [s, named(model, v)])),
      ]),
    ),
  } as unknown as InstrumentedSite;
  const flows = programs.map(([name]) => ({ row: [name] }));
  const source = { variants: flows } as unknown as Instrumented;
  const writes = new Map(flows.map((flow, i) => [flow, new Set(programs[i]!.slice(1))]));
  return new GatedSite(instrumented, 0, source, writes as never, (value: Value) => value, place);
}

describe('alternatives', () => {
  const two = (s: Said, t: Said): Record<string, Said> => ({ s, t });
  test.each<[string, Record<string, Said>, Program[], number, boolean]>([
    ['computed by one of two', two({}, { makes: 'za' }), [['s'], ['t']], 2, true],
    ['never computed', two({ makes: 'zz' }, { makes: 'za' }), [['s'], ['t']], 2, false],
    ['the same in part', two({}, { makes: 'az' }), [['s'], ['t']], 2, true],
    ['the same', two({}, { makes: 'ab' }), [['s'], ['t']], 1, true],
    ['not live in one', two({}, { makes: 'zz' }), [['t'], [undefined]], 1, false],
    ['costly, kept by one', { s: { keeps: { k: 'm' } } }, [['s', 'k'], ['s']], 2, true],
    [
      'costly, kept by both',
      { s: { keeps: { k: 'm' } } },
      [
        ['s', 'k'],
        ['s', 'k'],
      ],
      1,
      true,
    ],
    [
      'costly, kept otherwise',
      two({ keeps: { k: 'm' } }, { keeps: { k: 'n' } }),
      [
        ['s', 'k'],
        ['t', 'k'],
      ],
      2,
      true,
    ],
    [
      'costly, kept otherwise in part',
      two({ keeps: { k: 'm', l: 'n' } }, { keeps: { k: 'm', l: 'o' } }),
      [
        ['s', 'k', 'l'],
        ['t', 'k', 'l'],
      ],
      2,
      true,
    ],
    ['kept for nothing by one', { s: { keeps: { k: 'a' } } }, [['s', 'k'], ['s']], 1, true],
  ])('%s', (_, strategies, programs, count, isComputed) => {
    const site = siteOf('ab', strategies, programs);
    expect(site.alternatives).toHaveLength(count);
    expect(site.isComputed).toBe(isComputed);
  });
});

test.each(['ab', 'ba'])('of regions of one size the earlier goes first, %s', (listed) => {
  const sites = [...listed].map((name) => siteOf(name, { c: {} }, [['c']], name));
  const places = innerFirst(model.graph, sites, place).map(
    (site) => place.get(site.outputs[0]!.producer!)!,
  );
  expect(places[0]).toBeLessThan(places[1]!);
});
