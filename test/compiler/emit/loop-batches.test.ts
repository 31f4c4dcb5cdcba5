/** The whole loop of a model whose export calls the batch something else at each input, with guidance in one batch. */
import { expect, test } from 'vitest';
import { inForm } from '../../../src/compiler/emit/form.js';
import { EXACT, encodeLowered, ort } from '../../helpers/compile.js';
import { compileLoop } from './whole-loop.js';

/** Each pixel and its image's text are added, which makes one batch of both. */
const joined = `apart (float[rows, 2, 4, 4] sample, int64[rows] timestep, float[texts, 3] text) => (float[rows, 2, 4, 4] out)
<float[3, 2] w = {1, -1, 0.5, 2, 0.25, -0.5}, int64[4] last = {0, 2, 1, 1}, int64[4] all = {0, 1, 1, 1}> {
  words = MatMul (text, w)
  image = Reshape (words, last)
  steps = Cast <to = 1> (timestep)
  time = Reshape (steps, all)
  scale = Constant <value_float = 0.001> ()
  small = Mul (time, scale)
  h = Add (sample, image)
  moved = Add (h, small)
  out = Tanh (moved)
}`;

/** Texts go by way of one long row, as the sizes that SDXL is told do, and nothing says that there are as many as images. */
const flattened = `flat (float[rows, 2, 4, 4] sample, int64[rows] timestep, float[texts, 3] text) => (float[rows, 2, 4, 4] out)
<float[4, 2] w = {1, -1, 0.5, 2, 0.25, -0.5, 1, 1}, int64[4] last = {0, 2, 1, 1}, int64[2] all = {0, 1}, int64[1] rest = {-1}> {
  long = Reshape (text, rest)
  count = Shape <start = 0, end = 1> (sample)
  table = Concat <axis = 0> (count, rest)
  spread = Reshape (long, table)
  steps = Cast <to = 1> (timestep)
  time = Reshape (steps, all)
  scale = Constant <value_float = 0.001> ()
  small = Mul (time, scale)
  told = Concat <axis = 1> (small, spread)
  words = MatMul (told, w)
  image = Reshape (words, last)
  h = Add (sample, image)
  out = Tanh (h)
}`;

const floats = (dims: number[]) => {
  const count = dims.reduce((product, size) => product * size, 1);
  return new ort.Tensor(
    'float32',
    Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
    dims,
  );
};

const loopOf = async (text: string, guided: boolean) => {
  const compilation = await compileLoop(text, guided);
  const bytes = encodeLowered(inForm(compilation)).get('loop.onnx')!;
  return ort.InferenceSession.create(bytes, EXACT);
};

test.each([
  ['joined by an operator', joined],
  ['joined by nothing that shows', flattened],
])('what has a row for each image has one for either half, %s', async (_, text) => {
  const [guided, plain] = [await loopOf(text, true), await loopOf(text, false)];
  const feeds = { noise: floats([2, 2, 4, 4]), text: floats([2, 3]) };
  const { latent } = await guided.run({
    ...feeds,
    'unconditional.text': feeds.text,
    guidance_scale: new ort.Tensor('float32', [2], []),
  });
  // of two halves that are the same guidance makes either
  const { latent: wanted } = await plain.run(feeds);
  expect(latent!.data).toEqual(wanted!.data);
  await guided.release();
  await plain.release();
});
