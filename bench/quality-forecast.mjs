// What forecasts of the output do to the pictures of a trained U-Net, beside fewer steps in the same time: Fréchet distance and
// accuracy by a classifier. Settings are the best of bench/equal-cost.mjs at half, a third and a quarter of 50 calls.
//
//   node bench/quality-forecast.mjs [--model digits|fashion] [--images 1000]
import { forecast } from '../dist/passes/index.js';
import { askedImages, openSubject, writeResults } from './quality/rows.mjs';
import { askedSubject, UNETS } from './quality/subjects.mjs';

const asked = askedSubject(UNETS);
const STEPS = asked.steps;
const WHOLE = { sampler: 'dpm++2m', steps: STEPS, spacing: 'karras' };
/** The best that takes fewer steps, at every cost. */
const FEWER = { sampler: 'deis:3', spacing: 'karras' };
const SETTINGS = [
  { full: 25, order: 2, loop: { ...WHOLE, sampler: 'deis:3' } },
  { full: 17, order: 2, loop: { ...WHOLE, steps: 100 } },
  { full: 12, order: 2, loop: { ...WHOLE, steps: 100 } },
];
const images = askedImages(1000);

const subject = await openSubject(asked);
const bundles = [];
for (const { full, order, loop } of SETTINGS)
  bundles.push({
    ...(await subject.bundle(forecast, { 'full-calls': full, order }, 'all', loop.steps)),
    loop,
  });
const { secondsPerImage, speedups } = await subject.time(bundles, WHOLE);

const rows = [
  { name: `source, ${STEPS} steps of DPM-Solver++(2M)`, loop: WHOLE },
  { name: 'source, other noise', loop: WHOLE, seed: 5000 },
];
for (const [i, { full, order, loop }] of SETTINGS.entries()) {
  const speedup = speedups[i];
  const fewer = { ...FEWER, steps: Math.round(STEPS / speedup) };
  rows.push(
    {
      name: `${full} full calls of ${loop.steps}, order ${order}`,
      full,
      speedup,
      ...bundles[i],
      loop,
    },
    { name: `DEIS 3, ${fewer.steps} steps: the same time`, loop: fewer },
    {
      name: `DDIM, ${fewer.steps} steps`,
      loop: { sampler: 'ddim', spacing: 'trailing', steps: fewer.steps },
    },
  );
}
const { results, grid } = await subject.judge(rows, images);
await subject.release();
const name = asked.isFirst ? 'quality-forecast' : `quality-forecast-${asked.name}`;
writeResults(name, { images, steps: STEPS, secondsPerImage, results }, grid);
