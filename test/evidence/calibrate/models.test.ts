/**
 * Real models: both searches find one plan, and the bundle that the plan makes computes what the search
 * saw, call by call, states and all.
 */
import { describe, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { checkOptions, type Pass, passContext } from '../../../src/compiler/pass/index.js';
import { Pipeline, prepare } from '../../../src/compiler/pipeline/index.js';
import { planToJson } from '../../../src/compiler/plan/index.js';
import type { OpenSearch } from '../../../src/evidence/calibrate/evaluator.js';
import { calibrate } from '../../../src/evidence/calibrate/index.js';
import { PlanSearch } from '../../../src/evidence/calibrate/search.js';
import { openSegments } from '../../../src/evidence/calibrate/segments.js';
import { searchSpace } from '../../../src/evidence/calibrate/space.js';
import { openWhole } from '../../../src/evidence/calibrate/whole.js';
import { randomFeeds } from '../../../src/evidence/measure/feeds.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import type { GuidancePair } from '../../../src/runtime/schedule/index.js';
import { openSession, ort } from '../../helpers/compile.js';
import { relativeDifference } from '../../helpers/injectable.js';

const UNET = 'samples/digits/digits-unet.onnx';
const DIT = 'samples/dit-digits/dit-digits.onnx';

/** Reuse alone, at every attention of a U-Net. */
const reuseAttention: Pass<{ threshold: number }> = {
  name: 'reuse-attention',
  description: 'Reuse every attention.',
  example: 'reuse-attention',
  options: {
    type: 'object',
    properties: { threshold: { type: 'number', description: 'δ' } },
  },
  calibration: { candidates: () => ['reuse'], threshold: ({ threshold }) => threshold },
  propose: (context) => ({
    sites: context.attention().found.map(({ id = '', output }) => ({
      id,
      description: '',
      outputs: [output],
      states: [{ id: `${id}.output`, like: output }],
      strategies: {
        compute: {
          name: 'compute',
          description: '',
          reads: [],
          writes: { [`${id}.output`]: (b) => b.value(output) },
        },
        reuse: {
          name: 'reuse',
          description: '',
          reads: [`${id}.output`],
          produce: (b) => [b.state(`${id}.output`)],
          writes: {},
        },
      },
    })),
    entries: {},
  }),
};

const strategiesIn = (rows: readonly (readonly string[])[]) => [...new Set(rows.flat())].sort();

test('U-Net with attention in the encoder, the middle and the decoder', async () => {
  const options = { pass: reuseAttention, options: { threshold: 0.05 }, calls: 8, samples: 2 };
  const model = () => loadModel(UNET);
  const segments = await calibrate(model(), options);
  const plain = await calibrate(model(), { ...options, search: 'plain' });
  expect(segments.plan.rows).toEqual(plain.plan.rows);
  expect(strategiesIn(segments.plan.rows)).toEqual(['compute', 'reuse']);
  expect(segments.evaluations.plain).toBe(plain.evaluations.done);
  expect(segments.evaluations.done).toBeLessThan(plain.evaluations.done);
});

const CALLS = 6;
const optionsOf = (order: number) =>
  checkOptions(ditfastattn, order > 0 ? { threshold: 0.003, order } : { threshold: 'D6' });
const options = optionsOf(0);

const PAIRS: [string, GuidancePair][] = [
  ['one batch', { order: 'cond-first', mode: 'batch' }],
  ['one batch, unconditional first', { order: 'uncond-first', mode: 'batch' }],
  ['two calls', { order: 'cond-first', mode: 'two-calls' }],
];

test.each(PAIRS.filter(([, { order }]) => order === 'cond-first'))(
  'diffusion transformer, guidance in %s: both searches find one plan',
  async (_, pair) => {
    const given = {
      pass: ditfastattn,
      options,
      calls: CALLS,
      samples: 1,
      guidance: { ...pair, scale: 2 },
    };
    const segments = await calibrate(loadModel(DIT), given);
    const plain = await calibrate(loadModel(DIT), { ...given, search: 'plain' });
    expect(segments.plan.rows).toEqual(plain.plan.rows);
    expect(strategiesIn(segments.plan.rows).length).toBeGreaterThan(2);
    expect(segments.evaluations.plain).toBe(plain.evaluations.done);
    expect(segments.evaluations.done).toBeLessThan(plain.evaluations.done);
  },
);

const ORDERS: Readonly<Record<string, readonly number[]>> = {
  'one batch': [0, 2],
  'one batch, unconditional first': [0],
  'two calls': [0, 2],
};
const FORECASTS = PAIRS.flatMap(([name, pair]) =>
  ORDERS[name]!.map((order) => ({ name, pair, order })),
);

describe.each(FORECASTS)(
  'diffusion transformer, guidance in $name, order $order',
  ({ pair, order }) => {
    const options = optionsOf(order);

    test('the bundle gives what the search went on with', async () => {
      const pace = order === 0 ? 1 : 0.3;
      const feeds = await callFeeds(pair.mode === 'batch' ? 2 : 1, CALLS, pace);
      const found = await Promise.all(
        [openSegments, openWhole].map((open) => searchOn(open, feeds)),
      );
      expect(found[0]!.plan).toEqual(found[1]!.plan);
      const strategies = strategiesIn(found[0]!.rows);
      expect(strategies.some((name) => name.endsWith('+forecast'))).toBe(order > 0);
      const compilation = await Pipeline.create({
        calls: CALLS,
        emit: 'split',
        guidance: pair,
        plan: found[0]!.plan,
      })
        .use(ditfastattn, options)
        .compile(loadModel(DIT));
      const session = await openSession(compilation);
      for (const [call, inputs] of feeds.entries()) {
        const { out_sample: actual } = (await session.run(inputs)) as Record<string, ort.Tensor>;
        for (const { outputs } of found)
          expect(relativeDifference(actual!, outputs[call]!)).toBeLessThan(1e-4);
      }
      await session.release();
    });

    async function searchOn(open: OpenSearch, feeds: Awaited<ReturnType<typeof callFeeds>>) {
      const { canonical, shapes, bindings } = await prepare(loadModel(DIT));
      const context = passContext(canonical, shapes, CALLS, bindings, pair);
      ditfastattn.prepare?.(context, options);
      const { sites } = ditfastattn.propose(context, options);
      const search = {
        pass: 'ditfastattn',
        calls: CALLS,
        calibration: ditfastattn.calibration!,
        options,
      };
      const space = searchSpace(canonical, sites, search);
      const { evaluator, flows } = await open({
        ...{ ort: ort as never, model: canonical, shapes, space },
        prediction: 'out_sample',
        sessionOptions: { graphOptimizationLevel: 'disabled', logSeverityLevel: 4 },
      });
      const planSearch = new PlanSearch({
        ...{ space, flows, evaluator, options, decided: [], callsPerStep: 1 },
        calibration: ditfastattn.calibration!,
        prediction: 'out_sample',
      });
      const outputs: ort.Tensor[] = [];
      for (const inputs of feeds)
        outputs.push((await planSearch.call(inputs)).out_sample as unknown as ort.Tensor);
      await evaluator.release();
      const rows = planSearch.decided.map(({ row }) => row);
      const plan = planToJson({ calls: CALLS, sites: space.sites, rows });
      return { plan, rows, outputs };
    }
  },
);

/**
 * Inputs of a loop that stay near each other from call to call, as latents do.
 * @param pace slower loops are forecast better
 */
async function callFeeds(batch: number, calls: number, pace: number) {
  const make = (seed: number) =>
    randomFeeds(
      [
        { name: 'sample', type: 'float32', shape: [batch, 1, 24, 24] },
        { name: 'class_labels', type: 'int64', shape: [batch] },
      ],
      {
        ort: ort as never,
        roles: {},
        bindings: new Map(),
        seed,
        classes: new Map([['class_labels', 11]]),
      },
    );
  const [from, to] = [make(1), make(2)];
  const data = (feeds: ReturnType<typeof make>) => feeds.sample!.data as Float32Array;
  return Array.from({ length: calls }, (_, call) => ({
    sample: new ort.Tensor(
      'float32',
      data(from).map((value, i) => value + (0.3 * pace * call * data(to)[i]!) / calls),
      [batch, 1, 24, 24],
    ) as never,
    timestep: new ort.Tensor(
      'int64',
      new BigInt64Array(batch).fill(BigInt(900 - Math.round(100 * pace) * call)),
      [batch],
    ) as never,
    class_labels: from.class_labels!,
  }));
}
