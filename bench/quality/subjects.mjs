// The trained samples whose pictures are judged: where they lie, who judges them, and how their own pipelines run them.

/**
 * @typedef {object} Subject
 * @property {string} model path in samples/
 * @property {string} judge folder in samples/
 * @property {number} steps of the source's loop
 * @property {'cond-first' | 'uncond-first'} order of the guidance pair
 * @property {object} [noise] what every sampler is told of the model: what it predicts
 * @property {Omit<import('./rows.mjs').Loop, 'steps'>} own of loops that name no sampler
 * @property {string} [blocks] those that are worth keeping, of a transformer
 */

/** @type {Record<string, Subject>} */
export const UNETS = {
  digits: {
    model: 'digits/digits-unet.onnx',
    judge: 'digits',
    steps: 50,
    order: 'uncond-first',
    own: { sampler: 'ddim', clip: 1 },
  },
  fashion: {
    model: 'fashion/unet/model.onnx',
    judge: 'fashion/judge',
    steps: 50,
    order: 'uncond-first',
    noise: { prediction: 'v' },
    own: { sampler: 'ddim' },
  },
};

/** @type {Record<string, Subject>} */
export const FLOWS = {
  'flow-digits': {
    model: 'flow-digits/transformer/model.onnx',
    judge: 'flow-digits/judge',
    steps: 28,
    order: 'uncond-first',
    own: { sampler: 'euler-flow', spacing: 'linear', shift: 3 },
    blocks: '1-5',
  },
  'flow-fashion': {
    model: 'flow-fashion/transformer/model.onnx',
    judge: 'fashion/judge',
    steps: 28,
    order: 'uncond-first',
    own: { sampler: 'euler-flow', spacing: 'linear', shift: 2 },
    blocks: '1-3',
  },
};

/**
 * The one that the command line names, or the first.
 * @param {Record<string, Subject>} subjects
 */
export function askedSubject(subjects) {
  const at = process.argv.indexOf('--model');
  const names = Object.keys(subjects);
  const name = at < 0 ? names[0] : process.argv[at + 1];
  if (!subjects[name]) throw new Error(`--model ${name}: it takes one of ${names.join(', ')}`);
  return { name, isFirst: name === names[0], ...subjects[name] };
}
