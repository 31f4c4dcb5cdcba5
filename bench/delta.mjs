// Δ-DiT on the digits transformer: a third, a half and two thirds of the blocks, every 2nd, 3rd and 4th step
// full; rear blocks early and front blocks late against one of them throughout and against the naive
// form. Seconds in turn beside the source, and the error of the images against the source's.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deltaCache } from '../dist/passes/index.js';
import {
  createSampler,
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  Pipeline,
  writeBundle,
} from '../dist/src/index.js';
import { digits, median, pad, psnr, ROOT, timeInTurn } from '../scripts/demo/common.mjs';

const sourceFile = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
const STEPS = 20;
const SEED = 7;
const BLOCKS = [2, 3, 4];
const INTERVALS = [2, 3, 4];
const FORMS = {
  'rear, then front': {},
  'rear only': { boundary: STEPS },
  'front only': { boundary: 0 },
  'naive, rear, then front': { strategy: 'reuse' },
  'naive, front only': { strategy: 'reuse', boundary: 0 },
};
/** Where late steps begin, for one setting. */
const BOUNDARIES = [0, 4, 8, 10, 12, 16, 20];

const { images, labels, unconditional } = digits(2);
const request = {
  sampler: createSampler('ddim', { steps: STEPS, clip: 1 }),
  feeds: labels,
  guidance: { scale: 2, order: 'cond-first', mode: 'batch', unconditional },
};
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-delta-'));

async function bundle(options) {
  const folder = fs.mkdtempSync(path.join(scratch, 'bundle-'));
  const pipeline = Pipeline.create({ calls: STEPS }).use(deltaCache, options);
  const schedule = writeBundle(await pipeline.compile(loadModel(sourceFile)), folder, {
    sourceFile,
    force: true,
  });
  return { folder, macs: schedule.cost.macs.convention.all };
}

/** The source and variants in turn, each with sessions of its own. */
async function measure(variants) {
  const all = [{ name: 'source', denoiser: await openLoopModel(sourceFile) }];
  for (const { folder, ...rest } of variants)
    all.push({ ...rest, denoiser: await openLoopBundle(folder) });
  for (const variant of all) variant.latents = [];
  // each round has noise of its own, so that errors are over the images of all rounds
  await timeInTurn(all, async ({ denoiser, latents }) => {
    const made = await generate(denoiser, { ...request, seed: SEED + latents.length });
    latents.push(made.latent);
    return made;
  });
  for (const { denoiser } of all) await denoiser.release();
  const [source] = all;
  const wanted = joined(source.latents);
  return all.slice(1).map(({ denoiser, latent, latents, dims, seconds, macs, ...rest }) => ({
    ...rest,
    secondsPerImage: median(seconds) / images,
    speedup: median(source.seconds) / median(seconds),
    macRatio: macs.source / macs.perCall,
    images: images * latents.length,
    meanSquaredError: squaredError(joined(latents), wanted),
    psnr: psnr(joined(latents), wanted),
  }));
}

const joined = (latents) => Float32Array.from(latents.flatMap((latent) => [...latent]));
const squaredError = (a, b) => a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length;

const show = (r) =>
  console.log(
    r.name.padEnd(34) +
      pad(`${(1000 * r.secondsPerImage).toFixed(0)} ms`, 9) +
      pad(`${r.speedup.toFixed(2)}x`, 9) +
      pad(`${r.macRatio.toFixed(2)}x`, 9) +
      pad(r.meanSquaredError.toExponential(2), 12) +
      pad(`${r.psnr?.toFixed(1)} dB`, 11),
  );

console.log(
  `${'blocks, interval, form'.padEnd(34)} per image  faster  by MACs       error       PSNR`,
);
const results = [];
for (const interval of INTERVALS)
  for (const blocks of BLOCKS) {
    const variants = [];
    for (const [form, options] of Object.entries(FORMS))
      variants.push({
        name: `${blocks}, ${interval}, ${form}`,
        blocks,
        interval,
        form,
        ...(await bundle({ blocks, interval, ...options })),
      });
    const measured = await measure(variants);
    measured.forEach(show);
    results.push(...measured);
  }

const boundaries = [];
for (const boundary of BOUNDARIES)
  boundaries.push({
    name: `3, 3, boundary ${boundary}`,
    boundary,
    ...(await bundle({ blocks: 3, interval: 3, boundary })),
  });
const swept = await measure(boundaries);
swept.forEach(show);

fs.rmSync(scratch, { recursive: true, force: true });
fs.writeFileSync(
  path.join(ROOT, 'bench/results/delta.json'),
  `${JSON.stringify({ cores: os.cpus().length, node: process.version, steps: STEPS, results, boundaries: swept }, null, 2)}\n`,
);
