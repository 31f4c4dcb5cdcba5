/**
 * On the trained transformer, strategies whose states come from the same inputs change nothing:
 * reuse, a window with the kept rest, a shared half of a pair with two equal halves.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import type { GuidancePair, PairMode } from '../../../src/runtime/schedule/index.js';
import { EMITS, EXACT, openSession, ort } from '../../helpers/compile.js';

const FILE = 'samples/dit-digits/dit-digits.onnx';
const SITES = 6;

let model: Model;
let expected: Float32Array;
let feeds: Record<string, ort.Tensor>;

beforeAll(async () => {
  model = loadModel(FILE);
  const image = Float32Array.from({ length: 576 }, (_, i) => Math.sin(i * 1.7) + Math.cos(i * i));
  const pair = new Float32Array(1152);
  pair.set(image);
  pair.set(image, 576);
  feeds = {
    sample: new ort.Tensor('float32', pair, [2, 1, 24, 24]),
    timestep: new ort.Tensor('int64', [400n, 400n], [2]),
    class_labels: new ort.Tensor('int64', [3n, 3n], [2]),
  };
  const source = await ort.InferenceSession.create(FILE, EXACT);
  expected = (await source.run(feeds)).out_sample!.data as Float32Array;
  await source.release();
});

/** Largest difference relative to the largest value. */
function distance(actual: Float32Array): number {
  const largest = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return actual.reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i]!)), 0) / largest;
}

const guidance = (mode: PairMode): GuidancePair => ({ order: 'cond-first', mode });

describe.each(EMITS)('%s', (emit) => {
  test.each(['reuse', 'window', 'guidance-share', 'window+guidance-share'] as const)(
    '%s of the same inputs',
    async (strategy) => {
      const compiled = await Pipeline.create({ calls: 3, emit, guidance: guidance('batch') })
        .use(ditfastattn, { strategy, interval: 2, window: 9 })
        .compile(model);
      expect(compiled.plan.sites).toHaveLength(SITES);
      const session = await openSession(compiled);
      for (let call = 0; call < 3; call++) {
        const { out_sample } = await session.run(feeds);
        expect(distance(out_sample!.data as Float32Array), `call ${call}`).toBeLessThan(2e-6);
      }
      await session.release();
    },
  );

  test('window-only is another result', async () => {
    const compiled = await Pipeline.create({ calls: 2, emit })
      .use(ditfastattn, { strategy: 'window-only', window: 9 })
      .compile(model);
    const session = await openSession(compiled);
    await session.run(feeds);
    const { out_sample } = await session.run(feeds);
    expect(distance(out_sample!.data as Float32Array)).toBeGreaterThan(1e-3);
    await session.release();
  });

  test.each(['reuse', 'window', 'guidance-share', 'window+guidance-share'] as const)(
    '%s in two calls a step',
    async (strategy) => {
      const compiled = await Pipeline.create({ calls: 6, emit, guidance: guidance('two-calls') })
        .use(ditfastattn, { strategy, interval: 2, window: 9 })
        .compile(model);
      const session = await openSession(compiled);
      for (let call = 0; call < 6; call++) {
        const { out_sample } = await session.run(feeds);
        expect(distance(out_sample!.data as Float32Array), `call ${call}`).toBeLessThan(2e-6);
      }
      await session.release();
    },
  );
});
