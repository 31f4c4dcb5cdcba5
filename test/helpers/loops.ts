/**
 * Loops written out for tests: DDIM with eta 0 (Song et al., arXiv 2010.02502, equation 12) over the linear betas of
 * DDPM, in float64 and with nothing of the library's but its random numbers; and small models to run them on.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, expect } from 'vitest';
import { createRandom } from '../../src/runtime/samplers/index.js';
import { EXACT, encodeSorted } from './compile.js';
import { modelOf } from './text.js';

/** Signal that is left at a timestep. */
export function signalAt(timestep: number): number {
  let product = 1;
  for (let t = 0; t <= timestep; t++) product *= 1 - (1e-4 + ((0.02 - 1e-4) * t) / 999);
  return product;
}

/** With an equal stride from 0, the noisiest first. */
export const timestepsOf = (steps: number): number[] =>
  Array.from({ length: steps }, (_, i) => Math.floor(1000 / steps) * (steps - 1 - i));

/** The noise of images as a seed has it, one behind the other. */
export const noiseOf = (seed: number, images: number, each: number): number[] =>
  Array.from({ length: images }, (_, i) => [...createRandom(seed, i).normals(each)]).flat();

export interface PlainLoop {
  readonly steps: number;
  /** Default those of `timestepsOf`. */
  readonly timesteps?: readonly number[];
  /** Steps left out at the beginning. */
  readonly start?: number;
  /** What the first step starts from. */
  readonly from: readonly number[];
  /** The noise seen in a latent; steps are counted from the first of the whole loop. */
  readonly predict: (x: Float32Array, t: number, step: number) => Promise<ArrayLike<number>>;
  /** What becomes of a latent behind a step, which has so much signal. */
  readonly behind?: (x: readonly number[], signal: number) => readonly number[];
}

export async function plainDdim(loop: PlainLoop): Promise<number[]> {
  const { steps, start = 0, predict, behind } = loop;
  const { timesteps = timestepsOf(steps) } = loop;
  let x = [...loop.from];
  for (let step = start; step < steps; step++) {
    const now = signalAt(timesteps[step]!);
    const next = step + 1 < steps ? signalAt(timesteps[step + 1]!) : 1;
    const seen = await predict(Float32Array.from(x), timesteps[step]!, step);
    x = x.map((value, i) => {
      const clean = (value - Math.sqrt(1 - now) * seen[i]!) / Math.sqrt(now);
      return Math.sqrt(next) * clean + Math.sqrt(1 - next) * seen[i]!;
    });
    if (behind) x = [...behind(x, next)];
  }
  return x;
}

/** u + s (c - u) */
export const guided = (c: ArrayLike<number>, u: ArrayLike<number>, scale: number): number[] =>
  Array.from(c, (value, i) => u[i]! + scale * (value - u[i]!));

/** A model in text form, in a file and open. */
export async function fileOf(folder: string, name: string, text: string) {
  const file = path.join(folder, `${name}.onnx`);
  const bytes = encodeSorted(modelOf(text));
  fs.writeFileSync(file, bytes);
  return { file, session: await ort.InferenceSession.create(bytes, EXACT) };
}

export const floats = (values: ArrayLike<number>, ...dims: number[]) =>
  new ort.Tensor('float32', Float32Array.from(values), dims);

/** Numbers that look like nothing. */
export const wave = (count: number, from = 1): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin((i + from) * (i + from)));

/** The output of a model for one call. */
export async function outputOf(
  session: ort.InferenceSession,
  feeds: Record<string, ort.Tensor>,
  name = 'eps',
): Promise<Float32Array> {
  return (await session.run(feeds))[name]!.data as Float32Array;
}

/** A folder that is removed behind the tests of a file. */
export function loopFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-loops-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** To the precision of float32 over a loop. */
export function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 4);
}

const MIX = '{0.5, -0.25, 0.125, 0.75}';

/** Channels mixed, and what timestep and text add to them: `sum`. */
const UNDER_TEXT = `  mixed = Conv (x, w)
  slow = Mul (t, hundredth)
  sine = Sin (slow)
  cosine = Cos (slow)
  time = Sub (sine, cosine)
  column = Unsqueeze (time, one)
  mean = ReduceMean <axes = [1], keepdims = 0> (c)
  known = Add (column, mean)
  wide = Unsqueeze (known, sizes)
  sum = Add (mixed, wide)`;

/**
 * Two channels under a text of any length: what it adds is the mean of its tokens. `sines` of the timestep are what
 * tells which input it is.
 * @param batch a size, or a symbol
 */
export const textModel = (batch: string | number = 'batch') => `
g (float[${batch},2,height,width] x, float[${batch}] t, float[${batch},tokens,2] c)
  => (float[${batch},2,height,width] eps)
<float[2,2,1,1] w = ${MIX}, int64[2] sizes = {2, 3}, int64[1] one = {1}, float hundredth = {0.01}> {
${UNDER_TEXT}
  eps = Tanh (sum)
}`;

/** A model for inpainting: the latent's two channels, a mask, and two of the masked latent. */
export const inpaintingModel = (batch: string | number = 'batch') => `
g (float[${batch},5,height,width] x, float[${batch}] t, float[${batch},tokens,2] c)
  => (float[${batch},2,height,width] eps)
<float[2,5,1,1] w = {0.5, -0.25, 0.125, 0.75, 0.25, -0.5, 0.25, 0.375, -0.125, 0.5},
 int64[2] sizes = {2, 3}, int64[1] one = {1}, float hundredth = {0.01}> {
${UNDER_TEXT}
  eps = Tanh (sum)
}`;

/** The text model with two residuals, one of half its size. */
export const controlledModel = () => `
g (float[batch,2,height,width] x, float[batch] t, float[batch,tokens,2] c,
   float[batch,2,height,width] down, float[batch,2,h_mid,w_mid] mid)
  => (float[batch,2,height,width] eps)
<float[2,2,1,1] w = ${MIX}, int64[2] sizes = {2, 3}, int64[1] one = {1}, float hundredth = {0.01}> {
${UNDER_TEXT}
  withDown = Add (sum, down)
  flat = ReduceMean <axes = [2, 3], keepdims = 1> (mid)
  withMid = Add (withDown, flat)
  eps = Tanh (withMid)
}`;

/** What makes the residuals, from a picture of twice the size. @param names of its outputs */
export const controlModel = (
  names: readonly [string, string],
  batch: string | number = 'batch',
) => `
g (float[${batch},2,height,width] x, float[${batch}] t, float[${batch},tokens,2] c,
   float[${batch},2,wide,high] picture, float strength)
  => (float[${batch},2,height,width] ${names[0]}, float[${batch},2,h_mid,w_mid] ${names[1]})
<int64[2] sizes = {2, 3}, float hundredth = {0.01}, int64[1] one = {1}> {
  small = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (picture)
  slow = Mul (t, hundredth)
  sine = Sin (slow)
  column = Unsqueeze (sine, one)
  mean = ReduceMean <axes = [1], keepdims = 0> (c)
  known = Add (column, mean)
  wide_known = Unsqueeze (known, sizes)
  scaled = Mul (small, strength)
  withPicture = Add (x, scaled)
  ${names[0]} = Add (withPicture, wide_known)
  ${names[1]} = Tanh (small)
}`;
