// What DeepCache does to the pictures of a trained U-Net: their Fréchet distance to the real ones in the
// features of a classifier, and its accuracy, over many pictures per row. Asks the questions of the paper's
// tables 4 (fewer steps in the same time), 5 (zeros in place of the kept value) and 6 (do shallow steps
// between full ones help?).
//
//   node bench/quality.mjs [--model digits|fashion] [--images 1000]
import { deepcache } from '../dist/passes/index.js';
import { askedImages, openSubject, writeResults } from './quality/rows.mjs';
import { askedSubject, UNETS } from './quality/subjects.mjs';

const BRANCH = 3;
const INTERVALS = [2, 3, 5, 10];
/** Of these the ablation too. */
const ZEROS = [5, 10];
const images = askedImages(1000);

const asked = askedSubject(UNETS);
const STEPS = asked.steps;
const subject = await openSubject(asked);
const bundle = (options) => subject.bundle(deepcache, options, 'layers');

// time first: how many steps of the source last as long as each loop?
const cached = [];
for (const interval of INTERVALS) cached.push(await bundle({ branch: BRANCH, interval }));
const { secondsPerImage, speedups } = await subject.time(cached);

const whole = { steps: STEPS };
const rows = [
  { name: `source, ${STEPS} steps`, question: 'source', loop: whole },
  { name: 'source, other noise', question: 'other noise', loop: whole, seed: 5000 },
];
for (const [i, interval] of INTERVALS.entries()) {
  const speedup = speedups[i];
  rows.push({
    name: `DeepCache, N = ${interval}`,
    question: 'cache',
    interval,
    speedup,
    ...cached[i],
    loop: whole,
  });
  const fewer = Math.round(STEPS / speedup);
  rows.push({
    name: `source, ${fewer} steps: the same time`,
    question: 'fewer steps',
    interval,
    loop: { steps: fewer },
  });
  rows.push({
    name: `source, the ${Math.ceil(STEPS / interval)} full steps alone`,
    question: 'full steps alone',
    interval,
    loop: { timesteps: subject.timesteps.filter((_, step) => step % interval === 0) },
  });
  if (ZEROS.includes(interval))
    rows.push({
      name: `zeros, N = ${interval}`,
      question: 'zeros',
      interval,
      ...(await bundle({ branch: BRANCH, interval, strategy: 'zero' })),
      loop: whole,
    });
}
rows.push({
  name: 'DeepCache at branch 1, N = 5',
  question: 'branch',
  interval: 5,
  ...(await bundle({ branch: 1, interval: 5 })),
  loop: whole,
});

const { results, grid } = await subject.judge(rows, images);
await subject.release();
const name = asked.isFirst ? 'quality' : `quality-${asked.name}`;
writeResults(name, { images, steps: STEPS, branch: BRANCH, secondsPerImage, results }, grid);
