/** What `verify` makes of what it finds, on bundles of two operators: what passes, what fails, and what is not proved. */
import { describe, expect, test } from 'vitest';
import type { VerifyOptions } from '../../../src/node.js';
import { split, withRoles } from '../../runtime/session/tiny-bundles.js';
import { type Change, TINY_SOURCE, withModel } from './proof.js';
import { type Given, verified } from './verified.js';

const ofLevels = (...levels: VerifyOptions['levels'] & object): Given => ({ options: { levels } });
const DISABLED = ofLevels('disabled');

describe('a bundle that is right', () => {
  test('is held to the bit without optimization, and tried under it', async () => {
    const report = await verified(split());
    expect(report).toMatchObject({
      passed: true,
      tolerance: 1e-5,
      statements: [],
      unproved: [],
      notes: [],
      loop: { calls: 4, combinations: 2, loops: 1 },
      sizes: { batch: 2 },
      weights: [],
    });
    const line = (c: (typeof report.checks)[0]) =>
      `${c.kind} ${c.call ?? c.program} ${c.optimization} ${c.mustBeExact} ${c.exact} ${c.passed}`;
    expect(report.checks.map(line)).toEqual([
      'identity full disabled true true true',
      'identity shallow disabled true true true',
      'identity full all false true true',
      'identity shallow all false true true',
      'loop 0 disabled true true true',
      'loop 1 disabled true true true',
    ]);
  });

  test('is tried under what is asked for', async () => {
    const { checks, passed } = await verified(split(), ofLevels('all'));
    expect(passed).toBe(true);
    expect(checks).toHaveLength(4);
    expect(checks.every((c) => c.optimization === 'all' && !c.mustBeExact)).toBe(true);
  });

  test('is tried at the sizes that are asked for', async () => {
    const { sizes, passed } = await verified(split(), {
      options: { levels: ['disabled'], shapes: { x: [3, 2] } },
    });
    expect([sizes, passed]).toEqual([{ batch: 3 }, true]);
  });

  test('is tried under no level at all, which proves nothing of its programs', async () => {
    const { checks } = await verified(split(), ofLevels());
    expect(checks.map((c) => c.kind)).toEqual(['loop', 'loop']);
  });
});

describe('a bundle that is off', () => {
  const off = (by: number): string => TINY_SOURCE.replace('{2}', `{${2 * (1 + by)}}`);
  const forTarget = {
    change: ((schedule) => {
      schedule.target = 'cpu';
    }) as Change,
    report: { target: { name: 'cpu' } },
  };

  test('by a last bit does not pass without optimization', async () => {
    const { passed, checks } = await verified(split(), { source: off(2 ** -22), ...DISABLED });
    expect(passed).toBe(false);
    expect(checks.map((c) => [c.passed, c.exact, c.relative < 1e-6])).toEqual(
      checks.map(() => [false, false, true]),
    );
  });

  test.each([
    [2 ** -22, true],
    [1e-4, false],
  ])('by %d passes for a target: %j', async (by, passes) => {
    const report = await verified(split(), { source: off(by), ...forTarget, ...DISABLED });
    expect(report.passed).toBe(passes);
    expect(report.checks.every((c) => !c.mustBeExact && !c.exact && c.passed === passes)).toBe(
      true,
    );
  });

  test('passes up to the tolerance, and not beyond', async () => {
    const given = { source: off(1e-3), ...forTarget };
    const tried = (options: Partial<VerifyOptions> = {}) =>
      verified(split(), { ...given, options: { levels: ['disabled'], ...options } });
    const { checks } = await tried();
    const worst = Math.max(...checks.map((c) => c.relative));
    expect((await tried({ tolerance: worst })).passed).toBe(true);
    const below = await tried({ tolerance: worst * (1 - 1e-9) });
    expect(below.passed).toBe(false);
    expect(below.checks.some((c) => c.passed)).toBe(true);
    // other inputs are off by another number
    const other = await tried({ seed: 7 });
    expect(other.checks.map((c) => c.absolute)).not.toEqual(checks.map((c) => c.absolute));
  });

  test('from a timestep on is found among those all over the range', async () => {
    // the model as it is, but for timesteps from 900 on
    const tiny = withModel(
      withRoles(split()),
      'shallow',
      `shallow (float[1] t, float[batch,2] deep_in) => (float[batch,2] y) <float[1] most = {899}>
        { c = Min (t, most) y = Add (deep_in, c) }`,
    );
    const seen: string[] = [];
    const report = await verified(tiny, { options: { onProgress: (what) => seen.push(what) } });
    expect(report.passed).toBe(false);
    expect(report.checks.filter((c) => !c.passed).map((c) => `${c.kind} ${c.program}`)).toContain(
      'identity shallow',
    );
    // borders of 899 on both sides beside eight; under the second level one is enough
    const times = (optimization: string) =>
      seen.filter((what) => what === `program shallow, optimization ${optimization}`).length;
    expect([times('disabled'), times('all')]).toEqual([10, 1]);
  });
});

describe('does not pass, though every check does,', () => {
  test('what the schedule says and is not so', async () => {
    const report = await verified(split(), {
      change: ({ states }) => {
        states.spare = { type: 'float32', shape: [] };
      },
      options: { levels: ['disabled'], allowUnproved: true },
    });
    expect(report).toMatchObject({
      passed: false,
      statements: [{ path: '/states/spare', message: 'is of no program' }],
      unproved: [],
    });
    expect(report.checks.every((c) => c.passed)).toBe(true);
  });

  test('a claim that is not so', async () => {
    const { passed, statements } = await verified(split(), {
      change: ({ sites }) => {
        sites!.deep!.invariant = ['t'];
      },
      ...DISABLED,
    });
    expect(passed).toBe(false);
    expect(statements).toMatchObject([{ path: '/sites/deep/invariant' }]);
  });

  test('a state that the engine shows to be another', async () => {
    const { passed, statements } = await verified(split(), {
      change: ({ states }) => {
        states.deep!.shape = ['batch', null, 1];
      },
      ...DISABLED,
    });
    expect(passed).toBe(false);
    expect(statements.map(({ path }) => path)).toContain('/states/deep/shape');
    const texts = statements.map(({ path, message }) => `${path} ${message}`);
    expect(new Set(texts).size).toBe(texts.length);
  });

  test.each([true, false])(
    'what is not proved, unless that is allowed: %j',
    async (allowUnproved) => {
      const report = await verified(split(), {
        change: (schedule) => {
          delete schedule.sites;
        },
        options: { levels: ['disabled'], allowUnproved },
      });
      expect(report).toMatchObject({
        passed: allowUnproved,
        unproved: ['the loop, since the schedule does not say its plan'],
        loop: { calls: 4, combinations: 0, loops: 0 },
      });
      expect(report.checks).toHaveLength(2);
    },
  );
});

describe('nothing is proved', () => {
  test('where inputs are not those of the source, allowed or not', async () => {
    const report = await verified(split(), {
      source: TINY_SOURCE.replace('x, float[1] t', 'x, float[1] t, float[1] more'),
      options: { levels: ['disabled'], allowUnproved: true },
    });
    expect(report).toMatchObject({
      passed: false,
      checks: [],
      unproved: [
        'anything, since inputs and outputs are not those of the source',
        'program "full", which no check ran',
        'program "shallow", which no check ran',
      ],
    });
  });

  test('where the source draws noise', async () => {
    const report = await verified(split(), {
      source: TINY_SOURCE.replace(
        'y = Add (deep, t)',
        'n = RandomNormalLike (x) z = Add (n, t) y = Add (deep, z)',
      ),
      options: { levels: ['disabled'], allowUnproved: true },
    });
    expect(report).toMatchObject({ passed: false, checks: [] });
    expect(report.unproved).toHaveLength(3);
  });

  test('of a program that no check ran', async () => {
    const { unproved, passed } = await verified(split(), {
      change: ({ sites }) => {
        sites!.deep!.strategies = ['compute', 'extrapolate', 'extrapolate', 'compute'];
      },
      ...DISABLED,
    });
    expect(passed).toBe(false);
    expect(unproved).toEqual([
      expect.stringMatching(/^the loop, since the strategy "extrapolate"/),
      'program "shallow", which no check ran',
    ]);
  });
});
