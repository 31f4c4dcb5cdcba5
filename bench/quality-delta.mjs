// What Δ-DiT does to the pictures of the digits transformer: rear blocks early and front blocks late, beside one
// of them throughout, the naive form, and fewer steps in the same time. Judged as in quality.mjs.
//
//   node bench/quality-delta.mjs [--images 1000]
import { deltaCache } from '../dist/passes/index.js';
import { askedImages, openSubject, writeResults } from './quality/rows.mjs';

const STEPS = 20;
const BLOCKS = 3;
const INTERVALS = [3];
const FORMS = {
  'rear, then front': {},
  'rear only': { boundary: STEPS },
  'front only': { boundary: 0 },
  'naive, rear, then front': { strategy: 'reuse' },
};
const images = askedImages(1000);

const subject = await openSubject({
  model: 'dit-digits/dit-digits.onnx',
  judge: 'dit-digits',
  steps: STEPS,
  order: 'cond-first',
});

const variants = [];
for (const interval of INTERVALS)
  for (const [form, options] of Object.entries(FORMS))
    variants.push({
      interval,
      form,
      ...(await subject.bundle(deltaCache, { blocks: BLOCKS, interval, ...options }, 'all')),
    });
const { secondsPerImage, speedups } = await subject.time(variants);

const whole = { steps: STEPS };
const rows = [
  { name: `source, ${STEPS} steps`, question: 'source', loop: whole },
  { name: 'source, other noise', question: 'other noise', loop: whole, seed: 5000 },
];
for (const [i, variant] of variants.entries()) {
  const { interval, form } = variant;
  rows.push({
    name: `N = ${interval}, ${form}`,
    question: 'cache',
    speedup: speedups[i],
    ...variant,
    loop: whole,
  });
  if (form !== Object.keys(FORMS).at(-1)) continue;
  // the forms run the same number of products, so their times differ by noise alone
  const times = speedups.slice(i - Object.keys(FORMS).length + 1, i + 1);
  const speedup = times.reduce((a, b) => a + b) / times.length;
  const fewer = Math.round(STEPS / speedup);
  rows.push({
    name: `source, ${fewer} steps: the same time`,
    question: 'fewer steps',
    interval,
    loop: { steps: fewer },
  });
}

const { results, grid } = await subject.judge(rows, images);
await subject.release();
writeResults(
  'quality-delta',
  { images, steps: STEPS, blocks: BLOCKS, secondsPerImage, results },
  grid,
);
