// One of the trained samples: pictures of any loop, and how far they lie from the converged ones.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Pipeline } from '../../dist/src/index.js';
import {
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  writeBundle,
} from '../../dist/src/node.js';
import { digits, ROOT } from '../../scripts/demo/common.mjs';
import { samplerOf } from './sampler.mjs';

/** `perDigit`: pictures of each digit in a batch. */
const SUBJECTS = {
  digits: { file: 'digits/digits-unet.onnx', order: 'uncond-first', converged: 1000, perDigit: 2 },
  'dit-digits': {
    file: 'dit-digits/dit-digits.onnx',
    order: 'cond-first',
    converged: 500,
    perDigit: 1,
  },
  'flow-digits': {
    file: 'flow-digits/transformer/model.onnx',
    order: 'uncond-first',
    // nearer to its limit than 1,000 steps of Euler's method
    converging: { sampler: 'dpm++2m', spacing: 'linear', shift: 3 },
    converged: 250,
    perDigit: 1,
  },
};
/** Nothing is timed: what one run leaves of the machine is another's. */
const ONE_THREAD = { sessionOptions: { intraOpNumThreads: 1 } };
/** A model's own loop is of so many steps at least: fewer are what it is held against. */
const OWN_STEPS = 28;

/** Of timesteps, and Karras et al.'s of noise levels. */
export const SPACINGS = ['trailing', 'linear', 'leading', 'quad', 'karras'];

/** Of pixels in [-1, 1], decibels, of each picture. */
function psnrs(latent, wanted, images) {
  const clamp = (v) => Math.min(1, Math.max(-1, v));
  const size = latent.length / images;
  return Array.from({ length: images }, (_, i) => {
    let error = 0;
    for (let at = i * size; at < (i + 1) * size; at++)
      error += (clamp(latent[at]) - clamp(wanted[at])) ** 2;
    return 10 * Math.log10((4 * size) / Math.max(error, 1e-12));
  });
}

export async function openSubject(name) {
  const {
    file: at,
    order,
    converged,
    converging = { sampler: 'ddim', spacing: 'leading' },
    perDigit,
  } = SUBJECTS[name];
  const file = path.join(ROOT, 'samples', at);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-equal-cost-'));
  process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
  const source = await openLoopModel(file, ONE_THREAD);
  const model = loadModel(file);
  const { images, labels, unconditional } = digits(perDigit);
  const references = new Map();

  async function latents(denoiser, loop, { seed, scale }) {
    const { latent } = await generate(denoiser, {
      sampler: samplerOf(loop),
      seed,
      feeds: labels,
      guidance: { scale, order, mode: 'batch', unconditional },
    });
    return latent;
  }

  /** What the source makes of a noise, once for each loop. */
  async function reference(loop, noise) {
    const key = JSON.stringify([loop, noise]);
    if (!references.has(key)) references.set(key, await latents(source, loop, noise));
    return references.get(key);
  }

  return {
    name,
    images,
    converged,
    source,

    /**
     * Decibels of each picture of some batches to the converged ones; with `own` also to those of the source in
     * the same loop, of `OWN_STEPS` where it has fewer.
     */
    async distances(denoiser, loop, { batches, seed, scale, own = false }) {
      const whole = { ...loop, steps: Math.max(loop.steps, OWN_STEPS) };
      const found = { psnr: [], ...(own && { own: [] }) };
      for (let batch = 0; batch < batches; batch++) {
        const noise = { seed: seed + batch, scale };
        const latent = await latents(denoiser, loop, noise);
        const to = async (other) => psnrs(latent, await reference(other, noise), images);
        found.psnr.push(...(await to({ ...converging, steps: converged })));
        if (own) found.own.push(...(await to(whole)));
      }
      return found;
    },

    /** What a method's passes make of a loop, and the full calls that it costs, by MACs. */
    async bundle(passes, loop) {
      const { steps } = loop;
      const folder = fs.mkdtempSync(path.join(scratch, 'bundle-'));
      let pipeline = Pipeline.create({
        calls: steps,
        guidance: { order, mode: 'batch' },
        places: samplerOf(loop),
      });
      for (const [pass, options] of passes) pipeline = pipeline.use(pass, options);
      const { cost } = writeBundle(await pipeline.compile(model), folder, {
        sourceFile: file,
        force: true,
      });
      const { source: full, perCall } = cost.macs.convention.all;
      return {
        denoiser: await openLoopBundle(folder, ONE_THREAD),
        calls: (steps * perCall) / full,
        folder,
      };
    },
  };
}
