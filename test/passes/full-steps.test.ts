/** Full steps at both ends of a row: every pass with an interval has them, and what is kept there is forecast as elsewhere. */
import { describe, expect, test } from 'vitest';
import { passes } from '../../passes/index.js';
import { compilePasses, DIT, expectProved, UNET } from '../helpers/composed.js';

const CALLS = 12;
/** By pass, where it works and how often it is full. */
const ROWS = {
  deepcache: [UNET, { branch: 3, interval: 4, order: 1 }],
  'delta-cache': [DIT, { range: '1-4', interval: 4, order: 1 }],
  ditfastattn: [DIT, { strategy: 'reuse', interval: 4, order: 1 }],
  forecast: [UNET, { interval: 4 }],
  'guidance-delta': [UNET, { interval: 4 }],
} as const;

const guidance = { order: 'cond-first', mode: 'batch' } as const;

describe.each(Object.entries(ROWS))('%s', (name, [file, options]) => {
  const compiled = (more: object, fixedLoop = true) =>
    compilePasses(file, [[name, { ...options, ...more }]], { calls: CALLS, guidance, fixedLoop });
  const full = async (more: object) => {
    const { plan } = await compiled(more);
    return plan.rows.flatMap((row, call) => (row[0] === 'compute' ? [call] : []));
  };

  test.each([
    [{ warmup: 0, cooldown: 0 }, [0, 4, 8]],
    [{ warmup: 1, cooldown: 0 }, [0, 4, 8]],
    [{ warmup: 3, cooldown: 0 }, [0, 1, 2, 6, 10]],
    [{ warmup: 0, cooldown: 3 }, [0, 4, 8, 9, 10, 11]],
    [{ warmup: 2, cooldown: 1 }, [0, 1, 5, 9, 11]],
    [{ warmup: 12, cooldown: 12 }, Array.from({ length: CALLS }, (_, t) => t)],
  ])('%o', async (ends, steps) => {
    expect(await full(ends)).toEqual(steps);
    // read back from the options alone
    expect(passes[name]!.fullSteps!.of!({ ...options, ...ends }, CALLS)).toEqual(steps);
  });

  test.each([{ 'full-calls': 5 }, { full: [0, 3, 4, 9] }])('%o is read back', async (said) => {
    const { interval: _, ...rest } = options;
    const { plan } = await compilePasses(file, [[name, { ...rest, ...said }]], {
      calls: CALLS,
      guidance,
    });
    const steps = plan.rows.flatMap((row, call) => (row[0] === 'compute' ? [call] : []));
    expect(passes[name]!.fullSteps!.of!({ ...rest, ...said }, CALLS)).toEqual(steps);
  });

  test('is proved in every loop', async () => {
    await expectProved(file, await compiled({ warmup: 2, cooldown: 1 }, false));
  });

  if (Object.hasOwn(passes[name]!.options.properties, 'full'))
    test('goes with an interval', async () => {
      const listed = { interval: undefined, full: [0, 3], warmup: 2 };
      await expect(full(listed)).rejects.toMatchObject({
        code: 'PASS_OPTION',
        message: expect.stringMatching(/warmup.*goes with interval/),
      });
    });
});

test('what a search says takes the place of all that said which steps are full', () => {
  for (const { name, fullSteps } of Object.values(passes)) {
    if (!fullSteps) continue;
    const said = { interval: 3, warmup: 2, cooldown: 1, order: 1 };
    expect(fullSteps.at(said, [0, 5]), name).toEqual({ full: [0, 5], order: 1 });
    expect(fullSteps.evenly({ ...said, full: [0] }, 4), name).toEqual({
      'full-calls': 4,
      order: 1,
    });
  }
});

describe.each(Object.entries(ROWS))(
  '%s by number',
  (name, [file, { interval: _, ...options }]: readonly [string, Record<string, unknown>]) => {
    test('is full at even distances, the first and the last among them, and proved', async () => {
      const asked = passes[name]!.fullSteps!.evenly(options, 4);
      const made = await compilePasses(file, [[name, asked]], { calls: CALLS, guidance });
      const full = made.plan.rows.flatMap((row, call) => (row[0] === 'compute' ? [call] : []));
      expect(full).toEqual([0, 4, 7, 11]);
      await expectProved(file, made);
    });
  },
);
