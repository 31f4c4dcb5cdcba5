// Distance to the converged picture against cost, in full calls: a model's loop with a sampler at its best spacing.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Pipeline } from '../dist/src/index.js';
import {
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  writeBundle,
} from '../dist/src/node.js';
import { classes, psnr, ROOT } from '../scripts/demo/common.mjs';
import { samplerOf } from './equal-cost/sampler.mjs';

export const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: 'digits' },
    images: { type: 'string', default: '20' },
    scale: { type: 'string', default: '2' },
    seed: { type: 'string', default: '7000' },
  },
});

const SUBJECTS = {
  digits: { file: 'digits/digits-unet.onnx', order: 'uncond-first', converged: 1000 },
  'dit-digits': { file: 'dit-digits/dit-digits.onnx', order: 'cond-first', converged: 500 },
};
const subject = SUBJECTS[asked.model];
const file = path.join(ROOT, 'samples', subject.file);
const model = loadModel(file);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-forecast-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
const { labels, unconditional } = classes(Number(asked.images) / 10);
const guidance = { order: subject.order, mode: 'batch' };

async function pictures(denoiser, sampler, options) {
  const { latent } = await generate(denoiser, {
    sampler: samplerOf({ sampler, ...options }),
    seed: Number(asked.seed),
    feeds: labels,
    guidance: { scale: Number(asked.scale), ...guidance, unconditional },
  });
  return latent;
}

export const source = await openLoopModel(file);
const converged = await pictures(source, 'ddim', { steps: subject.converged, spacing: 'leading' });
console.error('converged');
export const rows = [];
const SPACINGS = ['trailing', 'linear', 'leading'];

export async function note(name, calls, denoiser, sampler, steps) {
  let best = { psnr: -Infinity };
  for (const spacing of SPACINGS) {
    const found = psnr(await pictures(denoiser, sampler, { steps, spacing }), converged);
    if (found > best.psnr) best = { psnr: found, spacing };
  }
  rows.push({ name, sampler, steps, calls, ...best });
  console.log(
    `${calls.toFixed(1).padStart(5)} calls  ${best.psnr.toFixed(1)} dB  ${sampler} ${steps} ${best.spacing}  ${name}`,
  );
}

export async function bundle(pass, options, steps) {
  const folder = fs.mkdtempSync(path.join(scratch, 'bundle-'));
  const compilation = await Pipeline.create({ calls: steps, guidance })
    .use(pass, options)
    .compile(model);
  const { cost } = writeBundle(compilation, folder, { sourceFile: file, force: true });
  const { source: full, perCall } = cost.macs.convention.all;
  return { denoiser: await openLoopBundle(folder), calls: (steps * perCall) / full };
}

/** Keeps what was measured beside the other results. */
export function keep(name) {
  const results = path.join(ROOT, 'bench/results', `${name}-${asked.model}.json`);
  fs.writeFileSync(results, `${JSON.stringify({ ...asked, rows }, null, 1)}\n`);
}
