/**
 * Where the batch is, in models as exporters write them: on the inputs of the call before, a call that runs one half must
 * give what the source gives in onnxruntime for both, whatever holds the batch as a number or takes it from a shape. What
 * mixes images, or has them where they cannot be told apart, is refused with its node.
 */
import { expect, test } from 'vitest';
import { guidanceDelta } from '../../passes/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { EXACT, encodeSorted, openSession, ort } from '../helpers/compile.js';
import { modelOf } from '../helpers/text.js';

interface Case {
  /** Of the latent. */
  readonly batch: string;
  readonly body: string;
  readonly constants?: string;
  readonly inputs?: string;
  readonly refused?: RegExp;
}

const CASES: Readonly<Record<string, Case>> = {
  'a Reshape to a batch written down': {
    batch: '4',
    constants: 'int64[3] to = {4, 2, 6}, int64[4] back = {4, 3, 2, 2}',
    body: 'r = Reshape (x, to) m = Softmax (r) y = Reshape (m, back)',
  },
  'a timestep expanded to a batch written down': {
    batch: '4',
    inputs: ', float t',
    constants: 'int64[4] rows = {4, 1, 1, 1}',
    body: 'wide = Expand (t, rows) s = Sin (wide) y = Add (x, s)',
  },
  'a timestep expanded to the batch of a shape': {
    batch: 'n',
    inputs: ', float[1] t',
    constants: 'int64[1] at = {0}, int64[2] behind = {1, 2}, int64[1] last = {3}',
    body: `size = Shape (x) n = Gather (size, at) wide = Expand (t, n) s = Sin (wide)
      deep = Unsqueeze (s, behind) deeper = Unsqueeze (deep, last) y = Add (x, deeper)`,
  },
  'a constant with a row for each image, read elsewhere too': {
    batch: '4',
    constants: 'float[4, 1, 1, 1] c = {1, 2, 3, 4}',
    body: 's = Add (x, c) m = ReduceSum (c) y = Mul (s, m)',
  },
  'an Expand of the images to a shape with the batch in it': {
    batch: '4',
    constants: 'int64[4] to = {4, 3, 2, 2}',
    body: 'm = ReduceMean <axes = [1], keepdims = 1> (x) y = Expand (m, to)',
  },
  'a Resize to sizes with the batch in them': {
    batch: '4',
    constants: 'int64[4] to = {4, 3, 4, 4}, int64[4] back = {4, 3, 2, 2}',
    body: 'r = Resize (x, , , to) b = Resize (r, , , back) y = Neg (b)',
  },
  'another input with rows of its own, or one for all': {
    batch: 'n',
    inputs: ', float[m, 3, 1, 1] c',
    body: 'y = Add (x, c)',
  },
  'an input with as many elements on another axis': {
    batch: '4',
    inputs: ', float[1, 3, 1, 1] c',
    body: 'y = Mul (x, c)',
  },
  'a mean over all images': {
    batch: '4',
    body: 'm = ReduceMean <axes = [0], keepdims = 1> (x) y = Sub (x, m)',
    refused: /it works across the batch, at node/,
  },
  'a number for each place in the batch': {
    batch: 'n',
    constants: 'int64 at = {0}, int64 zero = {0}, int64 one = {1}, int64[3] behind = {1, 2, 3}',
    body: `size = Shape (x) n = Gather (size, at) places = Range (zero, n, one)
      deep = Unsqueeze (places, behind) real = Cast <to = 1> (deep) y = Add (x, real)`,
    refused: /has a value for each image of the batch/,
  },
  'images that meet one another': {
    batch: '4',
    constants: 'int64[2] to = {4, 12}, int64[4] back = {4, 1, 2, 2}',
    body: 'r = Reshape (x, to) t = Transpose (r) p = MatMul (r, t) y = Reshape (p, back)',
    refused: /pairs its images/,
  },
  'a batch behind another axis of an output': {
    batch: '4',
    body: 'y = Transpose <perm = [1, 0, 2, 3]> (x)',
    refused: /has the batch on another axis/,
  },
};

test.each(Object.entries(CASES))(
  '%s',
  async (_, { batch, body, constants = '', inputs = '', refused }) => {
    const model = () =>
      modelOf(`g (float[${batch}, 3, 2, 2] x${inputs}) => (float[] y) <${constants}> { ${body} }`);
    const source = model();
    source.graph.outputs[0]!.type = undefined;
    const compiling = (order: 'cond-first' | 'uncond-first') =>
      Pipeline.create({
        calls: 2,
        guidance: { order, mode: 'batch' },
        roles: { latent: 'x', ...(inputs.includes(' t') && { timestep: 't' }) },
      })
        .use(guidanceDelta, { full: [0], order: 0 })
        .compile(source);
    if (refused) {
      await expect(compiling('cond-first')).rejects.toMatchObject({
        code: 'GUIDANCE_HALVES',
        message: expect.stringMatching(refused),
      });
      return;
    }
    const numbers = (count: number) =>
      Float32Array.from({ length: count }, (_, i) => Math.sin(1 + i));
    const plain = await ort.InferenceSession.create(encodeSorted(model()), EXACT);
    for (const rows of inputs.includes('m, 3') ? [4, 1] : [4]) {
      const feeds: Record<string, ort.Tensor> = {
        x: new ort.Tensor('float32', numbers(48), [4, 3, 2, 2]),
      };
      if (inputs.includes(' c')) {
        const own = inputs.includes('m, 3') ? rows : 1;
        feeds.c = new ort.Tensor('float32', numbers(own * 3), [own, 3, 1, 1]);
      }
      if (inputs.includes(' t'))
        feeds.t = new ort.Tensor(
          'float32',
          Float32Array.of(0.7),
          inputs.includes('[1]') ? [1] : [],
        );
      const { y: expected } = await plain.run(feeds);
      for (const order of ['cond-first', 'uncond-first'] as const) {
        const session = await openSession(await compiling(order));
        for (const call of [0, 1]) {
          const { y } = await session.run(feeds);
          const [is, was] = [y!.data, expected!.data] as Float32Array[];
          expect(y!.dims, `call ${call}`).toEqual(expected!.dims);
          for (const [i, v] of is!.entries()) expect(Math.abs(v - was![i]!)).toBeLessThan(1e-6);
        }
        await session.release();
      }
    }
    await plain.release();
  },
);
