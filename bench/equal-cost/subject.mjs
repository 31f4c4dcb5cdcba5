// One of the trained samples: pictures of any loop, and how far they lie from the converged ones and from the loop's own.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { Pipeline, planToJson } from '../../dist/src/index.js';
import {
  calibrate,
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  writeBundle,
} from '../../dist/src/node.js';
import { ROOT } from '../../scripts/demo/common.mjs';
import { psnrs } from './decibels.mjs';
import { choiceOf, samplerOf } from './sampler.mjs';

/**
 * Where loops of ever more steps end. Of 10 digits with guidance 2 it is 65 dB from 1,000 steps of DDIM, and 85 dB from
 * each other are two solvers of 200 steps there.
 */
const CONVERGED = { sampler: 'deis:3', steps: 64, spacing: 'karras' };
/**
 * @typedef {object} Subject
 * @property {string} file in samples/
 * @property {'cond-first' | 'uncond-first'} order of the guidance pair
 * @property {object} [noise] what every sampler is told of the model: what it predicts
 * @property {object} converged loop
 * @property {number} batch pictures that are made at once
 * @property {number} ownSteps with fewer, a loop is held against as many of its solver's
 */
/** @type {Record<string, Subject>} */
const SUBJECTS = {
  digits: {
    file: 'digits/digits-unet.onnx',
    order: 'uncond-first',
    converged: CONVERGED,
    batch: 20,
    ownSteps: 0,
  },
  'dit-digits': {
    file: 'dit-digits/dit-digits.onnx',
    order: 'cond-first',
    converged: CONVERGED,
    batch: 20,
    ownSteps: 0,
  },
  'flow-digits': {
    file: 'flow-digits/transformer/model.onnx',
    order: 'uncond-first',
    // nearer to its limit than 1,000 steps of Euler's method
    converged: { sampler: 'dpm++2m', steps: 250, spacing: 'linear', shift: 3 },
    batch: 10,
    ownSteps: 28,
  },
  fashion: {
    file: 'fashion/unet/model.onnx',
    order: 'uncond-first',
    noise: { prediction: 'v' },
    converged: CONVERGED,
    batch: 20,
    ownSteps: 0,
  },
  'flow-fashion': {
    file: 'flow-fashion/transformer/model.onnx',
    order: 'uncond-first',
    converged: { sampler: 'dpm++2m', steps: 250, spacing: 'linear', shift: 2 },
    batch: 10,
    ownSteps: 28,
  },
};
export const MODELS = Object.keys(SUBJECTS);
const CLASSES = 10;
/** The class that the models were trained to read as "no class". */
const NULL_CLASS = 10n;
const threads = 1;
/** Where plans are searched. */
const SEARCHED = { samples: 4, seed: 3000 };

/** Classes in turn. */
function labelsOf(images) {
  const of = (label) =>
    new ort.Tensor('int64', BigInt64Array.from({ length: images }, label), [images]);
  return {
    feeds: { class_labels: of((_, i) => BigInt(i % CLASSES)) },
    unconditional: { class_labels: of(() => NULL_CLASS) },
  };
}

/** @typedef {{ seed: number, images: number, scale: number }} Noises a batch of them */

export async function openSubject(name) {
  const { file: at, order, noise, converged, batch, ownSteps } = SUBJECTS[name];
  const file = path.join(ROOT, 'samples', at);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-equal-cost-'));
  process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
  const source = await openLoopModel(file, { threads });
  const model = loadModel(file);
  /** The source's latents, by loop and noises. */
  const sources = new Map();

  async function latents(denoiser, loop, { seed, images, scale }) {
    const { feeds, unconditional } = labelsOf(images);
    const { latent } = await generate(denoiser, {
      sampler: samplerOf({ ...noise, ...loop }),
      seed,
      feeds,
      guidance: { scale, order, mode: 'batch', unconditional },
    });
    return latent;
  }

  async function ofSource(loop, noises) {
    const key = JSON.stringify([loop, noises]);
    if (!sources.has(key)) sources.set(key, await latents(source, loop, noises));
    return sources.get(key);
  }

  /** The plan of a pass that takes a threshold, found in the loop that it is for and on noises of its own. */
  async function searched([pass, options], { steps, ...loop }) {
    const { feeds, unconditional } = labelsOf(SEARCHED.samples);
    const { plan } = await calibrate(model, {
      pass,
      options,
      calls: steps,
      ...SEARCHED,
      sampler: choiceOf({ ...noise, ...loop }),
      guidance: { order, mode: 'batch', scale: 2, unconditional },
      feeds,
      sessionOptions: { intraOpNumThreads: threads },
    });
    return planToJson(plan);
  }

  return {
    name,
    source,
    batch,

    /** Whether the loop is one of its solver's that nothing is left out of. */
    isOwn: ({ loop, passes }) => !passes && loop.steps >= ownSteps,

    /**
     * Decibels of each picture of a batch, to the converged one and, where asked, to those that its solver makes of
     * the whole loop.
     * @param {Noises} noises
     */
    async distances(denoiser, loop, noises, { own = false } = {}) {
      const latent = await latents(denoiser, loop, noises);
      const to = async (reference) =>
        psnrs(latent, await ofSource(reference, noises), noises.images);
      const whole = { ...loop, steps: Math.max(loop.steps, ownSteps) };
      return { converged: await to(converged), ...(own && { own: await to(whole) }) };
    },

    /**
     * What passes make of a loop, and the full calls that it costs, by MACs.
     * @param passes `[pass, options]` each, or what makes a pipeline of one
     */
    async bundle(passes, loop) {
      const { steps } = loop;
      const folder = fs.mkdtempSync(path.join(scratch, 'bundle-'));
      const guidance = { order, mode: 'batch' };
      const wanted = passes.find(([, { threshold }]) => threshold !== undefined);
      let pipeline = Pipeline.create({
        calls: steps,
        guidance,
        places: samplerOf({ ...noise, ...loop }),
        ...(wanted && { plan: await searched(wanted, loop) }),
      });
      for (const [pass, options] of passes) pipeline = pipeline.use(pass, options);
      const { cost } = writeBundle(await pipeline.compile(model), folder, {
        sourceFile: file,
        force: true,
      });
      const { source: full, perCall } = cost.macs.convention.all;
      return {
        denoiser: await openLoopBundle(folder, { threads }),
        calls: (steps * perCall) / full,
        folder,
      };
    },
  };
}
