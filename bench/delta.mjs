// Δ-DiT on the digits transformer: a third, a half and two thirds of the blocks, every 2nd, 3rd and 4th step
// full; rear blocks early and front blocks late against one of them throughout and against the naive
// form. Seconds in turn beside the source, and the error of the images against the source's.
//
//   node bench/delta.mjs [--settings]     instead: where late steps begin, and fewer steps of the source
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deltaCache } from '../dist/passes/index.js';
import { Pipeline } from '../dist/src/index.js';
import {
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  writeBundle,
} from '../dist/src/node.js';
import { createSampler } from '../dist/src/runtime.js';
import { classes, median, pad, psnr, ROOT, timeInTurn } from '../scripts/demo/common.mjs';

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
/** Where late steps begin, with half of the blocks and N = 3. */
const BOUNDARIES = [0, 4, 8, 10, 12, 16, 20];
/** Steps of the source in about the time of such loops. */
const FEWER = [17, 15, 14, 13, 12, 10];

const { images, labels, unconditional } = classes(2);
const request = {
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
    all.push({
      ...rest,
      denoiser: await (folder ? openLoopBundle(folder) : openLoopModel(sourceFile)),
    });
  for (const variant of all) variant.latents = [];
  // each round has noise of its own, so that errors are over the images of all rounds
  await timeInTurn(all, async ({ denoiser, latents, steps = STEPS }) => {
    const sampler = createSampler('ddim', { steps, clip: 1 });
    const made = await generate(denoiser, { ...request, sampler, seed: SEED + latents.length });
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
    macRatio: macs ? macs.source / macs.perCall : STEPS / rest.steps,
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
/** Measures groups of variants, each beside the source, and writes down what came out. */
async function run(file, groups) {
  const results = [];
  for (const group of groups) {
    const variants = [];
    for (const { options, ...variant } of group)
      variants.push({ ...variant, ...(options && (await bundle(options))) });
    const measured = await measure(variants);
    measured.forEach(show);
    results.push(...measured);
    fs.writeFileSync(
      path.join(ROOT, 'bench/results', file),
      `${JSON.stringify({ cores: os.cpus().length, node: process.version, steps: STEPS, results }, null, 2)}\n`,
    );
  }
}

if (!process.argv.includes('--settings'))
  await run(
    'delta.json',
    INTERVALS.flatMap((interval) =>
      BLOCKS.map((blocks) =>
        Object.entries(FORMS).map(([form, options]) => ({
          name: `${blocks}, ${interval}, ${form}`,
          blocks,
          interval,
          form,
          options: { blocks, interval, ...options },
        })),
      ),
    ),
  );
else
  await run('delta-settings.json', [
    BOUNDARIES.map((boundary) => ({
      name: `3, 3, boundary ${boundary}`,
      boundary,
      options: { blocks: 3, interval: 3, boundary },
    })),
    FEWER.map((steps) => ({ name: `source, ${steps} steps`, steps })),
  ]);
fs.rmSync(scratch, { recursive: true, force: true });
