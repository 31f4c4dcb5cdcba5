// What each method does to the pictures of a transformer that was trained by flow matching: their Fréchet distance
// to the real ones in the features of a classifier, and its accuracy, beside fewer steps at about the same cost.
//
//   node bench/quality-flow.mjs [--model flow-digits|flow-fashion] [--images 500]
import { deltaCache, ditfastattn, forecast, guidanceDelta } from '../dist/passes/index.js';
import { askedImages, openSubject, writeResults } from './quality/rows.mjs';
import { askedSubject, FLOWS } from './quality/subjects.mjs';

const asked = askedSubject(FLOWS);
const STEPS = asked.steps;
const BUNDLES = [
  [forecast, { 'full-calls': 10 }],
  [deltaCache, { range: asked.blocks, interval: 2, order: 1 }],
  [ditfastattn, { strategy: 'reuse', interval: 2, order: 1 }],
  [guidanceDelta, { interval: 3 }],
];
/** The model's own solver, and the best of fewer steps (equal-cost.mjs). */
const FEWER = [
  { ...asked.own, steps: 10 },
  { sampler: 'unipc:2', steps: 10, spacing: 'trailing', shift: 1 },
];
const images = askedImages(500);

const subject = await openSubject(asked);
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
for (const fewer of FEWER)
  rows.push({
    name: `${fewer.sampler}, ${fewer.steps} steps`,
    sampler: fewer.sampler,
    loop: fewer,
  });

const { results, grid } = await subject.judge(rows, images);
await subject.release();
const name = asked.isFirst ? 'quality-flow' : `quality-${asked.name}`;
writeResults(name, { images, steps: STEPS, results }, grid);
