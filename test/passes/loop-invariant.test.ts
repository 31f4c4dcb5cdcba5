/**
 * Loop-invariant code motion: a loop whose condition stays the same gives, bit for bit, what the source
 * gives at each call, in every form and again after a reset; what is moved out of Stable Diffusion v1.5 and
 * PixArt is what their papers' architectures say.
 */
import { describe, expect, test } from 'vitest';
import { deepcache } from '../../passes/deepcache/index.js';
import { type LoopInvariantOptions, loopInvariant } from '../../passes/loop-invariant/index.js';
import { Pipeline, type PipelineOptions } from '../../src/compiler/pipeline/index.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { EMITS, EXACT, encodeSorted, openSession, ort, scheduleOf } from '../helpers/compile.js';
import { sameBits, type Tensors } from '../helpers/injectable.js';
import { modelOf } from '../helpers/text.js';

const CALLS = 4;
const weights = (name: string, rows: number, columns: number, seed: number) =>
  `float[${rows},${columns}] ${name} = {${Array.from({ length: rows * columns }, (_, i) =>
    Math.sin(seed + i * i).toFixed(3),
  ).join(', ')}}`;

/** Cross-attention to a projected caption; `extra` nodes make the second output. */
const captioned = (extra = 'other = Relu (caption)') =>
  modelOf(`captioned (float[batch,6,4] x, int64[batch] t, float[batch,words,3] caption) => (float[batch,6,4] eps, other)
<${weights('wc', 3, 4, 1)}, ${weights('wq', 4, 4, 2)}, ${weights('wk', 4, 4, 3)}, ${weights('wv', 4, 4, 4)}, float[2] freq = {1, 0.1}, int64[1] last = {1}, int64[1] middle = {1}> {
  steps = Cast <to = 1> (t)
  column = Unsqueeze (steps, last)
  angle = Mul (column, freq)
  sin = Sin (angle)
  cos = Cos (angle)
  embedding = Concat <axis = 1> (sin, cos)
  time = Unsqueeze (embedding, middle)
  h = Add (x, time)
  words4 = MatMul (caption, wc)
  act = Relu (words4)
  q = MatMul (h, wq)
  k = MatMul (act, wk)
  v = MatMul (act, wv)
  kt = Transpose <perm = [0, 2, 1]> (k)
  scores = MatMul (q, kt)
  p = Softmax <axis = -1> (scores)
  mixed = MatMul (p, v)
  eps = Add (h, mixed)
  ${extra}
}`);

function feedsFor(call: number, image: number): Tensors {
  const tensor = (dims: number[], seed: number) =>
    new ort.Tensor(
      'float32',
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) =>
        Math.sin(seed + 3 * i),
      ),
      dims,
    );
  return {
    x: tensor([2, 6, 4], 10 * call + image),
    t: new ort.Tensor('int64', BigInt64Array.of(BigInt(900 - call), 900n), [2]),
    caption: tensor([2, 5, 3], 100 + image),
  };
}

const compile = (
  model: Parameters<Pipeline['compile']>[0],
  loop: Partial<PipelineOptions> = {},
  options: LoopInvariantOptions = {},
) =>
  Pipeline.create({ calls: CALLS, ...loop })
    .use(loopInvariant, options)
    .compile(model);

describe.each(EMITS)('a loop with one caption an image, as %s', (emit) => {
  test('gives what the source gives, bit for bit, and again after a reset', async () => {
    const model = captioned();
    const source = await ort.InferenceSession.create(encodeSorted(model), EXACT);
    const session = await openSession(await compile(model, { emit }));
    for (const image of [1, 2]) {
      session.reset();
      for (let call = 0; call < CALLS; call++) {
        const feeds = feedsFor(call, image);
        const [actual, expected] = [await session.run(feeds), await source.run(feeds)] as Tensors[];
        for (const name of ['eps', 'other'])
          expect(sameBits(actual![name]!, expected![name]!), `${name}, call ${call}`).toBe(true);
      }
    }
  });
  test('keeps a caption for each half of guidance in two calls a step', async () => {
    const model = captioned();
    const source = await ort.InferenceSession.create(encodeSorted(model), EXACT);
    const guidance = { order: 'uncond-first', mode: 'two-calls' } as const;
    const session = await openSession(await compile(model, { emit, guidance }));
    for (let call = 0; call < CALLS; call++) {
      const feeds = feedsFor(call, call % 2);
      const [actual, expected] = [await session.run(feeds), await source.run(feeds)] as Tensors[];
      expect(sameBits(actual!.eps!, expected!.eps!), `call ${call}`).toBe(true);
    }
  });
});

describe('what is moved', () => {
  test('k, as the scores take it, and v, with the projection of the caption', async () => {
    const { plan } = await compile(captioned());
    expect(plan.sites[0]!.outputs.map(({ name }) => name)).toEqual(['v', 'kt']);
    expect(plan.sites[0]!.description).toContain('3 layers, 2 values');
  });
  test('no size: it is that of what is kept', async () => {
    const sized = captioned(`size = Shape (words4)
  words = Gather <axis = 0> (size, last)
  number = Cast <to = 1> (words)
  other = Mul (eps, number)`);
    const { plan } = await compile(sized);
    expect(plan.sites[0]!.outputs.map(({ name }) => name)).toEqual(['words4', 'v', 'kt']);
  });
  // sixteen cross-attentions of width 320 (5), 640 (5) and 1280 (6), to 77 words of width 768
  const widths = [...Array(5).fill(320), ...Array(5).fill(640), ...Array(6).fill(1280)];
  const macs = widths.reduce((sum, width) => sum + 2 * 77 * 768 * width, 0);
  test('k and v of all cross-attention of Stable Diffusion v1.5', async () => {
    const compilation = await compile(loadModel('samples/architectures/sd15-unet.onnx'), {
      emit: 'split',
    });
    expect(compilation.plan.sites[0]!.outputs).toHaveLength(32);
    const { programs } = scheduleOf(compilation).cost!.macs!.convention.layers;
    expect(programs.full! - programs.reuse!).toBe(macs);
  });
  test('below DeepCache at branch 1, only what the two outermost cross-attentions read', async () => {
    const compilation = await Pipeline.create({ calls: 4, emit: 'split' })
      .use(deepcache, { branch: 1, interval: 2 })
      .use(loopInvariant)
      .compile(loadModel('samples/architectures/sd15-unet.onnx'));
    const { programs, calls } = scheduleOf(compilation);
    const reads = calls.map((name) => Object.keys(programs[name]!.runs[0]!.reads ?? {}).length);
    // branch 1 leaves the last residual block and attention of the decoder, and nothing of the encoder
    expect(reads).toEqual([0, 1 + 2, 32, 1 + 2]);
  });
});

describe('refused', () => {
  test('a model whose condition goes through no layer of its own', async () => {
    await expect(compile(loadModel('samples/digits/digits-unet.onnx'))).rejects.toMatchObject({
      code: 'INVARIANT_NOT_FOUND',
    });
  });
  test('inputs that change or do not exist', async () => {
    for (const [input, why] of [
      ['t', /changes from call to call/],
      ['x', /changes from call to call/],
      ['text', /no input of the model/],
    ] as const)
      await expect(compile(captioned(), {}, { inputs: [input] })).rejects.toThrow(why);
  });
  test('a model whose timestep is not known: it would be kept', async () => {
    const model = modelOf(`m (float[batch,4] x, float[batch,4] t) => (float[batch,4] y)
<${weights('w', 4, 4, 1)}> {
  e = MatMul (t, w)
  y = Add (x, e)
}`);
    await expect(compile(model)).rejects.toThrow(/not all roles are known/);
  });
});
