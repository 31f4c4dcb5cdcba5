// The trained samples as a search takes them: a loop as their pipelines run it, and ten classes in turn.
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { passesWith } from '../../dist/passes/table.js';
import { loadModel } from '../../dist/src/node.js';
import { ROOT } from '../../scripts/demo/common.mjs';

const CLASSES = 10;
const NULL_CLASS = 10n;
const SCALE = 2;
const VARIANCE = { name: 'ddim', steps: 50 };
const FLOW = { name: 'euler-flow', steps: 28, spacing: 'linear', prediction: 'flow' };

/**
 * @typedef {object} Sample
 * @property {string} title of what it is, for tables
 * @property {string} model path in samples/
 * @property {string} judge folder in samples/, of the same kind and size of pictures
 * @property {'cond-first' | 'uncond-first'} order of the guidance pair
 * @property {import('../../dist/src/evidence/yardstick/index.js').LoopChoice} own loop
 */
/** @type {Record<string, Sample>} */
export const SAMPLES = {
  digits: {
    title: 'Digits, U-Net',
    model: 'digits/digits-unet.onnx',
    judge: 'digits',
    order: 'uncond-first',
    own: VARIANCE,
  },
  'dit-digits': {
    title: 'Digits, DiT',
    model: 'dit-digits/dit-digits.onnx',
    judge: 'flow-digits/judge',
    order: 'cond-first',
    own: VARIANCE,
  },
  'flow-digits': {
    title: 'Digits, flow transformer',
    model: 'flow-digits/transformer/model.onnx',
    judge: 'flow-digits/judge',
    order: 'uncond-first',
    own: { ...FLOW, schedule: { path: 'flow', shift: 3 } },
  },
  fashion: {
    title: 'Clothes, U-Net',
    model: 'fashion/unet/model.onnx',
    judge: 'fashion/judge',
    order: 'uncond-first',
    own: { ...VARIANCE, prediction: 'v' },
  },
  'flow-fashion': {
    title: 'Clothes, flow transformer',
    model: 'flow-fashion/transformer/model.onnx',
    judge: 'fashion/judge',
    order: 'uncond-first',
    own: { ...FLOW, schedule: { path: 'flow', shift: 2 } },
  },
};

/** @param {string} name of a sample */
export function subjectOf(name) {
  const { model: at, order, own } = SAMPLES[name];
  const file = path.join(ROOT, 'samples', at);
  const labels = (label) =>
    new ort.Tensor('int64', BigInt64Array.from({ length: CLASSES }, label), [CLASSES]);
  return {
    model: loadModel(file),
    subject: {
      file,
      table: passesWith(),
      own,
      guidance: {
        order,
        mode: 'batch',
        scale: SCALE,
        unconditional: { class_labels: labels(() => NULL_CLASS) },
      },
      feeds: { class_labels: labels((_, i) => BigInt(i)) },
      seed: 0,
      shapes: {},
      freeze: {},
      roles: {},
    },
  };
}

/** The samples that the command line names, or all. */
export function askedSamples(names) {
  for (const name of names)
    if (!SAMPLES[name])
      throw new Error(`--model ${name}: it takes one of ${Object.keys(SAMPLES).join(', ')}`);
  return names.length > 0 ? names : Object.keys(SAMPLES);
}
