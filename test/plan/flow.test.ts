/** What flows from call to call: who writes a state, who may read it, and which calls share a program. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepcache } from '../../passes/deepcache/index.js';
import type { Compilation } from '../../src/pipeline/index.js';
import { Pipeline } from '../../src/pipeline/index.js';
import { makePlan, overridePlan, planToJson, type Site } from '../../src/plan/index.js';
import { compileSites, EMITS } from '../helpers/compile.js';
import { modelOf, named } from '../helpers/text.js';
import { TINY_UNET } from '../helpers/unets.js';

const compile = (calls: number, options: Record<string, unknown>) =>
  Pipeline.create({ calls })
    .use(deepcache, { branch: 1, ...options })
    .compile(modelOf(TINY_UNET));

/** For each call whether its program writes the state. */
const writers = ({ instrumented, lowered }: Compilation) =>
  instrumented.calls.map((program) =>
    lowered.programs.get(program)!.some((run) => 'deep.0' in (run.writes ?? {})),
  );

describe('a state is written only by calls that a later reader depends on', () => {
  test('intervals and numbers of calls', async () => {
    for (let calls = 1; calls <= 9; calls++)
      for (let interval = 1; interval <= 5; interval++) {
        // a full call is followed by a reader unless it is the last, or the next is full as well
        const expected = Array.from(
          { length: calls },
          (_, t) => t % interval === 0 && interval > 1 && t + 1 < calls,
        );
        expect(writers(await compile(calls, { interval })), `${calls} by ${interval}`).toEqual(
          expected,
        );
      }
  });

  test('any list of full calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 1, max: 12 })
          .chain((calls) =>
            fc.tuple(fc.constant(calls), fc.subarray(Array.from({ length: calls }, (_, t) => t))),
          ),
        async ([calls, some]) => {
          const full = [...new Set([0, ...some])];
          const expected = Array.from(
            { length: calls },
            (_, t) => full.includes(t) && t + 1 < calls && !full.includes(t + 1),
          );
          expect(writers(await compile(calls, { full }))).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('zeros need no state at all', async () => {
    const { instrumented, lowered } = await compile(6, { interval: 3, strategy: 'zero' });
    expect(instrumented.states.size).toBe(0);
    for (const runs of lowered.programs.values())
      for (const run of runs) expect([run.reads, run.writes]).toEqual([undefined, undefined]);
  });

  test('a last full call shares the model of the others and fetches less', async () => {
    const { instrumented, lowered } = await compile(4, { interval: 3 });
    expect(instrumented.calls).toEqual(['full', 'shallow', 'shallow', 'full-stateless']);
    expect(lowered.models.size).toBe(2);
    expect(lowered.programs.get('full-stateless')).toEqual([{ model: 'full' }]);
  });
});

describe('reading before writing', () => {
  const model = modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) b = Abs (a) y = Relu (b) }');
  const site = (id: string, value: string): Site => ({
    id,
    description: id,
    outputs: [named(model, value)],
    states: [{ id: `${id}.0`, like: named(model, value) }],
    strategies: {
      compute: {
        name: 'compute',
        description: '',
        reads: [],
        writes: { [`${id}.0`]: (b) => b.value(named(model, value)) },
      },
      reuse: {
        name: 'reuse',
        description: '',
        reads: [`${id}.0`],
        produce: (b) => [b.state(`${id}.0`)],
        writes: {},
      },
    },
  });

  test.each(EMITS)('names call, site, strategy and state (%s)', (emit) => {
    try {
      compileSites(model, [site('s', 'a')], [['reuse'], ['compute']], emit);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'PLAN_UNASSIGNED',
        message: expect.stringMatching(/^Call 0 .*"s" by "reuse".*state "s.0"/),
        details: { path: '/sites/s/0' },
      });
    }
  });

  test('a site that was not live when it was computed has written nothing', () => {
    // call 0 computes the inner site; call 1 reuses the outer one, so the inner does not run; in
    // call 2 the inner one reads what call 0 kept
    const sites = [site('inner', 'a'), site('outer', 'b')];
    const { instrumented } = compileSites(
      model,
      sites,
      [
        ['compute', 'compute'],
        ['compute', 'reuse'],
        ['reuse', 'compute'],
      ],
      'split',
    );
    expect(instrumented.programs.map((p) => [p.row, p.reads, p.writes])).toEqual([
      [['compute', 'compute'], [], ['inner.0', 'outer.0']],
      [[undefined, 'reuse'], ['outer.0'], []],
      [['reuse', 'compute'], ['inner.0'], []],
    ]);
    expect(() =>
      compileSites(
        model,
        sites,
        [
          ['reuse', 'compute'],
          ['compute', 'compute'],
        ],
        'split',
      ),
    ).toThrow(/Call 0 produces site "inner"/);
  });

  test('what a call asks for inside a replaced site is not asked for', () => {
    const sites = [site('inner', 'a'), site('outer', 'b')];
    // in call 1 nothing reads the inner state although the plan says so, so none is kept for it
    const { instrumented } = compileSites(
      model,
      sites,
      [
        ['compute', 'compute'],
        ['reuse', 'reuse'],
      ],
      'split',
    );
    expect(instrumented.programs[0]!.writes).toEqual(['outer.0']);
    expect([...instrumented.states.keys()]).toEqual(['outer.0']);
  });

  test('calls with equal rows share a program, whatever the plan says of dead sites', () => {
    const { instrumented } = compileSites(
      model,
      [site('inner', 'a'), site('outer', 'b')],
      [
        ['compute', 'compute'],
        ['reuse', 'reuse'],
        ['compute', 'reuse'],
      ],
      'split',
    );
    expect(new Set(instrumented.calls).size).toBe(2);
  });
});

describe('plans', () => {
  const model = modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) y = Relu (a) }');
  const site = (id: string, value = 'a'): Site => ({
    id,
    description: id,
    outputs: [named(model, value)],
    states: [],
    strategies: {
      compute: { name: 'compute', description: '', reads: [], writes: {} },
      zero: {
        name: 'zero',
        description: '',
        reads: [],
        writes: {},
        produce: (b) => [b.value(named(model, 'x'))],
      },
    },
  });

  test('a site without entries is computed', () => {
    expect(makePlan(2, [{ sites: [site('s')], entries: {} }]).rows).toEqual([
      ['compute'],
      ['compute'],
    ]);
  });

  test.each<[string, () => unknown, string]>([
    [
      'an entry for no site',
      () => makePlan(1, [{ sites: [site('s')], entries: { t: ['zero'] } }]),
      'PLAN_UNKNOWN_SITE',
    ],
    [
      'a column of another length',
      () => makePlan(2, [{ sites: [site('s')], entries: { s: ['zero'] } }]),
      'PLAN_LENGTH',
    ],
    [
      'a strategy that the site has not',
      () => makePlan(1, [{ sites: [site('s')], entries: { s: ['window'] } }]),
      'PLAN_UNKNOWN_STRATEGY',
    ],
    [
      'two passes with one site id',
      () =>
        makePlan(1, [
          { sites: [site('s')], entries: {} },
          { sites: [site('s', 'y')], entries: {} },
        ]),
      'PLAN_CONFLICT',
    ],
    [
      'two sites with one value',
      () => makePlan(1, [{ sites: [site('s'), site('t')], entries: {} }]),
      'PLAN_CONFLICT',
    ],
  ])('%s', (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });

  test('a plan file replaces columns', () => {
    const plan = makePlan(2, [{ sites: [site('s')], entries: { s: ['compute', 'zero'] } }]);
    const file = planToJson(plan);
    expect(file.sites).toEqual({ s: ['compute', 'zero'] });
    expect(overridePlan(plan, { ...file, sites: { s: ['zero', 'zero'] } }).rows).toEqual([
      ['zero'],
      ['zero'],
    ]);
    expect(() => overridePlan(plan, { ...file, calls: 3 })).toThrow(
      expect.objectContaining({ code: 'PLAN_LENGTH' }),
    );
  });
});
