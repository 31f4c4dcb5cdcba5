/** What a user can get wrong with attention strategies, and what is said about it. */
import { describe, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { Pipeline, type PipelineOptions } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import type { PlanFile } from '../../../src/runtime/schedule/index.js';
import { EMITS, EXACT, openSession, ort } from '../../helpers/compile.js';

const DIT = 'samples/dit-digits/dit-digits.onnx';
const PAIRS = { order: 'cond-first', mode: 'batch' } as const;

const spelling = (name: string) => loadModel(`samples/spellings/${name}.onnx`);
const compile = (model: Model, options: PipelineOptions, pass: object = {}) =>
  Pipeline.create(options).use(ditfastattn, pass).compile(model);
const plan = (sites: Record<string, string[]>): PlanFile => ({
  format: 'stepfold.plan',
  version: 1,
  calls: Object.values(sites)[0]!.length,
  sites,
});

describe('the window', () => {
  test.each(['0', '-1', '1.5', '0/8', '9/8', 'wide', ''])('"%s"', async (window) => {
    await expect(compile(spelling('heads-4d'), { calls: 2 }, { window })).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringContaining('"window"'),
    });
  });

  test.each(['1', '128', '1/8', '0.25', '1/1', 3])('%s', async (window) => {
    const options = { window, strategy: 'window' };
    await expect(compile(spelling('heads-4d'), { calls: 2 }, options)).resolves.toBeDefined();
  });
});

test('a plan that reads what no call wrote names call, site and state', async () => {
  const sites = { 'attention.0': ['reuse', 'compute'] };
  await expect(
    compile(spelling('heads-4d'), { calls: 2, plan: plan(sites) }),
  ).rejects.toMatchObject({
    code: 'PLAN_UNASSIGNED',
    message: expect.stringMatching(/Call 0 .*"attention\.0".*"attention\.0\.output"/),
  });
});

test('sharing without guidance says what is missing', async () => {
  const sites = { 'attention.0': ['compute', 'guidance-share'] };
  await expect(
    compile(spelling('heads-4d'), { calls: 2, plan: plan(sites) }),
  ).rejects.toMatchObject({
    code: 'PLAN_UNKNOWN_STRATEGY',
    message: expect.stringContaining('--guidance'),
  });
});

test('a model without self-attention', async () => {
  await expect(compile(spelling('cross'), { calls: 2 })).rejects.toMatchObject({
    code: 'ATTENTION_NOT_FOUND',
  });
});

test('a fixed batch that is no pair', async () => {
  const model = loadModel(DIT);
  const fixed = { sample: [3, 1, 24, 24], timestep: [3], class_labels: [3] };
  await expect(compile(model, { calls: 2, guidance: PAIRS, shapes: fixed })).rejects.toMatchObject({
    code: 'GUIDANCE_BATCH',
    message: expect.stringContaining('3'),
  });
});

test('an odd batch at run time, at the first call that shares', async () => {
  const compiled = await compile(
    loadModel(DIT),
    { calls: 2, guidance: PAIRS },
    { strategy: 'guidance-share' },
  );
  const session = await openSession(compiled);
  const feeds = (batch: number) => ({
    sample: new ort.Tensor('float32', new Float32Array(batch * 576), [batch, 1, 24, 24]),
    timestep: new ort.Tensor('int64', new BigInt64Array(batch), [batch]),
    class_labels: new ort.Tensor('int64', new BigInt64Array(batch), [batch]),
  });
  await session.run(feeds(3));
  await expect(session.run(feeds(3))).rejects.toMatchObject({
    code: 'GUIDANCE_ODD_BATCH',
    message: expect.stringContaining('batch of 3'),
  });
  expect(session.callIndex).toBe(1);
  await expect(session.run(feeds(4))).resolves.toBeDefined();
  await session.release();
});

describe('guidance that is turned off', () => {
  const feeds = (call: number, batch: number) => ({
    sample: new ort.Tensor(
      'float32',
      Float32Array.from({ length: batch * 576 }, (_, i) => Math.sin(i * (call + 1))),
      [batch, 1, 24, 24],
    ),
    timestep: new ort.Tensor('int64', new BigInt64Array(batch).fill(BigInt(900 - 200 * call)), [
      batch,
    ]),
    class_labels: new ort.Tensor('int64', BigInt64Array.from([3n, 4n, 10n, 10n]).slice(0, batch), [
      batch,
    ]),
  });
  const open = async (strategies: string[], emit: (typeof EMITS)[number]) => {
    const sites = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [`attention.${i}`, strategies]),
    );
    const { length: calls } = strategies;
    return openSession(
      await compile(loadModel(DIT), { calls, guidance: PAIRS, plan: plan(sites), emit }),
    );
  };

  test.each(EMITS)('is right at calls that share and read nothing: %s', async (emit) => {
    const session = await open(['compute', 'guidance-share', 'compute', 'compute'], emit);
    const source = await ort.InferenceSession.create(DIT, EXACT);
    for (const [call, batch] of [2, 2, 1, 1].entries()) {
      const given = feeds(call, batch);
      const { out_sample } = await session.run(given as never);
      if (call === 1) continue;
      const expected = await source.run(given);
      expect((out_sample as never as ort.Tensor).data).toEqual(expected.out_sample!.data);
    }
    await session.release();
    await source.release();
  });

  test('is refused at a call that shares, and at one that reads the pair', async () => {
    const shares = await open(['compute', 'guidance-share', 'compute'], 'split');
    await shares.run(feeds(0, 2) as never);
    await expect(shares.run(feeds(1, 1) as never)).rejects.toMatchObject({
      code: 'GUIDANCE_ODD_BATCH',
      message: expect.stringMatching(/^Call 1 .*batch of 1/),
    });
    // two images without their halves are no pair either
    shares.reset();
    await shares.run(feeds(0, 4) as never);
    await expect(shares.run(feeds(1, 2) as never)).rejects.toMatchObject({
      code: 'GUIDANCE_ODD_BATCH',
      message: expect.stringMatching(/^Call 1 .*batch of 2/),
    });
    await shares.run(feeds(1, 4) as never);
    const reads = await open(['compute', 'guidance-share', 'reuse'], 'split');
    for (const call of [0, 1]) await reads.run(feeds(call, 2) as never);
    await expect(reads.run(feeds(2, 1) as never)).rejects.toMatchObject({
      code: 'STATE_SHAPE_CHANGED',
    });
    for (const session of [shares, reads]) await session.release();
  });
});

describe('at most K programs', () => {
  const S = ['reuse', 'window+guidance-share', 'window', 'guidance-share', 'compute'] as const;
  const column = (s: number) => [
    'compute',
    ...Array.from({ length: 11 }, (_, t) => S[(t * t + s * 3 + t * s) % S.length]!),
  ];
  const asked = Object.fromEntries(
    Array.from({ length: 6 }, (_, s) => [`attention.${s}`, column(s)]),
  );

  test.each([2, 3, 4] as const)('K = %i', async (maxPrograms) => {
    const compiled = await compile(loadModel(DIT), {
      calls: 12,
      guidance: PAIRS,
      plan: plan(asked),
      maxPrograms,
    });
    expect(compiled.lowered.programs.size).toBeLessThanOrEqual(maxPrograms);
    const exactness: Record<string, number> = {
      reuse: 0,
      'window+guidance-share': 1,
      window: 2,
      'guidance-share': 2,
      compute: 3,
    };
    for (const [call, row] of compiled.plan.rows.entries())
      for (const [s, given] of row.entries()) {
        const wanted = asked[`attention.${s}`]![call]!;
        if (given === wanted) continue;
        expect(exactness[given]!, `call ${call}, site ${s}`).toBeGreaterThan(exactness[wanted]!);
      }
  });
});
