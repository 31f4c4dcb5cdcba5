/** DeepCache's options: what fits together, and what is said of what does not. */
import { describe, expect, test } from 'vitest';
import { deepcache } from '../../passes/deepcache/index.js';
import { checkOptions, parsePassRequest } from '../../src/compiler/pass/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { modelOf } from '../helpers/text.js';
import { TINY_UNET } from '../helpers/unets.js';

const plan = async (options: Record<string, unknown>, calls = 6) =>
  (
    await Pipeline.create({ calls }).use(deepcache, options).compile(modelOf(TINY_UNET))
  ).plan.rows.map(([strategy]) => strategy);

const C = 'compute';
const R = 'reuse';

describe('schedules', () => {
  test.each([
    [{ branch: 1, interval: 1 }, [C, C, C, C, C, C]],
    [{ branch: 1, interval: 2 }, [C, R, C, R, C, R]],
    [{ branch: 1, interval: 4 }, [C, R, R, R, C, R]],
    [{ branch: 1, interval: 99 }, [C, R, R, R, R, R]],
    [{ branch: 1, full: [0, 2, 3] }, [C, R, C, C, R, R]],
    [{ branch: 1, full: [3, 0] }, [C, R, R, C, R, R]],
    [{ branch: 1, full: [5], strategy: 'zero' }, ['zero', 'zero', 'zero', 'zero', 'zero', C]],
    [{ branch: 1, full: [], strategy: 'zero' }, ['zero', 'zero', 'zero', 'zero', 'zero', 'zero']],
  ])('%j', async (options, expected) => {
    expect(await plan(options)).toEqual(expected);
  });

  test('center and power crowd the full calls', async () => {
    const rows = await plan({ branch: 1, interval: 5, center: 15, power: 1.4 }, 50);
    expect(rows.flatMap((s, t) => (s === C ? [t] : []))).toEqual([
      0, 5, 9, 13, 17, 21, 26, 31, 37, 43,
    ]);
  });
});

describe('options that do not fit', () => {
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ['no interval', { branch: 1 }, '/interval', /must be given, or a list of full calls/],
    ['a list and an interval', { branch: 1, interval: 2, full: [0] }, '/full', /replaces interval/],
    [
      'a list and a number',
      { branch: 1, 'full-calls': 2, full: [0] },
      '/full',
      /replaces interval/,
    ],
    [
      'a number and an interval',
      { branch: 1, 'full-calls': 2, interval: 2 },
      '/full-calls',
      /replaces interval/,
    ],
    ['more than there are', { branch: 1, 'full-calls': 99 }, '/full-calls', /only/],
    ['a list and a power', { branch: 1, power: 1.2, full: [0] }, '/full', /replaces interval/],
    ['a list without call 0', { branch: 1, full: [1] }, '/full', /call 0 must be full/],
    ['a list beyond the loop', { branch: 1, full: [0, 6] }, '/full', /call 6 does not exist/],
    ['center alone', { branch: 1, interval: 2, center: 1 }, '/power', /go together/],
    ['power alone', { branch: 1, interval: 2, power: 1.2 }, '/center', /go together/],
    [
      'a center beyond the loop',
      { branch: 1, interval: 2, center: 6, power: 1.2 },
      '/center',
      /call 6 does not exist/,
    ],
    [
      'a power that cannot be lowered',
      { branch: 1, interval: 1, center: 3, power: 1.01 },
      '/power',
      /no power from 1\.01 down to 1/,
    ],
  ])('%s', async (_, options, path, message) => {
    await expect(plan(options)).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringMatching(message),
      details: { path },
    });
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['no branch', { interval: 2 }, /has to be given "branch"/],
    ['a branch that is no number', { branch: 'deep' }, /option "branch": it must be integer/],
    ['interval 0', { branch: 1, interval: 0 }, /option "interval"/],
    ['a power of 1', { branch: 1, power: 1 }, /option "power": it must be > 1/],
    ['a strategy that is none', { branch: 1, strategy: 'window' }, /option "strategy"/],
    ['an option that is none', { branch: 1, intervall: 2 }, /has no option "intervall"/],
  ])('%s', (_, options, message) => {
    expect(() => checkOptions(deepcache, options)).toThrow(message);
  });

  test.each([4, 0, -1])('branch %i, which is not there, with those that are', async (branch) => {
    await expect(plan({ branch, interval: 2 })).rejects.toMatchObject({
      code: 'UNET_BRANCH',
      details: {
        data: { branches: [{ branch: 1 }, { branch: 2 }, { branch: 3 }] },
      },
    });
  });

  test('a branch around which something leaks', async () => {
    const leaking = TINY_UNET.replace('[decode1] eps', '[decode1] eps1').replace(
      /}$/,
      '[leak] r0 = Resize <mode = "nearest"> (r2, , twice)\n[sum] eps = Add (eps1, r0)\n}',
    );
    const compile = (branch: number) =>
      Pipeline.create({ calls: 2 })
        .use(deepcache, { branch, interval: 2 })
        .compile(modelOf(leaking));
    await expect(compile(1)).rejects.toMatchObject({
      code: 'UNET_BRANCH',
      message: expect.stringMatching(
        /Skip branch 1 cannot be cut: .*"join3" by another way than through "r1"/,
      ),
    });
    // deeper branches do not leak
    expect((await compile(2)).plan.sites[0]!.outputs[0]!.name).toBe('r2');
  });
});

test('the command line writes the same options', () => {
  const { pass, options } = parsePassRequest(
    'deepcache:branch=2,interval=5,center=15,power=1.4,strategy=zero',
  );
  expect(pass).toBe('deepcache');
  expect(checkOptions(deepcache, options)).toEqual({
    branch: 2,
    interval: 5,
    center: 15,
    power: 1.4,
    strategy: 'zero',
  });
  const list = parsePassRequest('deepcache:branch=1,full=0+3+5').options;
  expect(checkOptions(deepcache, list)).toEqual({ branch: 1, full: [0, 3, 5], strategy: 'reuse' });
  const one = parsePassRequest('deepcache:branch=1,full=0').options;
  expect(checkOptions(deepcache, one)).toEqual({ branch: 1, full: [0], strategy: 'reuse' });
});
