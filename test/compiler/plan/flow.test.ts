/** What flows from call to call: who may read a state that another call wrote, and which calls share a program. */
import { describe, expect, test } from 'vitest';
import type { PlainSite } from '../../../src/compiler/plan/index.js';
import { compileSites, EMITS } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

describe('reading before writing', () => {
  const model = modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) b = Abs (a) y = Relu (b) }');
  const site = (id: string, value: string): PlainSite => ({
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
    expect(instrumented.variants.map((p) => [p.row, p.reads, p.writes])).toEqual([
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
    expect(instrumented.variants[0]!.writes).toEqual(['outer.0']);
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
