/**
 * Networks of speech: what is found in them is what they were made of, and bundles are plain loops over the source, run by
 * onnxruntime with a value of an earlier call put in the place of its own.
 */
import { describe, expect, test } from 'vitest';
import { deepcache, ditfastattn, loopInvariant } from '../../passes/index.js';
import { inspectModel } from '../../src/compiler/inspect/inspect.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { EMITS, EXACT, encodeSorted, openSession, ort } from '../helpers/compile.js';
import { Reference, relativeDifference, sameBits, type Tensors } from '../helpers/injectable.js';
import { guidedStep, sequenceUnet } from '../helpers/speech.js';
import { modelOf } from '../helpers/text.js';

const FRAMES = 10;
const CALLS = 4;

const tensor = (dims: readonly number[], of: (i: number) => number) =>
  new ort.Tensor(
    'float32',
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => of(i)),
    dims,
  );
/** A row of all frames, and one that ends before. */
const upTo = (size: number, shorter: number) =>
  tensor([2, 1, size], (i) => (i < size + shorter ? 1 : 0));

describe('a U-Net over frames, with masks', () => {
  const model = () => modelOf(sequenceUnet(), 18);
  const feedsOf = (call: number): Tensors => ({
    x: tensor([2, 4, FRAMES], (i) => Math.sin(3 * i + call)),
    mask: upTo(FRAMES, 6),
    mu: tensor([2, 4, FRAMES], (i) => Math.cos(5 * i)),
    t: tensor([2], () => call / CALLS),
  });

  test('has two branches, and a block at each place', async () => {
    const { inspection, unet } = await inspectModel(model());
    expect(inspection.roles).toMatchObject({ latent: 'x', timestep: 't', prediction: 'v' });
    expect(inspection.roles.conditions).toEqual(['mask', 'mu']);
    expect(unet.isUnet && unet.joins.map(({ main, skip }) => [main.name, skip.name])).toEqual([
      ['deep', 'd0b'],
      ['mb', 'd1b'],
    ]);
    expect(inspection.attention.map(({ kind }) => kind)).toEqual(Array(5).fill('self'));
    expect(inspection.blocks).toHaveLength(5);
    expect(inspection.notes).toEqual([]);
  });

  test.each([
    [1, 'deep'],
    [2, 'mb'],
  ] as const)('takes the deep part of branch %i as it was', async (branch, kept) => {
    const reference = await Reference.create(encodeSorted(model()), kept, ['v']);
    for (const emit of EMITS) {
      const compilation = await Pipeline.create({ calls: CALLS, emit })
        .use(deepcache, { branch, interval: 2 })
        .compile(model());
      const session = await openSession(compilation);
      let inner: ort.Tensor | undefined;
      for (let call = 0; call < CALLS; call++) {
        const feeds = feedsOf(call);
        const full = await reference.full(feeds);
        if (call % 2 === 0) inner = full.inner;
        const wanted = (await reference.shallow(feeds, inner!))['v']!;
        if (call % 2 === 1)
          expect(relativeDifference(wanted, full.outputs['v']!)).toBeGreaterThan(1e-3);
        const { v } = (await session.run(feeds)) as Tensors;
        expect(relativeDifference(v!, wanted), `${emit}, call ${call}`).toBeLessThan(1e-5);
      }
      await session.release();
    }
    await reference.release();
  });

  test('takes what attentions gave as it was, where nothing changed', async () => {
    const compilation = await Pipeline.create({ calls: CALLS })
      .use(ditfastattn, { strategy: 'reuse', interval: 2 })
      .compile(model());
    const session = await openSession(compilation);
    const source = await ort.InferenceSession.create(encodeSorted(model()), EXACT);
    for (let call = 0; call < CALLS; call++) {
      const feeds = feedsOf(0);
      const { v } = (await session.run(feeds)) as Tensors;
      expect(sameBits(v!, (await source.run(feeds))['v'] as ort.Tensor)).toBe(true);
    }
    await session.release();
    await source.release();
  });
});

describe('a step with its guidance and its sum inside', () => {
  const model = () => modelOf(guidedStep(), 18);
  const given: Tensors = {
    text: tensor([2, 6, 7], (i) => Math.sin(2 * i)),
    text_mask: upTo(7, 4),
    mask: upTo(FRAMES, 6),
    steps: tensor([2], () => CALLS),
  };

  test('has a step that is counted, and attention to the text', async () => {
    const { inspection } = await inspectModel(model());
    expect(inspection.roles).toMatchObject({ latent: 'x', timestep: 'step', problems: [] });
    expect(inspection.attention.map(({ kind }) => kind)).toEqual(['cross', 'cross']);
    expect(inspection.notes).toEqual([]);
  });

  test.each(EMITS)('computes what comes of the text once, bit for bit: %s', async (emit) => {
    const compilation = await Pipeline.create({ calls: CALLS, emit })
      .use(loopInvariant, {})
      .compile(model());
    // keys and values of both attentions
    expect(compilation.plan.sites.flatMap(({ outputs }) => outputs).length).toBeGreaterThan(3);
    const session = await openSession(compilation);
    const source = await ort.InferenceSession.create(encodeSorted(model()), EXACT);
    let x = tensor([2, 4, FRAMES], (i) => (i % 40 < 36 ? Math.sin(3 * i) : 0));
    for (let call = 0; call < CALLS; call++) {
      const feeds = { ...given, x, step: tensor([2], () => call) };
      const wanted = (await source.run(feeds))['next'] as ort.Tensor;
      expect(sameBits((await session.run(feeds))['next'] as ort.Tensor, wanted)).toBe(true);
      // the next latent is what the graph returns
      x = wanted as typeof x;
    }
    await session.release();
    await source.release();
  });
});
