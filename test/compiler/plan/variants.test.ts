/** What a call must keep for later calls, and how calls that run the same come to share a program. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  analyzeFlow,
  COMPUTE,
  type FlatPlan,
  nameVariants,
  type PlainSite,
  strategiesByName,
  strategyOf,
  type Variant,
} from '../../../src/compiler/plan/index.js';
import { anyNetwork, networkOf, planOf } from './network.js';

describe('analyzeFlow', () => {
  test('every read has its writer, the last call that could write, whatever the plan', () => {
    let reads = 0;
    let refused = 0;
    fc.assert(
      fc.property(anyNetwork, ({ cases, rows }) => {
        const plan = planOf(rows);
        const live = networkOf(cases);
        let calls: Variant[];
        try {
          calls = analyzeFlow(plan, live);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PLAN_UNASSIGNED' });
          refused++;
          return;
        }
        const last = new Map<string, number>();
        for (const [call, flow] of calls.entries()) {
          const { sites, states } = live(rows[call]!, flow.writes);
          expect(flow.row).toEqual(rows[call]!.map((name, s) => (sites.has(s) ? name : undefined)));
          expect(new Set(flow.reads)).toEqual(states);
          for (const state of states) {
            expect(calls[last.get(state)!]!.writes).toContain(state);
            reads++;
          }
          for (const [s, name] of flow.row.entries())
            if (name === COMPUTE)
              for (const kept of ['output', 'side']) last.set(`s${s}.${kept}`, call);
        }
      }),
      { numRuns: 300, seed: 3 },
    );
    expect(reads).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(10);
  });

  const alone = networkOf([{ needs: [], side: [] }]);
  test.each<[string, string[], string[][]]>([
    [
      'the last before a reader',
      ['compute', 'compute', 'reuse', 'reuse', 'compute'],
      [[], ['output'], [], [], []],
    ],
    [
      'one for two readers of two states',
      ['compute', 'reuse', 'refine'],
      [['output', 'side'], [], []],
    ],
    [
      'again after a new one',
      ['compute', 'refine', 'compute', 'refine'],
      [['side'], [], ['side'], []],
    ],
    ['none', ['compute', 'compute'], [[], []]],
  ])('writes are as few as can be: %s', (_, column, writes) => {
    const calls = analyzeFlow(planOf(column.map((name) => [name])), alone);
    expect(calls.map((call) => call.writes)).toEqual(
      writes.map((kept) => kept.map((id) => `s0.${id}`)),
    );
  });

  test('what a state needs to be written is read, and so written, as well', () => {
    // the side of s1 needs s0, which call 2 takes from call 0
    const live = networkOf([
      { needs: [], side: [] },
      { needs: [], side: [0] },
    ]);
    const rows = [
      ['compute', 'compute'],
      ['compute', 'refine'],
      ['reuse', 'compute'],
      ['reuse', 'refine'],
    ];
    const refined = { row: [undefined, 'refine'], reads: ['s1.side'], writes: [] };
    expect(analyzeFlow(planOf(rows), live)).toEqual([
      { row: ['compute', 'compute'], reads: [], writes: ['s0.output', 's1.side'] },
      refined,
      { row: ['reuse', 'compute'], reads: ['s0.output'], writes: ['s1.side'] },
      refined,
    ]);
  });

  test('each row is looked up once for what it writes', () => {
    const asked: string[] = [];
    analyzeFlow(
      planOf([['compute'], ['reuse'], ['compute'], ['reuse'], ['reuse']]),
      (row, writes) => {
        asked.push(`${row}>${writes}`);
        return alone(row, writes);
      },
    );
    expect(asked).toEqual(['compute>', 'reuse>', 'compute>s0.output']);
  });

  test.each([
    ['by itself', undefined, 's0'],
    ['as a part', 'whole', 'whole'],
  ])('a read before any write names the site %s', (_, parent, named) => {
    const plan = planOf([
      ['compute', 'compute'],
      ['compute', 'refine'],
      ['refine', 'compute'],
    ]);
    const sites = plan.sites.map((site) => ({ ...site, ...(parent && { parent }) }));
    const live = networkOf([
      { needs: [], side: [] },
      { needs: [0], side: [] },
    ]);
    // call 0 is one in which s0 is not live, so that call 2 finds nothing of it
    const dead: typeof live = (row, writes) =>
      row[0] === 'compute'
        ? { sites: new Set([1]), states: new Set(row[1] === 'refine' ? ['s1.side'] : []) }
        : live(row, writes);
    expect(() => analyzeFlow({ ...plan, sites }, dead)).toThrow(
      expect.objectContaining({
        code: 'PLAN_UNASSIGNED',
        message: expect.stringMatching(new RegExp(`^Call 2 .*"${named}" by "refine".*"s0.side"`)),
      }),
    );
  });
});

const made = () => [];
const site = (id: string): PlainSite => ({
  id,
  description: '',
  outputs: [],
  states: [],
  strategies: strategiesByName([
    strategyOf(COMPUTE, ''),
    strategyOf('keep', '', { program: 'kept' }),
    strategyOf('reuse', '', { produce: made, program: 'shallow' }),
    strategyOf('zero', '', { produce: made, program: 'shallow' }),
    strategyOf('skip', '', { produce: made, program: 'skipped' }),
    strategyOf('band', '', { produce: made }),
  ]),
});
const plan: FlatPlan = { calls: 0, sites: [site('a'), site('b')], rows: [] };
const call = (row: string, writes = ''): Variant => ({
  row: row.split(' ').map((name) => (name === '-' ? undefined : name)),
  reads: [],
  writes: writes.split(' ').filter(Boolean),
});

describe('nameVariants', () => {
  test.each<[string, string]>([
    ['compute compute', 'full'],
    ['compute -', 'full'],
    // it computes, and keeps something else
    ['keep compute', 'full'],
    ['reuse compute', 'shallow'],
    ['compute reuse', 'shallow'],
    ['- reuse', 'shallow'],
    ['keep reuse', 'shallow'],
    ['reuse zero', 'shallow'],
    ['reuse skip', 'mixed'],
    ['band compute', 'mixed'],
    ['band band', 'mixed'],
    ['band reuse', 'mixed'],
  ])('%s is %s', (row, name) => {
    expect(nameVariants(plan, [call(row)])).toEqual({
      variants: [{ ...call(row), name }],
      calls: [name],
    });
  });

  test.each<[string, Variant[], string[]]>([
    [
      'equal calls share one',
      [call('reuse compute'), call('compute compute'), call('reuse compute')],
      ['shallow', 'full', 'shallow'],
    ],
    [
      'rows of one word are numbered',
      [call('reuse compute'), call('zero compute'), call('reuse reuse')],
      ['shallow', 'shallow-2', 'shallow-3'],
    ],
    [
      'dead sites are not computed ones',
      [call('- compute'), call('compute compute')],
      ['full', 'full-2'],
    ],
    [
      'one that writes less, and one that writes nothing',
      [call('compute compute'), call('compute compute', 'x'), call('compute compute', 'x y')],
      ['full-stateless', 'full-partial', 'full'],
    ],
    [
      'two that write less',
      [
        call('compute compute', 'x y z'),
        call('compute compute', 'x'),
        call('compute compute', 'x y'),
      ],
      ['full', 'full-partial-2', 'full-partial'],
    ],
    [
      'one that writes something else',
      [call('compute compute', 'x y'), call('compute compute', 'z')],
      ['full', 'full-2'],
    ],
    [
      'one that writes some of it, and something else',
      [call('compute compute', 'x z'), call('compute compute', 'x y')],
      ['full', 'full-2'],
    ],
    [
      'something else, and nothing',
      [call('compute compute'), call('compute compute', 'x'), call('compute compute', 'y')],
      ['full-stateless', 'full', 'full-2'],
    ],
    [
      'the second row of a word, written less',
      [call('reuse compute', 'x'), call('zero compute', 'x'), call('zero compute')],
      ['shallow', 'shallow-2', 'shallow-2-stateless'],
    ],
  ])('%s', (_, calls, names) => {
    const { variants, calls: given } = nameVariants(plan, calls);
    expect(given).toEqual(names);
    expect(variants.map(({ name }) => name).sort()).toEqual([...new Set(names)].sort());
    for (const { name, ...flow } of variants)
      expect(calls.filter((_, t) => names[t] === name)).toContainEqual(flow);
  });
});
