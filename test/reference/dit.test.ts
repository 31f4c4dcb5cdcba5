/** The reference transformer is the trained one: onnxruntime gives the same on the source model. */
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXACT } from '../helpers/compile.js';
import { fullAttention } from './attention.js';
import { DIGITS_FILE, modelFeeds, noiseImages } from './digits.js';
import { predictNoise } from './dit.js';
import { flat, relativeError } from './numbers.js';
import { readDitWeights } from './weights.js';

const weights = readDitWeights(DIGITS_FILE);
let source: ort.InferenceSession;
beforeAll(async () => {
  source = await ort.InferenceSession.create(DIGITS_FILE, EXACT);
});
afterAll(() => source.release());

test.each([980, 0])('at timestep %i, with a class and without', async (timestep) => {
  const images = noiseImages(timestep, 2);
  const labels = [3, 10];
  const { out_sample } = await source.run(modelFeeds(images, timestep, labels));
  const predicted = predictNoise(weights, images, timestep, labels, (layer, inputs) =>
    inputs.map((x) => fullAttention(x, weights.blocks[layer]!.attention)),
  );
  expect(relativeError(out_sample!.data as Float32Array, flat(predicted))).toBeLessThan(1e-5);
});
