/** The identity of programs on bundles of two operators: which hold, which may round, and for which there is none. */
import { describe, expect, test } from 'vitest';
import { identities } from '../../../src/evidence/measure/identity.js';
import { merged, split, type TinyBundle } from '../../runtime/session/tiny-bundles.js';
import { type Change, feedsOf, programsOf, proofOf, TINY_SOURCE } from './proof.js';

const SETS = [feedsOf(0), feedsOf(1)];

async function proved(tiny: TinyBundle, change?: Change, sets = SETS, source?: string) {
  const proof = await proofOf(tiny, change, source);
  const results = await identities(proof.context, sets);
  return { ...proof, results };
}

test.each([
  ['split', split],
  ['merged', merged],
])('a bundle as it was made: %s', async (_, make) => {
  const { results, notes, unproved, progress } = await proved(make());
  const none = { absolute: 0, relative: 0, identical: true, rounds: false };
  expect(results).toEqual([
    { program: 'full', ...none },
    { program: 'shallow', ...none },
  ]);
  expect([notes, unproved]).toEqual([[], []]);
  expect(progress.slice(0, 4)).toEqual([
    'source model, optimization disabled',
    'bundle, optimization disabled',
    'program full, optimization disabled',
    'program shallow, optimization disabled',
  ]);
});

test('of several sets of inputs the worst counts, first or last', async () => {
  const other = TINY_SOURCE.replace('{2}', '{3}');
  const nothing = feedsOf(0, [0, 0, 0, 0], 1);
  const little = feedsOf(0, [1, 1, 1, 1], 1);
  for (const sets of [
    [nothing, little],
    [little, nothing],
  ]) {
    const { results } = await proved(split(), undefined, sets, other);
    // 3 for 4, where 1 are added
    const found = { absolute: 1, relative: 0.25, identical: false };
    expect(results).toMatchObject([found, found]);
  }
  const { results } = await proved(split(), undefined, [nothing], other);
  expect(results).toMatchObject([{ identical: true }, { identical: true }]);
});

describe('where the source has no answer', () => {
  // of t no logarithm at 0, and nothing else
  const source = TINY_SOURCE.replace(
    'y = Add (deep, t)',
    'l = Log (t) none = Sub (l, l) u = Add (t, none) y = Add (deep, u)',
  );
  const at = (t: number) => feedsOf(0, [1, 2, 3, 4], t);
  const timed: Change = (schedule) => {
    schedule.source.roles = { latent: 'x', timestep: 't' };
  };

  test('nothing is compared, at timesteps that no loop is known to have', async () => {
    const { results, notes, unproved } = await proved(split(), timed, [at(2), at(0)], source);
    expect(results).toMatchObject([{ identical: true }, { identical: true }]);
    expect(unproved).toEqual([]);
    expect(notes).toEqual([
      'the source gives numbers that are not finite at the timesteps 0, so nothing is compared there',
    ]);
  });

  test('nothing is proved, at those of the loop, in the first set, or where none is the timestep', async () => {
    const failed = [{ absolute: Number.POSITIVE_INFINITY }, { absolute: Number.POSITIVE_INFINITY }];
    const ofLoop: Change = (schedule) => {
      timed(schedule);
      schedule.timesteps = [3, 2, 1, 0];
    };
    const all = [
      [ofLoop, [at(2), at(0)]],
      [timed, [at(0), at(2)]],
      [() => {}, [at(2), at(0)]],
    ] as const;
    for (const [change, sets] of all) {
      const { results, notes } = await proved(split(), change, [...sets], source);
      expect(results).toMatchObject(failed);
      expect(notes).toEqual([]);
    }
  });

  test('what is wrong elsewhere is found', async () => {
    const other = source.replace('{2}', '{3}');
    const { results } = await proved(split(), timed, [at(2), at(0)], other);
    expect(results).toMatchObject([{ identical: false }, { identical: false }]);
  });
});

describe('a source that draws noise inside', () => {
  const noisy = TINY_SOURCE.replace(
    'y = Add (deep, t)',
    'n = RandomNormalLike (x) z = Add (deep, n) y = Add (z, t)',
  );

  test('does not agree with itself, so that nothing is proved', async () => {
    const { results, unproved } = await proved(split(), undefined, SETS, noisy);
    expect(results).toBeUndefined();
    expect(unproved).toEqual([
      expect.stringMatching(/^anything: the source draws noise inside \(RandomNormalLike/),
    ]);
  });

  test('is proved where the noise does not show', async () => {
    const idle = noisy.replace('Add (deep, n)', 'Identity (deep)');
    const dropout = TINY_SOURCE.replace('y = Add (deep, t)', 'd = Dropout (deep) y = Add (d, t)');
    for (const source of [idle, dropout]) {
      const { results, unproved } = await proved(split(), undefined, SETS, source);
      expect(results).toMatchObject([{ identical: true }, { identical: true }]);
      expect(unproved).toEqual([]);
    }
  });
});

describe('of programs', () => {
  /** Two that keep and two that read what they kept: the second of each comes later in the loop. */
  const kinds = { full: 'full', shallow: 'shallow', again: 'full', late: 'shallow' } as const;
  const of = async (
    strategies: string[],
    change: Change = () => {},
    calls = Object.keys(kinds),
  ) => {
    const tiny = split();
    const { results, notes } = await proved(tiny, (schedule) => {
      schedule.programs = programsOf(tiny, kinds);
      schedule.calls = calls;
      schedule.sites = { deep: { strategies, values: ['deep'] } };
      change(schedule);
    });
    return {
      proved: results!.map(({ program }) => program),
      rounds: results!.filter(({ rounds }) => rounds).map(({ program }) => program),
      notes,
    };
  };
  const ALL = Object.keys(kinds);
  const [C, R] = ['compute', 'reuse'];

  test('all that compute and reuse are held to the bit', async () => {
    expect(await of([C!, R!, C!, R!])).toEqual({ proved: ALL, rounds: [], notes: [] });
  });

  test.each(['zero', 'window-only', 'extrapolate'])(
    'none holds under %s, nor where its state is read',
    async (strategy) => {
      const { proved, rounds, notes } = await of([strategy, R!, C!, R!]);
      expect(proved).toEqual(['again', 'late']);
      expect(rounds).toEqual([]);
      expect(notes).toEqual([
        expect.stringMatching(/^program "full" replaces values/),
        expect.stringMatching(/^program "shallow" reads "deep" from a program that replaces/),
        ...notes.slice(0, 2),
      ]);
    },
  );

  test('none holds where one of several calls, or sites, replaces values', async () => {
    const one = await of([C!, R!, C!, R!, 'zero'], undefined, [...ALL, 'again']);
    expect(one.proved).toEqual(['full', 'shallow']);
    const more = await of([C!, R!, C!, R!], ({ sites }) => {
      sites!.more = { strategies: [C!, C!, C!, 'zero'] };
    });
    expect(more.proved).toEqual(['full', 'shallow', 'again']);
  });

  test('a program that replaces values says so, though it reads of another that does', async () => {
    const { notes } = await of(['zero', 'zero', C!, R!]);
    expect(notes.slice(0, 2)).toEqual([
      expect.stringMatching(/^program "full" replaces/),
      expect.stringMatching(/^program "shallow" replaces/),
    ]);
  });

  test.each(['window', 'guidance-share', 'delta', 'reuse-front'])(
    '%s may round, and so may what reads its state',
    async (strategy) => {
      expect(await of([strategy, R!, C!, R!])).toMatchObject({
        proved: ALL,
        rounds: ['full', 'shallow'],
      });
      expect((await of([C!, R!, C!, strategy])).rounds).toEqual(['late']);
    },
  );

  test('all may round in a bundle for a target', async () => {
    const { rounds } = await of([C!, R!, C!, R!], (schedule) => {
      schedule.target = 'cpu';
    });
    expect(rounds).toEqual(ALL);
  });
});

test.each([
  ['batch', 'guidance-share', true],
  ['batch', 'compute', false],
  ['two-calls', 'guidance-share', false],
] as const)('in %s, %s is proved on equal halves: %j', async (mode, strategy, equal) => {
  // of two rows, the second is taken for the first
  const source = TINY_SOURCE.replace(
    'deep = Mul (x, two)',
    'order = Constant <value = int64[2] {0, 0}> () same = Gather <axis = 0> (x, order) deep = Mul (same, two)',
  );
  const change: Change = (schedule) => {
    schedule.source.guidance = { order: 'cond-first', mode };
    schedule.source.roles = { latent: 'x' };
    const strategies = schedule.calls.map(() => 'compute');
    schedule.sites = { deep: { strategies: strategies.with(1, strategy), values: ['deep'] } };
  };
  const { results } = await proved(split(), change, SETS, source);
  expect(results!.map(({ identical }) => identical)).toEqual([equal, equal]);
});
