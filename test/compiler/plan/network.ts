/** Made-up networks for plans: what is live in a call is worked out from lists of needs, without a graph. */
import fc from 'fast-check';
import {
  COMPUTE,
  type FlatPlan,
  type LiveUnder,
  type PlainSite,
} from '../../../src/compiler/plan/index.js';

/**
 * A made-up network: a site, when computed, needs other sites before it; so does each state that it
 * keeps. `reuse` needs the state `<id>.output`.
 */
export interface SiteCase {
  readonly needs: readonly number[];
  readonly side: readonly number[];
}

const never = () => {
  throw new Error('nothing is built here');
};

export const siteOf = (s: number): PlainSite => ({
  id: `s${s}`,
  description: '',
  outputs: [],
  states: [],
  strategies: {
    compute: {
      name: COMPUTE,
      description: '',
      reads: [],
      writes: { [`s${s}.output`]: never, [`s${s}.side`]: never },
    },
    reuse: { name: 'reuse', description: '', reads: [`s${s}.output`], produce: never, writes: {} },
    refine: { name: 'refine', description: '', reads: [`s${s}.side`], produce: never, writes: {} },
  },
});

export function networkOf(cases: readonly SiteCase[]): LiveUnder {
  return (row, writes) => {
    const sites = new Set<number>();
    const states = new Set<string>();
    const visit = (s: number) => {
      if (sites.has(s)) return;
      sites.add(s);
      if (row[s] === 'reuse') states.add(`s${s}.output`);
      if (row[s] === 'refine') states.add(`s${s}.side`);
      if (row[s] === 'reuse') return;
      for (const need of cases[s]!.needs) visit(need);
      if (row[s] === COMPUTE && writes.includes(`s${s}.side`))
        for (const need of cases[s]!.side) visit(need);
    };
    visit(cases.length - 1);
    return { sites, states };
  };
}

export const planOf = (rows: readonly (readonly string[])[]): FlatPlan => ({
  calls: rows.length,
  sites: rows[0]!.map((_, s) => siteOf(s)),
  rows,
});

/** A network of up to four sites, and rows for it, the first of which computes all. */
export const anyNetwork = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc.record({
    cases: fc.tuple(
      ...Array.from({ length: count }, (_, s) =>
        fc.record({
          needs: fc.subarray([...Array(s).keys()]),
          side: fc.subarray([...Array(s).keys()]),
        }),
      ),
    ),
    rows: fc
      .array(
        fc.tuple(
          ...Array.from({ length: count }, () => fc.constantFrom('compute', 'reuse', 'refine')),
        ),
        { minLength: 1, maxLength: 6 },
      )
      .map((rows) => [Array<string>(count).fill(COMPUTE), ...rows]),
  }),
);
