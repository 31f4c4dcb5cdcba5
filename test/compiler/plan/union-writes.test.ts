/**
 * Calls made to write the same: every call still reads what the same call wrote, whatever the plan,
 * and what can share a program does.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  analyzeFlow,
  type LiveUnder,
  unionWrites,
  type Variant,
} from '../../../src/compiler/plan/index.js';
import { anyNetwork, networkOf, planOf } from './network.js';

/** What each call reads, and which call wrote it last. */
function sources(calls: readonly Variant[]): Record<string, number>[] {
  const last = new Map<string, number>();
  return calls.map(({ reads, writes }, call) => {
    const found = Object.fromEntries(reads.map((state) => [state, last.get(state) ?? -1]));
    for (const state of writes) last.set(state, call);
    return found;
  });
}

const programs = (calls: readonly Variant[]) =>
  new Set(calls.map(({ row, writes }) => JSON.stringify([row, writes]))).size;

describe('unionWrites', () => {
  test('no call reads anything else than before, and none writes less', () => {
    let joined = 0;
    fc.assert(
      fc.property(anyNetwork, ({ cases, rows }) => {
        const plan = planOf(rows);
        const live = networkOf(cases);
        let before: Variant[];
        try {
          before = analyzeFlow(plan, live);
        } catch {
          return; // reads what was never written
        }
        const after = unionWrites(plan, before, live);
        const [readBefore, readAfter] = [sources(before), sources(after)];
        for (const [call, reads] of readAfter.entries()) {
          expect(reads).toMatchObject(readBefore[call]!);
          expect(Object.values(reads)).not.toContain(-1);
          expect(after[call]!.writes).toEqual(expect.arrayContaining([...before[call]!.writes]));
          const { sites, states } = live(rows[call]!, after[call]!.writes);
          expect(after[call]!.row).toEqual(
            rows[call]!.map((name, s) => (sites.has(s) ? name : undefined)),
          );
          expect(new Set(after[call]!.reads)).toEqual(states);
        }
        expect(programs(after)).toBeLessThanOrEqual(programs(before));
        if (programs(after) < programs(before)) joined++;
      }),
      { numRuns: 800, seed: 1 },
    );
    expect(joined).toBeGreaterThan(20);
  });

  /** One site that needs nothing: what is written never depends on anything. */
  const alone = networkOf([{ needs: [], side: [] }]);
  const flowOf = (rows: string[][], live: LiveUnder = alone) => analyzeFlow(planOf(rows), live);

  test('calls with equal rows become one program where nothing stands against it', () => {
    const rows = [['compute'], ['reuse'], ['compute'], ['refine'], ['compute']];
    const before = flowOf(rows);
    expect(before.map(({ writes }) => writes)).toEqual([['s0.output'], [], ['s0.side'], [], []]);
    const after = unionWrites(planOf(rows), before, alone);
    expect(after.map(({ writes }) => writes)).toEqual([
      ['s0.output', 's0.side'],
      [],
      ['s0.output', 's0.side'],
      [],
      ['s0.output', 's0.side'],
    ]);
  });

  test('no more is written than the number of programs asks for', () => {
    const rows = [['compute'], ['reuse'], ['compute'], ['refine'], ['compute']];
    const before = flowOf(rows);
    expect(programs(before)).toBe(5);
    const joins = (most: number) => unionWrites(planOf(rows), before, alone, most);
    expect(joins(5)).toEqual(before);
    // the last call writes one state for nothing; the first and the third together would write two
    const written = (flows: Variant[]) => flows.flatMap(({ writes }) => writes).length;
    expect([before, joins(4), joins(3)].map(written)).toEqual([2, 3, 6]);
    expect(programs(joins(4))).toBe(4);
    expect(programs(joins(3))).toBe(3);
  });

  test('what is least to write beside is joined first', () => {
    const rows = ['compute', 'reuse', 'compute', 'refine', 'compute', 'reuse', 'refine'].map(
      (name) => [name],
    );
    const before = flowOf(rows);
    const kept = (flows: Variant[]) => flows.map(({ writes }) => writes.length);
    expect(kept(before)).toEqual([1, 0, 1, 0, 2, 0, 0]);
    // one more with the call that keeps both, and two more without it
    const after = unionWrites(planOf(rows), before, alone, programs(before) - 1);
    expect(programs(after)).toBe(programs(before) - 1);
    expect(kept(after).reduce((a, b) => a + b, 0)).toBe(5);
  });

  test('a site that is live in the later of two calls only becomes live in the earlier', () => {
    const live = networkOf([
      { needs: [], side: [] },
      { needs: [], side: [0] },
    ]);
    const shared = ['reuse', 'compute'];
    const rows = [['compute', 'compute'], ['reuse', 'refine'], shared, shared, ['reuse', 'refine']];
    const plan = planOf(rows);
    const before = analyzeFlow(plan, live);
    expect(before[2]!.row).toEqual([undefined, 'compute']);
    const after = unionWrites(plan, before, live);
    expect(after[2]).toEqual(after[3]);
    expect(after[2]).toEqual({ row: shared, reads: ['s0.output'], writes: ['s1.side'] });
  });

  test('a call that could not read what the writing needs keeps its own program', () => {
    // to keep the side of s1, s0 is needed, which the plan reuses; before call 1 nothing is kept of it
    const live = networkOf([
      { needs: [], side: [] },
      { needs: [], side: [0] },
    ]);
    const shared = ['reuse', 'compute'];
    const rows = [
      shared,
      ['compute', 'compute'],
      ['reuse', 'refine'],
      shared,
      ['reuse', 'refine'],
      shared,
    ];
    const plan = planOf(rows);
    const before = analyzeFlow(plan, live);
    expect([0, 3, 5].map((call) => before[call])).toEqual([
      { row: [undefined, 'compute'], reads: [], writes: [] },
      { row: ['reuse', 'compute'], reads: ['s0.output'], writes: ['s1.side'] },
      { row: [undefined, 'compute'], reads: [], writes: [] },
    ]);
    // calls 0 and 5 are one program, so that neither joins the third
    expect(unionWrites(plan, before, live)).toEqual(before);
    // without call 0, nothing stands against it
    const later = planOf(rows.slice(1));
    const after = unionWrites(later, analyzeFlow(later, live), live);
    expect(after[4]).toEqual(after[2]);
    expect(after[4]!.reads).toEqual(['s0.output']);
  });

  test('a call that would take the place of the one that wrote what is read keeps its own', () => {
    const live = networkOf([
      { needs: [], side: [] },
      { needs: [], side: [0] },
    ]);
    // call 3 reads what call 0 kept of s0; call 2 does not run s0, but would if it kept the side of s1
    const full = ['compute', 'compute'];
    const rows = [full, ['compute', 'refine'], full, ['reuse', 'compute'], ['compute', 'refine']];
    const plan = planOf(rows);
    const before = analyzeFlow(plan, live);
    expect(before[0]!.writes).toEqual(['s0.output', 's1.side']);
    expect(before[2]).toEqual({ row: [undefined, 'compute'], reads: [], writes: [] });
    expect(before[3]!.reads).toEqual(['s0.output']);
    expect(unionWrites(plan, before, live)).toEqual(before);
  });
});
