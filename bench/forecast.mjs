// Distance to the converged picture against cost, in full calls: fewer steps with each sampler at its best spacing,
// the output forecast, and deep reuse with and without a forecast of what it keeps.
//
//   node bench/forecast.mjs [--model digits|dit-digits] [--images 20] [--scale 2]
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { deepcache, deltaCache, forecast } from '../dist/passes/index.js';
import { Pipeline } from '../dist/src/index.js';
import {
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  writeBundle,
} from '../dist/src/node.js';
import { createSampler } from '../dist/src/runtime.js';
import { digits, psnr, ROOT } from '../scripts/demo/common.mjs';

const { values: asked } = parseArgs({
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
const { labels, unconditional } = digits(Number(asked.images) / 10);
const guidance = { order: subject.order, mode: 'batch' };

/** @param sampler its name, with its order where it has several: unipc:3 */
async function pictures(denoiser, sampler, options) {
  const [name, order] = sampler.split(':');
  const { latent } = await generate(denoiser, {
    sampler: createSampler(name, { ...options, ...(order && { order: Number(order) }) }),
    seed: Number(asked.seed),
    feeds: labels,
    guidance: { scale: Number(asked.scale), ...guidance, unconditional },
  });
  return latent;
}

const source = await openLoopModel(file);
const converged = await pictures(source, 'ddim', { steps: subject.converged, spacing: 'leading' });
console.error('converged');
const rows = [];
const SPACINGS = ['trailing', 'linear', 'leading'];

async function note(name, calls, denoiser, sampler, steps) {
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

async function bundle(pass, options, steps) {
  const folder = fs.mkdtempSync(path.join(scratch, 'bundle-'));
  const compilation = await Pipeline.create({ calls: steps, guidance })
    .use(pass, options)
    .compile(model);
  const { cost } = writeBundle(compilation, folder, { sourceFile: file, force: true });
  const { source: full, perCall } = cost.macs.convention.all;
  return { denoiser: await openLoopBundle(folder), calls: (steps * perCall) / full };
}

// solvers that extrapolate by themselves are the first rivals of a forecast
const RIVALS = ['ddim', 'dpm++2m', 'dpm++3m', 'unipc:2', 'unipc:3', 'deis:2', 'deis:3'];
for (const sampler of RIVALS)
  for (const steps of [8, 10, 12, 17, 25, 50])
    await note('fewer steps', steps, source, sampler, steps);
for (const sampler of ['ddim', 'dpm++2m'])
  for (const steps of [50, 100])
    for (const full of [8, 10, 12, 17, 25])
      for (const order of [0, 1, 2]) {
        const { denoiser, calls } = await bundle(forecast, { 'full-calls': full, order }, steps);
        await note(`output, order ${order}`, calls, denoiser, sampler, steps);
        await denoiser.release?.();
      }
const deep =
  asked.model === 'digits'
    ? [
        deepcache,
        [
          { branch: 3, interval: 3 },
          { branch: 3, interval: 5 },
        ],
      ]
    : [
        deltaCache,
        [
          { range: '1-5', interval: 3 },
          { range: '1-5', interval: 4 },
        ],
      ];
for (const sampler of ['ddim', 'dpm++2m'])
  for (const options of deep[1])
    for (const order of [0, 1, 2]) {
      const { denoiser, calls } = await bundle(deep[0], { ...options, order }, 50);
      await note(
        `${deep[0].name} ${JSON.stringify(options)}, order ${order}`,
        calls,
        denoiser,
        sampler,
        50,
      );
      await denoiser.release?.();
    }
const results = path.join(ROOT, 'bench/results', `forecast-${asked.model}.json`);
fs.writeFileSync(results, `${JSON.stringify({ ...asked, rows }, null, 1)}\n`);
