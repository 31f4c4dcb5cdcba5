// Optimized timesteps on the digits U-Net: how far loops of few steps end from 100 steps, on the images
// that the timesteps were found with and on others. Errors only; nothing here is timed.
import fs from 'node:fs';
import path from 'node:path';
import { generate, openLoopModel, optimizeTimesteps } from '../dist/src/node.js';
import { createSampler, gammaTimesteps } from '../dist/src/runtime.js';
import { classes, median, pad, ROOT } from '../scripts/demo/common.mjs';

const MODEL = path.join(ROOT, 'samples/digits/digits-unet.onnx');
const STEPS = [5, 10, 20];
const REFERENCE_STEPS = 100;
const SAMPLER = { name: 'ddim', clip: 1 };
const FOUND_ON = { seed: 0, ...classes(5) };
const HELD_OUT = [1, 2].map((seed) => ({ seed, ...classes(10) }));

const guidance = ({ unconditional }) => ({
  scale: 2,
  order: 'uncond-first',
  mode: 'batch',
  unconditional,
});

const denoiser = await openLoopModel(MODEL);

async function latents(images, where) {
  const { latent } = await generate(denoiser, {
    sampler: createSampler('ddim', { clip: SAMPLER.clip, ...where }),
    seed: images.seed,
    feeds: images.labels,
    guidance: guidance(images),
  });
  return latent;
}

const sets = { foundOn: [FOUND_ON], heldOut: HELD_OUT };
const references = new Map();
for (const images of Object.values(sets).flat())
  references.set(images, await latents(images, { steps: REFERENCE_STEPS, spacing: 'trailing' }));

/** Mean squared difference from the reference, of each image. */
async function errors(images, where) {
  const [found, wanted] = [await latents(images, where), references.get(images)];
  const size = found.length / images.images;
  return Array.from({ length: images.images }, (_, image) => {
    let sum = 0;
    for (let i = image * size; i < (image + 1) * size; i++) sum += (found[i] - wanted[i]) ** 2;
    return sum / size;
  });
}

async function measure(where) {
  const result = {};
  for (const [name, list] of Object.entries(sets)) {
    const all = [];
    for (const images of list) all.push(...(await errors(images, where)));
    const mean = all.reduce((a, b) => a + b) / all.length;
    result[name] = { images: all.length, mean, median: median(all), worst: Math.max(...all) };
  }
  return result;
}

const results = [];
for (const steps of STEPS) {
  const { gamma, timesteps, tried } = await optimizeTimesteps(denoiser, {
    steps,
    referenceSteps: REFERENCE_STEPS,
    samples: FOUND_ON.images,
    seed: FOUND_ON.seed,
    feeds: FOUND_ON.labels,
    guidance: guidance(FOUND_ON),
    sampler: SAMPLER,
  });
  const ways = {
    'equally spaced (gamma 1)': { timesteps: gammaTimesteps({ steps, gamma: 1 }) },
    [`found (gamma ${gamma.toFixed(2)})`]: { timesteps },
    leading: { steps, spacing: 'leading' },
    quad: { steps, spacing: 'quad' },
  };
  const rows = {};
  for (const [name, where] of Object.entries(ways)) {
    rows[name] = await measure(where);
    const { foundOn, heldOut } = rows[name];
    const shown = [foundOn.mean, heldOut.mean, heldOut.median, heldOut.worst];
    console.log(
      `${pad(steps, 2)} steps, ${name.padEnd(26)}${shown.map((v) => pad(v.toExponential(2), 10)).join('')}`,
    );
  }
  results.push({ steps, gamma, timesteps: timesteps.join(' '), rows, tried });
}
await denoiser.release();
fs.writeFileSync(
  path.join(ROOT, 'bench/results/timesteps.json'),
  `${JSON.stringify({ node: process.version, referenceSteps: REFERENCE_STEPS, results }, null, 2)}\n`,
);
