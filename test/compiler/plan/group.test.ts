/**
 * Grouping of plan rows against brute force: every division of the calls into groups, and for every
 * group and site every strategy that is allowed. Exactness is worked out anew here, from the pairs
 * that strategies declare.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compositeOf,
  groupRows,
  moreExactThan,
  type PlainSite,
  type Plan,
  type Site,
} from '../../../src/compiler/plan/index.js';

interface StrategyCase {
  readonly moreExact: readonly string[];
  readonly cost: number;
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
}
type SiteCase = Readonly<Record<string, StrategyCase>>;

const never = () => {
  throw new Error('nothing is built here');
};

const siteOf = (strategies: SiteCase, id: string): PlainSite => ({
  id,
  description: '',
  outputs: [],
  states: [],
  strategies: Object.fromEntries(
    Object.entries(strategies).map(([name, { moreExact, cost, reads = [], writes = [] }]) => [
      name,
      {
        name,
        description: '',
        moreExact,
        cost,
        reads,
        writes: Object.fromEntries(writes.map((state) => [state, never])),
        ...(name !== 'compute' && { produce: never }),
      },
    ]),
  ),
});

const planOf = (sites: readonly SiteCase[], rows: readonly (readonly string[])[]): Plan => ({
  calls: rows.length,
  sites: sites.map((site, s) => siteOf(site, `s${s}`)),
  rows,
});

const cost = (site: Site, strategy: string) => site.strategies[strategy]!.cost!;
const costOf = (plan: Plan) =>
  plan.rows.reduce(
    (sum, row) => sum + row.reduce((own, name, s) => own + cost(plan.sites[s]!, name), 0),
    0,
  );
const rowsOf = (plan: Plan) => new Set(plan.rows.map((row) => row.join())).size;

/** At least as exact, by Warshall's closure over the declared pairs. */
function atLeastAsExact(site: SiteCase): Record<string, Set<string>> {
  const names = Object.keys(site);
  const above = Object.fromEntries(
    names.map((name) => [name, new Set([name, 'compute', ...site[name]!.moreExact])]),
  );
  for (const middle of names)
    for (const low of names)
      if (above[low]!.has(middle)) for (const high of above[middle]!) above[low]!.add(high);
  return above;
}

/** Is what a site reads there, when calls take the strategies of a column in turn? */
function runs(site: SiteCase, column: readonly string[]): boolean {
  const written = new Set<string>();
  return column.every((name) => {
    const there = (site[name]!.reads ?? []).every((state) => written.has(state));
    for (const state of site[name]!.writes ?? []) written.add(state);
    return there;
  });
}

/** All ways to number calls by group, groups numbered as they appear. */
function* divisions(calls: number, most: number, start: number[] = []): Generator<number[]> {
  if (start.length === calls) yield start;
  else
    for (let group = 0; group <= Math.min(Math.max(-1, ...start) + 1, most - 1); group++)
      yield* divisions(calls, most, [...start, group]);
}

/** The least cost of a plan with at most so many rows. */
function bruteForce(sites: readonly SiteCase[], plan: Plan, most: number): number {
  let least = Infinity;
  for (const division of divisions(plan.calls, most)) {
    const groups = Math.max(...division) + 1;
    let total = 0;
    for (const [s, site] of sites.entries()) {
      const above = atLeastAsExact(site);
      const names = Object.keys(site);
      let best = Infinity;
      for (let choice = 0; choice < names.length ** groups; choice++) {
        const column = division.map(
          (group) => names[Math.floor(choice / names.length ** group) % names.length]!,
        );
        if (!column.every((name, call) => above[plan.rows[call]![s]!]!.has(name))) continue;
        if (!runs(site, column)) continue;
        best = Math.min(
          best,
          column.reduce((sum, name) => sum + site[name]!.cost, 0),
        );
      }
      total += best;
    }
    least = Math.min(least, total);
  }
  return least;
}

/** A site in which more exact strategies cost more, as they do. Nothing is read. */
const anySite: fc.Arbitrary<SiteCase> = fc
  .array(
    fc.record({
      cost: fc.integer({ min: 0, max: 20 }),
      above: fc.array(fc.nat(5), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((cases) => {
    const ordered = [...cases].sort((a, b) => a.cost - b.cost);
    return {
      ...Object.fromEntries(
        ordered.map(({ cost, above }, i) => [
          `a${i}`,
          { cost, moreExact: above.filter((j) => j > i && j < ordered.length).map((j) => `a${j}`) },
        ]),
      ),
      compute: { cost: 20, moreExact: [] },
    };
  });

/** What the attention of a diffusion transformer offers, states and all. */
const attention = (id: number, scale: number): SiteCase => {
  const [output, residual] = [`${id}.output`, `${id}.residual`];
  return {
    compute: { cost: 100 * scale, moreExact: [], writes: [output, residual] },
    window: { cost: 45 * scale, moreExact: [], reads: [residual], writes: [output] },
    'guidance-share': { cost: 50 * scale, moreExact: [], writes: [output, residual] },
    'window+guidance-share': {
      cost: 23 * scale,
      moreExact: ['window', 'guidance-share'],
      reads: [residual],
      writes: [output],
    },
    reuse: { cost: 0, moreExact: ['window+guidance-share'], reads: [output] },
    'window-only': { cost: 45 * scale, moreExact: ['window'], writes: [output] },
  };
};

function rowsFor(sites: readonly SiteCase[], calls: { min: number; max: number }) {
  return fc.array(fc.tuple(...sites.map((site) => fc.constantFrom(...Object.keys(site)))), {
    minLength: calls.min,
    maxLength: calls.max,
  });
}

describe('groupRows costs as little as can be', () => {
  const withRows = (sites: SiteCase[], max: number) =>
    fc.record({
      sites: fc.constant(sites),
      rows: rowsFor(sites, { min: 1, max }),
      most: fc.integer({ min: 1, max: 3 }),
    });

  test('any order of exactness', () => {
    fc.assert(
      fc.property(
        fc.array(anySite, { minLength: 1, maxLength: 3 }).chain((sites) => withRows(sites, 5)),
        ({ sites, rows, most }) => {
          const plan = planOf(sites, rows);
          const grouped = groupRows(plan, { maxPrograms: most, cost });
          expect(rowsOf(grouped)).toBeLessThanOrEqual(most);
          if (rowsOf(plan) > most) expect(costOf(grouped)).toBe(bruteForce(sites, plan, most));
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });

  test('attention, whose states must have been written', () => {
    const sites = [attention(0, 1), attention(1, 3)];
    let grouped = 0;
    fc.assert(
      fc.property(withRows(sites, 4), ({ rows, most }) => {
        const plan = planOf(sites, [['compute', 'compute'], ...rows]);
        const result = groupRows(plan, { maxPrograms: most, cost });
        if (rowsOf(plan) <= most) return;
        expect(costOf(result)).toBe(bruteForce(sites, plan, most));
        grouped++;
      }),
      { numRuns: 40, seed: 3 },
    );
    expect(grouped).toBeGreaterThan(20);
  });
});

describe('groupRows is never less exact', () => {
  test('whatever the plan', () => {
    const sites = Array.from({ length: 6 }, (_, s) => attention(s, 1 + (s % 3)));
    const above = sites.map(atLeastAsExact);
    fc.assert(
      fc.property(
        rowsFor(sites, { min: 1, max: 30 }),
        fc.integer({ min: 1, max: 9 }),
        (rows, most) => {
          const plan = planOf(sites, rows);
          const runnable = sites.map((site, s) =>
            runs(
              site,
              rows.map((row) => row[s]!),
            ),
          );
          const grouped = groupRows(plan, { maxPrograms: most, cost });
          expect(rowsOf(grouped)).toBeLessThanOrEqual(most);
          for (const [s, site] of sites.entries()) {
            const column = grouped.rows.map((row) => row[s]!);
            for (const [call, name] of column.entries())
              expect([...above[s]![rows[call]![s]!]!]).toContain(name);
            // what ran still runs
            if (runnable[s]) expect(runs(site, column)).toBe(true);
          }
        },
      ),
      { numRuns: 150, seed: 4 },
    );
  });

  test('and changes nothing where there are no more rows than allowed', () => {
    const sites = [attention(0, 1), attention(1, 1)];
    fc.assert(
      fc.property(rowsFor(sites, { min: 1, max: 12 }), (rows) => {
        const plan = planOf(sites, rows);
        expect(groupRows(plan, { maxPrograms: rowsOf(plan), cost })).toBe(plan);
      }),
    );
  });
});

/** A site of so many strategies, each less exact than a few that cost more, in any order of names. */
const largeSite = (size: number): fc.Arbitrary<SiteCase> =>
  fc
    .record({
      above: fc.array(fc.array(fc.nat(size - 2), { maxLength: 3 }), {
        minLength: size - 1,
        maxLength: size - 1,
      }),
      order: fc.shuffledSubarray([...Array(size - 1).keys()], { minLength: size - 1 }),
    })
    .map(({ above, order }) => ({
      compute: { cost: 10 * size, moreExact: [] },
      ...Object.fromEntries(
        order.map((i) => [
          `a${i}`,
          { cost: i, moreExact: above[i]!.filter((j) => j > i).map((j) => `a${j}`) },
        ]),
      ),
    }));

describe.each([33, 64, 65, 200])('with %i strategies', (size) => {
  const withPlan = (most: number) =>
    fc
      .array(largeSite(size), { minLength: 2, maxLength: 2 })
      .chain((sites) =>
        fc.record({ sites: fc.constant(sites), rows: rowsFor(sites, { min: 2, max: most }) }),
      );

  test('one row for all calls has at each site the cheapest that is as exact as each', () => {
    fc.assert(
      fc.property(withPlan(4), ({ sites, rows }) => {
        const grouped = groupRows(planOf(sites, rows), { maxPrograms: 1, cost });
        expect(rowsOf(grouped)).toBe(1);
        for (const [s, site] of sites.entries()) {
          const above = atLeastAsExact(site);
          const fit = Object.keys(site).filter((name) =>
            rows.every((row) => above[row[s]!]!.has(name)),
          );
          const least = Math.min(...fit.map((name) => site[name]!.cost));
          expect(site[grouped.rows[0]![s]!]!.cost).toBe(least);
        }
      }),
      { numRuns: 12, seed: 5 },
    );
  });

  test('no call gets a less exact one', () => {
    fc.assert(
      fc.property(withPlan(20), fc.integer({ min: 1, max: 4 }), ({ sites, rows }, most) => {
        const grouped = groupRows(planOf(sites, rows), { maxPrograms: most, cost });
        expect(rowsOf(grouped)).toBeLessThanOrEqual(most);
        for (const [s, site] of sites.entries()) {
          const above = atLeastAsExact(site);
          for (const [call, row] of rows.entries())
            expect(above[row[s]!]!.has(grouped.rows[call]![s]!)).toBe(true);
        }
      }),
      { numRuns: 6, seed: 6 },
    );
  });
});

describe('what calls can share', () => {
  const share = (rows: string[][], most: number, sites = [attention(0, 1)]) =>
    groupRows(planOf(sites, rows), { maxPrograms: most, cost }).rows.map((row) => row.join());

  test('the cheapest strategy that is at least as exact as both', () => {
    const first = [['compute'], ['compute']];
    const two = (a: string, b: string) => share([...first, [a], [b]], 2).slice(2);
    expect(two('reuse', 'window')).toEqual(['window', 'window']);
    expect(two('reuse', 'window+guidance-share')).toEqual(Array(2).fill('window+guidance-share'));
    // neither is as exact as the other, and to compute in place of sharing costs less
    expect(two('window', 'guidance-share')).toEqual(['window', 'compute']);
  });

  test('of equally cheap ones the most exact', () => {
    const site: SiteCase = {
      low: { cost: 1, moreExact: ['middle'] },
      other: { cost: 1, moreExact: ['middle'] },
      middle: { cost: 5, moreExact: ['high'] },
      high: { cost: 5, moreExact: [] },
      compute: { cost: 9, moreExact: [] },
    };
    expect(share([['low'], ['other']], 1, [site])).toEqual(['high', 'high']);
  });

  test('call 0 reads nothing, so a call that shares its row does not either', () => {
    expect(share([['guidance-share'], ['window+guidance-share']], 1)).toEqual(
      Array(2).fill('guidance-share'),
    );
    // a band alone needs nothing, but what is more exact than it and reuse reads the kept rest
    expect(share([['window-only'], ['reuse']], 1)).toEqual(['compute', 'compute']);
    expect(share([['compute'], ['window-only'], ['reuse']], 2)).toEqual([
      'compute',
      'window',
      'window',
    ]);
  });

  test('what is the same in all of the calls stays, though nothing was kept for it', () => {
    // such a site lies inside one that is replaced
    const rows = [
      ['compute', 'reuse'],
      ['window', 'reuse'],
      ['reuse', 'reuse'],
    ];
    const sites = [attention(0, 1), attention(1, 1)];
    expect(share(rows, 2, sites)).toEqual(['compute,reuse', 'window,reuse', 'window,reuse']);
  });

  test('many rows that fall into few kinds', () => {
    // 40 calls, each of a kind whose calls differ at one site only, where joining them costs little
    const kinds = ['compute', 'window', 'guidance-share', 'reuse'];
    const sites = [
      attention(0, 1000),
      ...Array.from({ length: 10 }, (_, s) => attention(s + 1, 1)),
    ];
    const rows = Array.from({ length: 40 }, (_, call) => [
      kinds[call % 4]!,
      ...sites.slice(1).map((_, s) => (s === Math.floor(call / 4) ? 'window' : 'reuse')),
    ]);
    rows.unshift(sites.map(() => 'compute'));
    const plan = planOf(sites, rows);
    expect(rowsOf(plan)).toBe(41);
    const grouped = groupRows(plan, { maxPrograms: 4, cost });
    expect(grouped.rows.slice(1).map((row) => row[0])).toEqual(rows.slice(1).map((row) => row[0]));
  });

  test('halves of a guidance pair in two calls share with their own kind only', () => {
    const part: PlainSite = {
      ...siteOf(
        {
          compute: { cost: 0, moreExact: [] },
          first: { cost: 0, moreExact: [] },
          second: { cost: 0, moreExact: [] },
        },
        'a.part',
      ),
      parent: 'a',
    };
    const byHalf = (call: number) => ({ 'a.part': call % 2 === 0 ? 'first' : 'second' });
    const site: Site = {
      id: 'a',
      description: '',
      outputs: [],
      parts: [part],
      strategies: {
        compute: compositeOf('compute', '', undefined, { cost: 2, moreExact: [] }),
        share: compositeOf('share', '', byHalf, { cost: 1, moreExact: [] }),
      },
    };
    const names = ['compute', 'compute', 'share', 'compute', 'share', 'share'];
    const plan: Plan = { calls: 6, sites: [site], rows: names.map((name) => [name]) };
    const limited = (maxPrograms: number) =>
      groupRows(plan, { maxPrograms, cost }).rows.map(([name]) => name);
    expect(limited(4)).toEqual(names);
    // of the first halves two share, of the second one: those are made exact
    expect(limited(3)).toEqual(['compute', 'compute', 'share', 'compute', 'share', 'compute']);
    expect(limited(2)).toEqual(Array(6).fill('compute'));
    expect(() => limited(1)).toThrow(expect.objectContaining({ code: 'PLAN_MAX_PROGRAMS' }));
  });

  test.each([0, -1, 1.5, Number.NaN])('%s programs are refused', (most) => {
    expect(() => share([['compute']], most)).toThrow(
      expect.objectContaining({ code: 'PLAN_MAX_PROGRAMS' }),
    );
  });
});

test('more exact by way of others, and compute always', () => {
  const site = siteOf(attention(0, 1), 's');
  expect(moreExactThan(site, 'reuse')).toEqual(
    new Set(['window+guidance-share', 'window', 'guidance-share', 'compute']),
  );
  expect(moreExactThan(site, 'window')).toEqual(new Set(['compute']));
  expect(moreExactThan(site, 'compute')).toEqual(new Set());
  // a site without guidance does not offer what the others would be more exact than
  const { 'window+guidance-share': _, ...rest } = attention(0, 1);
  expect(moreExactThan(siteOf(rest, 's'), 'reuse')).toEqual(new Set(['compute']));
});
