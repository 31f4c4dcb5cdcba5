/** The loop of a proof on bundles of two operators: which calls run, what they are held against, what may round. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loop } from '../../../src/evidence/measure/loop.js';
import { chain, merged, split } from '../../runtime/session/tiny-bundles.js';
import { type Change, feedsOf, type Proof, programsOf, proofOf } from './proof.js';

const C = 'compute';
const R = 'reuse';

/** With the plan that the bundle was made from. */
const planned =
  (strategies: readonly string[], change: Change = () => {}): Change =>
  (schedule) => {
    schedule.sites = { deep: { strategies: [...strategies], values: ['deep'] } };
    change(schedule);
  };

async function checked({ context, wrong, unproved, progress }: Proof) {
  const { checks, combinations } = await loop(context, (call) => feedsOf(call));
  return {
    calls: checks.map(({ call }) => call),
    failed: checks.filter(({ identical }) => !identical).map(({ call }) => call),
    rounds: checks.filter(({ rounds }) => rounds).map(({ call }) => call),
    checks,
    combinations,
    wrong,
    unproved,
    progress,
  };
}

describe.each(Object.entries({ split, merged, chain }))('%s', (_, make) => {
  test('as it was made', async () => {
    const proof = await proofOf(make(), planned([C, R, R, C]));
    const before = fs.readdirSync(path.dirname(proof.context.folder));
    expect(await checked(proof)).toMatchObject({
      calls: [0, 1],
      failed: [],
      rounds: [],
      combinations: 2,
      wrong: [],
      unproved: [],
      checks: [
        { program: 'full', absolute: 0, relative: 0 },
        { program: 'shallow', absolute: 0, relative: 0 },
      ],
      progress: ['reference for 2 of 4 calls', 'call 0 of the loop', 'call 1 of the loop'],
    });
    const left = fs.readdirSync(path.dirname(proof.context.folder));
    expect(left.filter((name) => !before.includes(name) && name.includes('verify'))).toEqual([]);
  });

  test('that reuses where the plan computes', async () => {
    const { calls, failed } = await checked(await proofOf(make(), planned([C, R, C, C])));
    expect(calls).toEqual([0, 1, 2]);
    expect(failed).toEqual([2]);
  });

  test('that computes where the plan reuses', async () => {
    const { failed, calls } = await checked(await proofOf(make(), planned([C, R, R, R])));
    expect(calls).toEqual([0, 1, 3]);
    expect(failed).toEqual([3]);
  });
});

test('a state that is wrong about itself is found where calls are played', async () => {
  const { wrong, failed } = await checked(
    await proofOf(
      split(),
      planned([C, R, R, C], ({ states }) => {
        states.deep!.type = 'float16';
      }),
    ),
  );
  expect(failed).toEqual([]);
  expect(wrong).toEqual([expect.stringContaining('/states/deep/type says float16')]);
});

test('without a reference nothing is proved', async () => {
  expect(await checked(await proofOf(split()))).toMatchObject({
    checks: [],
    combinations: 0,
    unproved: ['the loop, since the schedule does not say its plan'],
  });
});

test('both halves of a guidance pair are tried, where each has a call of its own', async () => {
  const pairs = (mode: 'batch' | 'two-calls'): Change =>
    planned([C, C, C, C], ({ source, calls }) => {
      source.guidance = { order: 'cond-first', mode };
      calls.fill('full');
    });
  expect(await checked(await proofOf(split(), pairs('two-calls')))).toMatchObject({
    calls: [0, 1],
    combinations: 2,
  });
  expect(await checked(await proofOf(split(), pairs('batch')))).toMatchObject({
    calls: [0],
    combinations: 1,
  });
});

test('calls of one program and other strategies are other combinations', async () => {
  const { calls } = await checked(
    await proofOf(
      split(),
      planned([C, C, R, C], (schedule) => {
        schedule.calls.fill('full');
        schedule.sites!.more = { strategies: [C, 'zero', C, C], values: ['y'] };
      }),
    ),
  );
  expect(calls).toEqual([0, 1, 2]);
});

describe('what is rounded otherwise than the source', () => {
  /** The strategy is one of the plan alone: what the calls give is not asked. */
  const rounding = async (strategies: string[], calls: string[], more: Change = () => {}) => {
    const tiny = split();
    const proof = await proofOf(tiny, (schedule) => {
      schedule.sites = { deep: { strategies, values: ['deep'] } };
      schedule.source.guidance = { order: 'cond-first', mode: 'batch' };
      const kinds = { full: 'full', half: 'full', shallow: 'shallow', late: 'shallow' } as const;
      schedule.programs = programsOf(tiny, kinds);
      schedule.calls = calls;
      more(schedule);
    });
    return (await checked(proof)).rounds;
  };
  const S = 'guidance-share';

  test('is what a strategy sums in another order, and what takes from it', async () => {
    // call 2 takes what call 1 kept; call 3 keeps anew
    const calls = ['full', 'half', 'shallow', 'full', 'late'];
    expect(await rounding([C, S, R, C, R], calls)).toEqual([1, 2]);
    expect(await rounding([C, C, R, C, R], calls)).toEqual([]);
  });

  test('is what takes from it by the schedule alone, or by the plan alone', async () => {
    // the program of call 2 reads what the plan computes
    expect(await rounding([S, C, C, R], ['half', 'full', 'shallow', 'late'])).toEqual([0]);
    expect(await rounding([C, S, C], ['full', 'half', 'shallow'])).toEqual([1, 2]);
    expect(await rounding([S, R], ['half', 'full'])).toEqual([0, 1]);
  });

  test('is what one of several sites sums in another order', async () => {
    const more: Change = ({ sites }) => {
      sites!.more = { strategies: [C, C, C, 'zero'], values: ['y'] };
    };
    const calls = ['full', 'half', 'shallow', 'full'];
    expect(await rounding([C, S, R, C], calls, more)).toEqual([1, 2]);
  });

  test('is everything, in a bundle for a target', async () => {
    const target: Change = (schedule) => {
      schedule.target = 'cpu';
    };
    expect(await rounding([C, C, R], ['full', 'half', 'shallow'], target)).toEqual([0, 1, 2]);
  });
});
