/**
 * What a compiled loop must give, on a U-Net trained on real images: the identities of the design,
 * against a reference loop that runs the source model and takes or gives the cached value by hand.
 */
import { readFileSync } from 'node:fs';
import onnxProto from 'onnx-proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import type { EmitForm } from '../../../src/compiler/lower/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { EMITS, EXACT, openSession, ort } from '../../helpers/compile.js';
import {
  Reference,
  relativeDifference,
  sameBits,
  type Tensors,
  zerosLike,
} from '../../helpers/injectable.js';

const FILE = 'samples/digits/digits-unet.onnx';
const bytes = readFileSync(FILE);
const OUT = 'out_sample';

/** Main-branch inputs of the skip joins, outermost first, as the exporter wrote them: two-input
 * Concats over channels, all but the first, which joins the timestep's sines and cosines. */
const BRANCHES = onnxProto.onnx.ModelProto.decode(bytes)
  .graph!.node!.filter((n) => n.opType === 'Concat' && n.input!.length === 2)
  .slice(1)
  .map((n) => n.input![0]!)
  .reverse();

/** Different inputs for each call. */
function feedsFor(call: number, batch: number): Tensors {
  const sample = Float32Array.from({ length: batch * 256 }, (_, i) =>
    Math.sin((i + 1) * (1.3 + 0.7 * call) + 0.1 * (i % 17)),
  );
  const integers = (f: (i: number) => number) =>
    new ort.Tensor(
      'int64',
      BigInt64Array.from({ length: batch }, (_, i) => BigInt(f(i))),
      [batch],
    );
  return {
    sample: new ort.Tensor('float32', sample, [batch, 1, 16, 16]),
    timestep: integers(() => 980 - 100 * call),
    class_labels: integers((i) => (i + call) % 11),
  };
}

const compile = (calls: number, emit: EmitForm, options: Parameters<typeof deepcache.propose>[1]) =>
  Pipeline.create({ calls, emit }).use(deepcache, options).compile(loadModel(FILE));

describe('the trained digits U-Net', () => {
  test('has the nine branches that its exporter wrote', async () => {
    expect(BRANCHES).toHaveLength(9);
    for (const [i, value] of BRANCHES.entries()) {
      const { plan } = await compile(2, 'split', { branch: i + 1, interval: 2, strategy: 'reuse' });
      expect(plan.sites.map((s) => s.outputs.map((v) => v.name))).toEqual([[value]]);
    }
  });

  describe.each(EMITS)('%s', (emit) => {
    test.each([1, 3])('computing every call gives the source, batch %i', async (batch) => {
      const compilation = await compile(3, emit, { branch: 3, interval: 1, strategy: 'reuse' });
      expect(new Set(compilation.instrumented.calls)).toEqual(new Set(['full']));
      for (const level of ['disabled', 'all'] as const) {
        const sessionOptions = { ...EXACT, graphOptimizationLevel: level };
        const source = await ort.InferenceSession.create(FILE, sessionOptions);
        const session = await openSession(compilation, { sessionOptions });
        const feeds = feedsFor(0, batch);
        const expected = ((await source.run(feeds)) as Tensors)[OUT]!;
        const actual = ((await session.run(feeds)) as Tensors)[OUT]!;
        if (level === 'disabled') expect(sameBits(actual, expected)).toBe(true);
        expect(relativeDifference(actual, expected)).toBeLessThan(1e-5);
        await source.release();
        await session.release();
      }
    });

    test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
      'branch %i kept from the same inputs changes nothing',
      async (branch) => {
        const session = await openSession(
          await compile(2, emit, { branch, interval: 2, strategy: 'reuse' }),
        );
        const feeds = feedsFor(branch, 2);
        const full = ((await session.run(feeds)) as Tensors)[OUT]!;
        const shallow = ((await session.run(feeds)) as Tensors)[OUT]!;
        expect(sameBits(shallow, full)).toBe(true);
        await session.release();
      },
    );
  });

  describe.each([2, 5])('a loop with differing inputs, branch %i', (branch) => {
    let reference: Reference;
    beforeAll(async () => {
      reference = await Reference.create(bytes, BRANCHES[branch - 1]!, [OUT]);
    });
    afterAll(() => reference.release());

    // seven calls of interval 3: the last full call has nobody after it
    const full = [0, 3, 6];

    async function referenceLoop(batch: number, strategy: 'reuse' | 'zero') {
      const results = [];
      let kept: ort.Tensor | undefined;
      for (let call = 0; call < 7; call++) {
        const feeds = feedsFor(call, batch);
        if (full.includes(call)) {
          const { outputs, inner } = await reference.full(feeds);
          kept = strategy === 'zero' ? zerosLike(inner) : inner;
          results.push(outputs[OUT]!);
        } else results.push((await reference.shallow(feeds, kept!))[OUT]!);
      }
      return results;
    }

    test.each([1, 3])('batch %i', async (batch) => {
      const expected = await referenceLoop(batch, 'reuse');
      // the replaced value matters, or the test would pass for any cut
      const other = await reference.full(feedsFor(1, batch));
      expect(relativeDifference(expected[1]!, other.outputs[OUT]!)).toBeGreaterThan(1e-3);
      for (const emit of EMITS) {
        const session = await openSession(
          await compile(7, emit, { branch, interval: 3, strategy: 'reuse' }),
        );
        for (let call = 0; call < 7; call++) {
          const actual = ((await session.run(feedsFor(call, batch))) as Tensors)[OUT]!;
          expect(sameBits(actual, expected[call]!), `${emit}, call ${call}`).toBe(true);
        }
        await session.release();
      }
    });

    test('zeros in its place, batch 3', async () => {
      const expected = await referenceLoop(3, 'zero');
      for (const emit of EMITS) {
        const session = await openSession(
          await compile(7, emit, { branch, interval: 3, strategy: 'zero' }),
        );
        for (let call = 0; call < 7; call++) {
          const actual = ((await session.run(feedsFor(call, 3))) as Tensors)[OUT]!;
          expect(sameBits(actual, expected[call]!), `${emit}, call ${call}`).toBe(true);
        }
        await session.release();
      }
    });
  });

  test('a second image starts anew', async () => {
    for (const emit of EMITS) {
      const session = await openSession(
        await compile(4, emit, { branch: 2, interval: 2, strategy: 'reuse' }),
      );
      const image = async () => {
        const results: ort.Tensor[] = [];
        for (let call = 0; call < 4; call++)
          results.push(((await session.run(feedsFor(call, 1))) as Tensors)[OUT]!);
        session.reset();
        return results;
      };
      const [first, second] = [await image(), await image()];
      for (const [i, tensor] of first.entries()) expect(sameBits(second[i]!, tensor)).toBe(true);
      await session.release();
    }
  });

  test('merged under full optimization, where states that are not read have another size', async () => {
    const compilation = await compile(4, 'merged', { branch: 2, interval: 2, strategy: 'reuse' });
    const sessionOptions = { ...EXACT, graphOptimizationLevel: 'all' } as const;
    const session = await openSession(compilation, { sessionOptions });
    const reference = await Reference.create(bytes, BRANCHES[1]!, [OUT]);
    for (const batch of [3, 1, 4]) {
      const { outputs, inner } = await reference.full(feedsFor(0, batch));
      const [first, second] = [
        ((await session.run(feedsFor(0, batch))) as Tensors)[OUT]!,
        ((await session.run(feedsFor(1, batch))) as Tensors)[OUT]!,
      ];
      expect(relativeDifference(first, outputs[OUT]!)).toBeLessThan(1e-5);
      const shallow = await reference.shallow(feedsFor(1, batch), inner);
      expect(relativeDifference(second, shallow[OUT]!)).toBeLessThan(1e-5);
      session.reset();
    }
    await session.release();
    await reference.release();
  });
});
