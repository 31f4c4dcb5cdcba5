/** Both ways to search find what the paper's algorithm finds when it is written out plainly. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  type Calibrated,
  type CalibrateOptions,
  calibrate,
  type DecidedCall,
  SEARCHES,
} from '../../../src/evidence/calibrate/index.js';
import type { DenoiserPorts } from '../../../src/evidence/measure/index.js';
import {
  createRandom,
  createSampler,
  type DenoiseOptions,
  denoise,
} from '../../../src/runtime/samplers/index.js';
import { type Inputs, Oracle } from './oracle.js';
import { CLASSES, ORDER, toyModel, toyPass } from './toy.js';

const ROLES = { latent: 'x', timestep: 't' };
/** Decisions that hang on less than this are left to rounding. */
const MARGIN = 1e-4;

function nested(data: ArrayLike<number>, batch: number): number[][][] {
  return Array.from({ length: batch }, (_, b) =>
    [0, 1].map((n) => [0, 1, 2, 3].map((d) => data[(b * 2 + n) * 4 + d]!)),
  );
}

const tensor = (values: number[][][]) =>
  new ort.Tensor('float32', values.flat(2), [values.length, 2, 4]);

function toInputs(feeds: Readonly<Record<string, unknown>>): Inputs {
  const { x, t, label } = feeds as Record<string, ort.Tensor>;
  return {
    x: nested(x!.data as Float32Array, x!.dims[0]!),
    t: Array.from(t!.data as Float32Array),
    label: Array.from(label!.data as BigInt64Array, Number),
  };
}

interface Setting {
  readonly threshold: number;
  readonly calls: number;
  readonly samples: number;
  readonly seed: number;
  readonly guided: boolean;
  /** Of the forecasts that are tried beside. */
  readonly order?: number;
}

const labels = (samples: number, first: number) =>
  BigInt64Array.from({ length: samples }, (_, k) => BigInt((first + 2 * k) % CLASSES));

type ToyOptions = { threshold: number; sharing: boolean; order: number };

function optionsOf(setting: Setting): CalibrateOptions<ToyOptions> {
  const { threshold, calls, samples, seed, guided, order = 0 } = setting;
  const int64 = (data: BigInt64Array) => new ort.Tensor('int64', data, [samples]) as never;
  return {
    pass: toyPass,
    options: { threshold, sharing: guided, order },
    calls,
    samples,
    seed,
    roles: ROLES,
    sampler: { name: 'ddim' },
    feeds: { label: int64(labels(samples, 0)) },
    ...(guided && {
      guidance: {
        order: 'cond-first',
        mode: 'batch',
        scale: 2,
        unconditional: { label: int64(labels(samples, 3)) },
      },
    }),
  };
}

/** The oracle drives the same sampler; only what runs the model and searches is its own. */
async function ask(setting: Setting, more: Partial<DenoiseOptions> = {}): Promise<Oracle> {
  const { threshold, calls, samples, seed, guided, order } = setting;
  const offered = guided ? ORDER : ORDER.filter((s) => !s.endsWith('share'));
  const oracle = new Oracle(threshold, offered, order);
  const int64 = (data: BigInt64Array) => new ort.Tensor('int64', data, [samples]) as never;
  await denoise({
    ort: ort as never,
    sampler: createSampler('ddim', { steps: calls }),
    latentShape: [samples, 2, 4],
    seed,
    roles: { ...ROLES, output: 'eps' },
    timestep: { type: 'float32', shape: 'batch' },
    feeds: { label: int64(labels(samples, 0)) },
    ...(guided && {
      guidance: {
        scale: 2,
        order: 'cond-first',
        mode: 'batch',
        unconditional: { label: int64(labels(samples, 3)) },
      },
    }),
    call: async (feeds) => ({ eps: tensor(oracle.call(toInputs(feeds))) }) as never,
    ...more,
  });
  const close = oracle.calls.flatMap((call) =>
    call.compared.filter(({ loss, most }) => Math.abs(loss - most) < MARGIN),
  );
  if (close.length > 0) throw new Error('choose another seed: a decision hangs on rounding');
  return oracle;
}

function expectSame({ plan, losses }: Pick<Calibrated, 'plan' | 'losses'>, oracle: Oracle): void {
  // the pass lists its sites as 2, 0, 1
  expect(plan.sites.map((site) => site.id)).toEqual(['site.2', 'site.0', 'site.1']);
  expect(plan.rows).toEqual(oracle.calls.map(({ row: [a, b, c] }) => [c, a, b]));
  for (const [call, { losses: expected }] of oracle.calls.entries())
    for (const [i, loss] of expected.entries()) {
      const found = losses[`site.${i}`]![call]!;
      if (loss === null) expect(found).toBeNull();
      else expect(found).toBeCloseTo(loss, 4);
    }
}

const SETTINGS: Setting[] = [
  { threshold: 0.05, calls: 8, samples: 2, seed: 1, guided: true },
  { threshold: 0.2, calls: 10, samples: 3, seed: 2, guided: true },
  { threshold: 0.5, calls: 6, samples: 1, seed: 3, guided: true },
  { threshold: 0.2, calls: 8, samples: 3, seed: 4, guided: false },
];

const FORECASTS: Setting[] = [
  { threshold: 0.05, calls: 10, samples: 2, seed: 1, guided: true, order: 1 },
  { threshold: 0.2, calls: 10, samples: 3, seed: 2, guided: true, order: 2 },
  { threshold: 0.5, calls: 8, samples: 1, seed: 3, guided: true, order: 1 },
  { threshold: 0.2, calls: 8, samples: 3, seed: 4, guided: false, order: 1 },
];

describe.each([...SETTINGS, ...FORECASTS])(
  'threshold $threshold, guided: $guided, order: $order',
  (setting) => {
    test.each(SEARCHES)('%s search', async (search) => {
      const oracle = await ask(setting);
      const found = await calibrate(toyModel(), { ...optionsOf(setting), search });
      expectSame(found, oracle);
      const attempts = oracle.calls.flatMap((call) => call.tried.flat()).length;
      // for each call but the first: the reference, the candidates, and the call itself
      expect(found.evaluations.plain).toBe(1 + 2 * (setting.calls - 1) + attempts);
    });
  },
);

describe.each([
  { ...SETTINGS[0]!, batch: 2 },
  { ...SETTINGS[1]!, batch: 2 },
  { ...SETTINGS[3]!, batch: 1 },
  // the last batch is not full
  { ...SETTINGS[3]!, batch: 2 },
  { ...SETTINGS[1]!, batch: 4 },
  { ...FORECASTS[1]!, batch: 2 },
])(
  '$samples samples, guided: $guided, on a model of fixed batch $batch',
  ({ batch, ...setting }) => {
    test.each(SEARCHES)('%s search', async (search) => {
      const oracle = await ask(setting);
      const found = await calibrate(toyModel(batch), { ...optionsOf(setting), search });
      expectSame(found, oracle);
      const whole = await calibrate(toyModel(), { ...optionsOf(setting), search });
      expect(found.evaluations.done).toBeCloseTo(whole.evaluations.done, 9);
    });
  },
);

describe('a loop that', () => {
  const setting: Setting = { threshold: 0.3, calls: 8, samples: 2, seed: 5, guided: true };
  const clean = createRandom(9).normals(16);
  const init = new ort.Tensor('float32', clean, [2, 2, 4]) as never;
  const mask = new ort.Tensor('float32', Float32Array.of(1, 0.5, 0, 1), [4]) as never;
  const start = 3;

  /** The plan is one of the whole loop. */
  function expectPart({ plan, losses }: Calibrated, oracle: Oracle, from: number, all: number) {
    const made = oracle.calls.length;
    const computed = Array(3).fill('compute');
    expect(plan.rows.slice(0, from)).toEqual(Array(from).fill(computed));
    expect(plan.rows.slice(from + made)).toEqual(Array(all - from - made).fill(computed));
    const part = (column: readonly (number | null)[]) => column.slice(from, from + made);
    expectSame(
      {
        plan: { ...plan, rows: plan.rows.slice(from, from + made) },
        losses: Object.fromEntries(Object.entries(losses).map(([k, v]) => [k, part(v)])),
      },
      oracle,
    );
  }

  test.each(SEARCHES)('starts from a picture and keeps a part of it: %s search', async (search) => {
    const known = {
      latent: clean,
      mask: Float32Array.from({ length: 16 }, (_, i) => [1, 0.5, 0, 1][i % 4]!),
    };
    const sampler = createSampler('ddim', { steps: setting.calls, start });
    const oracle = await ask(setting, { sampler, init: clean, known });
    expect(oracle.calls).toHaveLength(5);
    const found = await calibrate(toyModel(), {
      ...{ ...optionsOf(setting), search },
      sampler: { name: 'ddim', start },
      parts: { init, mask },
    });
    expectPart(found, oracle, start, setting.calls);
    expect(found.evaluations.plain).toBe(
      1 + 2 * 4 + oracle.calls.flatMap((call) => call.tried.flat()).length,
    );
    // what the search takes, and not another
    const without = await calibrate(toyModel(), { ...optionsOf(setting), search });
    expect(without.losses).not.toEqual(found.losses);
  });

  test('has guidance in a part, of which both halves are searched', async () => {
    const interval = [0.25, 0.75] as const;
    const guidance = optionsOf(setting).guidance!;
    const oracle = await ask(setting, {
      bothHalves: true,
      guidance: { ...guidance, scale: 2, unconditional: guidance.unconditional as never, interval },
    });
    const found = await calibrate(toyModel(), {
      ...optionsOf(setting),
      guidance: { ...guidance, interval },
    });
    expectPart(found, oracle, 0, setting.calls);
  });

  test('takes its labels from numbers, one for all images', async () => {
    const alone = { ...setting, guided: false };
    const one = BigInt64Array.of(3n, 3n);
    const oracle = await ask(alone, {
      feeds: { label: new ort.Tensor('int64', one, [2]) } as never,
    });
    const found = await calibrate(toyModel(), { ...optionsOf(alone), feeds: { label: [3] } });
    expectSame(found, oracle);
    expect(found.madeUp).toEqual([]);
  });

  test('is handed over: only its own calls are searched', async () => {
    const alone = { ...setting, guided: false };
    const zeros = async ({ x }: Readonly<Record<string, unknown>>) => {
      const { dims } = x as ort.Tensor;
      return { eps: new ort.Tensor('float32', new Float32Array(16), dims) } as never;
    };
    const oracle = await ask(alone, {
      handOver: {
        step: 5,
        denoiser: {
          ...{ call: zeros, roles: { ...ROLES, output: 'eps' } },
          timestep: { type: 'float32', shape: 'batch' },
        },
      },
    });
    const ports: DenoiserPorts = {
      inputs: [
        { name: 'x', type: 'float32', shape: ['n', 2, 4] },
        { name: 't', type: 'float32', shape: ['n'] },
      ],
      outputs: [{ name: 'eps', type: 'float32', shape: ['n', 2, 4] }],
      roles: { ...ROLES, prediction: 'eps' },
      bindings: new Map(),
    };
    const second = {
      ...{ ports, calls: undefined, counts: new Map(), call: zeros },
      reset() {},
      async release() {},
    };
    const found = await calibrate(toyModel(), {
      ...optionsOf(alone),
      parts: { handOver: { denoiser: second, from: { step: 5 }, feeds: {} } },
    });
    expect(oracle.calls).toHaveLength(5);
    expectPart(found, oracle, 0, setting.calls);
  });

  test('was recorded has no further parts', async () => {
    await expect(
      calibrate(toyModel(), { ...optionsOf(setting), recorded: {}, parts: { init } }),
    ).rejects.toMatchObject({ code: 'CALIBRATE_PARTS' });
  });
});

describe('evaluations of the segment search', () => {
  // Four products of one size: one in each site, one at the end. A change at site 0 reaches the other
  // sites and the end, one at site 1 or 2 only the end.
  const BEHIND = [3 / 4, 1 / 4, 1 / 4];
  const SITE = 1 / 4;

  /** What has to run again, from what the oracle tried. */
  const expected = ({ row, tried }: Oracle['calls'][number], call: number): number =>
    1 +
    row.reduce((sum, taken, i) => {
      const window = tried[i]!.some((name) => name.startsWith('window')) ? SITE : 0;
      // what a full call keeps beside its output is only made when it stays
      const rest = taken === 'compute' || taken === 'guidance-share' ? SITE : 0;
      return sum + (call > 0 ? tried[i]!.length * BEHIND[i]! : 0) + window + rest;
    }, 0);

  test.each(SETTINGS)('threshold $threshold, guided: $guided', async (setting) => {
    const oracle = await ask(setting);
    const { evaluations } = await calibrate(toyModel(), optionsOf(setting));
    const sum = oracle.calls.reduce((total, call, t) => total + expected(call, t), 0);
    expect(evaluations.done).toBeCloseTo(sum, 9);
  });
});

describe.each([SETTINGS[1]!, FORECASTS[1]!])('interruption, order $order', (setting) => {
  const INTERRUPTED = new Error('interrupted');

  test.each(SEARCHES)('after any call, a %s search goes on to the same result', async (search) => {
    const options = { ...optionsOf(setting), search };
    const whole = await calibrate(toyModel(), options);
    for (let stop = 1; stop < setting.calls; stop++) {
      let decided: readonly DecidedCall[] = [];
      const onCall = (list: readonly DecidedCall[]) => {
        decided = structuredClone(list);
        if (list.length === stop) throw INTERRUPTED;
      };
      await expect(calibrate(toyModel(), { ...options, onCall })).rejects.toBe(INTERRUPTED);
      expect(decided).toHaveLength(stop);
      const seen: number[] = [];
      const rest = await calibrate(toyModel(), {
        ...options,
        decided,
        onCall: (list) => seen.push(list.length),
      });
      expect(rest.plan.rows).toEqual(whole.plan.rows);
      expect(rest.losses).toEqual(whole.losses);
      expect(rest.evaluations).toEqual(whole.evaluations);
      // what was decided is not searched again
      expect(seen[0]).toBe(stop + 1);
    }
  });
});

test.each(SEARCHES)('a loop of one call is computed, %s search', async (search) => {
  const { plan, evaluations } = await calibrate(toyModel(), {
    ...optionsOf({ ...SETTINGS[0]!, calls: 1 }),
    search,
  });
  expect(plan.rows).toEqual([['compute', 'compute', 'compute']]);
  expect(evaluations).toEqual({ done: 1, plain: 1 });
});

test('the same seed gives the same result, another seed another one', async () => {
  const options = optionsOf(SETTINGS[0]!);
  const once = await calibrate(toyModel(), options);
  const again = await calibrate(toyModel(), options);
  const other = await calibrate(toyModel(), { ...options, seed: 99 });
  const numbers = ({ losses, evaluations }: Calibrated) => ({ losses, evaluations });
  expect(numbers(again)).toEqual(numbers(once));
  expect(other.losses).not.toEqual(once.losses);
});

describe('inputs recorded from a real loop', () => {
  const CALLS = 5;
  const STEADY = 10;
  const random = (seed: number, count: number) =>
    Float32Array.from(createRandom(seed).normals(count));
  const record = (batch: number) => ({
    x: new ort.Tensor('float32', random(5, CALLS * batch * 8), [CALLS, batch, 2, 4]) as never,
    t: new ort.Tensor(
      'float32',
      Float32Array.from({ length: CALLS * batch }, (_, k) => 900 - 100 * Math.floor(k / batch)),
      [CALLS, batch],
    ) as never,
  });
  const label = (batch: number) =>
    new ort.Tensor('int64', labels(batch, 1), [batch]) as unknown as Inputs & never;

  test.each(SEARCHES)('%s search', async (search) => {
    const recorded = record(4) as Record<string, ort.Tensor>;
    const threshold = 1.2;
    const oracle = new Oracle(threshold);
    for (let call = 0; call < CALLS; call++)
      oracle.call(
        toInputs({
          x: new ort.Tensor(
            'float32',
            (recorded.x!.data as Float32Array).subarray(call * 32, (call + 1) * 32),
            [4, 2, 4],
          ),
          t: new ort.Tensor('float32', new Float32Array(4).fill(900 - 100 * call), [4]),
          label: label(4),
        }),
      );
    const found = await calibrate(toyModel(), {
      pass: toyPass,
      options: { threshold },
      calls: CALLS,
      search,
      guidance: { order: 'cond-first', mode: 'batch' },
      recorded: recorded as never,
      feeds: { label: label(4) },
    });
    expectSame(found, oracle);
    expect(found.samples).toBe(2);
  });

  /** A loop that goes in small even steps, where forecasts are near, and then stands, where what was kept is. */
  const smooth = () => {
    const [from, way] = [random(6, 32), random(7, 32)];
    const x = Float32Array.from(
      { length: STEADY * 32 },
      (_, k) => from[k % 32]! + 0.02 * way[k % 32]! * Math.min(5, Math.floor(k / 32)),
    );
    const t = Float32Array.from(
      { length: STEADY * 4 },
      (_, k) => 900 - 10 * Math.min(5, Math.floor(k / 4)),
    );
    return {
      x: new ort.Tensor('float32', x, [STEADY, 4, 2, 4]),
      t: new ort.Tensor('float32', t, [STEADY, 4]),
    };
  };

  test.each(SEARCHES.flatMap((search) => [1, 2].map((order) => [search, order] as const)))(
    '%s search with forecasts of order %i takes them, and what they are of',
    async (search, order) => {
      const { x, t } = smooth();
      const threshold = 0.02;
      const oracle = new Oracle(threshold, ORDER, order);
      for (let call = 0; call < STEADY; call++)
        oracle.call(
          toInputs({
            x: new ort.Tensor('float32', x.data.slice(call * 32, (call + 1) * 32), [4, 2, 4]),
            t: new ort.Tensor('float32', t.data.slice(call * 4, (call + 1) * 4), [4]),
            label: label(4),
          }),
        );
      const found = await calibrate(toyModel(), {
        pass: toyPass,
        options: { threshold, order },
        calls: STEADY,
        search,
        guidance: { order: 'cond-first', mode: 'batch' },
        recorded: { x, t } as never,
        feeds: { label: label(4) },
      });
      expectSame(found, oracle);
      const names = oracle.calls.flatMap(({ row }) => row);
      const tried = oracle.calls.flatMap((call) => call.tried.flat());
      expect(names).toContain('reuse+forecast');
      expect(names).toContain('reuse');
      expect(tried).toContain('window+guidance-share+forecast');
    },
  );

  const search = (given: Partial<CalibrateOptions<ToyOptions>>) =>
    calibrate(toyModel(), {
      pass: toyPass,
      calls: CALLS,
      recorded: record(4),
      feeds: { label: label(4) },
      ...given,
    });

  test('an odd batch holds no pairs', async () => {
    const pair = { order: 'cond-first', mode: 'batch' } as const;
    const odd = { recorded: record(3), feeds: { label: label(3) } };
    await expect(search({ ...odd, guidance: pair })).rejects.toMatchObject({
      code: 'CALIBRATE_ODD_BATCH',
      details: { value: 'x' },
    });
    // without guidance nobody minds, as long as the pass does not share
    await expect(search({ ...odd, options: { sharing: false } })).resolves.toBeDefined();
    await expect(search({ ...odd, options: { threshold: 0.001 } })).rejects.toMatchObject({
      code: 'CALIBRATE_ODD_BATCH',
    });
  });

  test.each([
    ['another number of calls', { calls: 4 }, 'CALIBRATE_INPUT_SHAPE', 'x'],
    ['a batch that disagrees', { feeds: { label: label(3) } }, 'FEED_SHAPE', 'label'],
    ['another type', { feeds: { label: record(4).x } }, 'FEED_TYPE', 'label'],
    ['an input that is missing', { feeds: {} }, 'CALIBRATE_INPUT_MISSING', 'label'],
    ['an input that is none', { feeds: { y: label(4) } }, 'FEED_UNKNOWN', 'y'],
  ] as const)('%s is refused', async (_, given, code, value) => {
    await expect(search(given)).rejects.toMatchObject({ code, details: { value } });
  });
});

test('the settings try every strategy, and take every one', async () => {
  const taken = new Set<string>();
  for (const setting of SETTINGS)
    for (const { row } of (await ask(setting)).calls) for (const name of row) taken.add(name);
  expect([...taken].sort()).toEqual([...ORDER, 'compute'].sort());
});
