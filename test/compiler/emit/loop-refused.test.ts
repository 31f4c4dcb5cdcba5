/** Latents that a whole loop cannot step by what is predicted. */
import { expect, test } from 'vitest';
import { inForm } from '../../../src/compiler/emit/form.js';
import { compileLoop } from './whole-loop.js';

/** A model that gives what it takes, the last of it left out. */
const narrow = (latent: string, prediction: string, ends: string, axis: number) =>
  `narrow (float[${latent}] sample, int64 timestep) => (float[${prediction}] out)
<int64[1] from = {0}, int64[1] to = {${ends}}, int64[1] along = {${axis}}> {
  part = Slice (sample, from, to, along)
  t = Cast <to = 1> (timestep)
  out = Add (part, t)
}`;

test.each([
  ['of an inpainting model', 'n, 9, 8, 8', 'n, 4, 8, 8', '4', 1],
  ['of a video, frames before channels', 'n, f, 8, 8, 8', 'n, f, 4, 8, 8', '4', 2],
])('more channels than are predicted, %s', async (_, latent, prediction, ends, axis) => {
  const compilation = await compileLoop(narrow(latent, prediction, ends, axis));
  expect(() => inForm(compilation)).toThrow(
    expect.objectContaining({
      code: 'FORM_INPUTS',
      message: expect.stringContaining(`on axis ${axis} its latent "sample" has size`),
    }),
  );
});
