// What each method does to the pictures of the transformer that was trained by flow matching: their Fréchet distance
// to the real digits in the features of a classifier, and its accuracy, beside fewer steps at about the same cost.
//
//   node bench/quality-flow.mjs [--images 500]
import { deltaCache, ditfastattn, forecast, guidanceDelta } from '../dist/passes/index.js';
import { askedImages, openSubject, writeResults } from './quality/rows.mjs';

const STEPS = 28;
const BUNDLES = [
  [forecast, { 'full-calls': 10 }],
  [forecast, { 'full-calls': 6 }],
  [deltaCache, { range: '1-5', interval: 2, order: 0 }],
  [deltaCache, { range: '1-5', interval: 2, order: 1 }],
  [ditfastattn, { strategy: 'reuse', interval: 2, order: 0 }],
  [guidanceDelta, { interval: 3 }],
];
const FEWER = [20, 14, 10, 6];
const images = askedImages(500);

const subject = await openSubject({
  model: 'flow-digits/transformer/model.onnx',
  judge: 'flow-digits/judge',
  steps: STEPS,
  order: 'uncond-first',
  sampler: {
    name: 'euler-flow',
    options: { spacing: 'linear', prediction: 'flow', schedule: { path: 'flow', shift: 3 } },
  },
});
const loop = { steps: STEPS };
const rows = [
  { name: `source, ${STEPS} steps`, loop },
  { name: 'source, other noise', loop, seed: 5000 },
];
for (const [pass, options] of BUNDLES) {
  const { folder, macRatio } = await subject.bundle(pass, options, 'all');
  const calls = (STEPS / macRatio).toFixed(1);
  rows.push({
    name: `${pass.name} ${Object.values(options).join(' ')}: ${calls} calls`,
    pass: pass.name,
    options,
    macRatio,
    folder,
    loop,
  });
}
for (const sampler of ['euler-flow', 'dpm++2m'])
  for (const steps of FEWER)
    rows.push({ name: `${sampler}, ${steps} steps`, sampler, loop: { sampler, steps } });

const { results, grid } = await subject.judge(rows, images);
await subject.release();
writeResults('quality-flow', { images, steps: STEPS, results }, grid);
