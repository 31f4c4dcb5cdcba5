// What DeepCache does to the pictures of the digits U-Net: their Frechet distance to the real digits in the
// features of a classifier, and its accuracy, over many pictures per row. Asks the questions of the paper's
// tables 4 (fewer steps in the same time), 5 (zeros in place of the kept value) and 6 (do shallow steps
// between full ones help?).
//
//   node bench/quality.mjs [--images 2000]
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deepcache } from '../dist/passes/index.js';
import {
  createSampler,
  encodePng,
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  Pipeline,
  pictureGrid,
  toPictures,
  writeBundle,
} from '../dist/src/index.js';
import { digits, median, pad, ROOT, timeInTurn } from '../scripts/demo/common.mjs';
import { openJudge } from './quality/judge.mjs';

const sourceFile = path.join(ROOT, 'samples/digits/digits-unet.onnx');
const STEPS = 50;
const BRANCH = 3;
const INTERVALS = [2, 3, 5, 10];
const at = process.argv.indexOf('--images');
const images = at < 0 ? 2000 : Number(process.argv[at + 1]);
/** Pictures of each digit in one batch. */
const ROWS = 10;
const SEED = 1000;

const { images: batch, labels, unconditional } = digits(ROWS);
const digitsOfBatch = Array.from(labels.class_labels.data, Number);
const guidance = { scale: 2, order: 'uncond-first', mode: 'batch', unconditional };
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-quality-'));
const judge = await openJudge('digits');

const sampler = (options) => createSampler('ddim', { clip: 1, ...options });
const steps = sampler({ steps: STEPS }).timesteps;
const request = (options, seed) => ({
  sampler: sampler(options),
  seed,
  feeds: labels,
  guidance,
});

async function bundle(options) {
  const folder = path.join(scratch, Object.values(options).join('-'));
  const pipeline = Pipeline.create({ calls: STEPS }).use(deepcache, options);
  const schedule = writeBundle(await pipeline.compile(loadModel(sourceFile)), folder, {
    sourceFile,
  });
  return { folder, macs: schedule.cost.macs.convention.layers };
}

// time first: how many steps of the source last as long as each loop?
const cached = [];
for (const interval of INTERVALS)
  cached.push({ interval, ...(await bundle({ branch: BRANCH, interval })) });
const timed = [{ denoiser: await openLoopModel(sourceFile) }];
for (const { folder } of cached) timed.push({ denoiser: await openLoopBundle(folder) });
await timeInTurn(timed, ({ denoiser }) => generate(denoiser, request({ steps: STEPS }, 0)));
for (const { denoiser } of timed) await denoiser.release();
const [full, ...loops] = timed.map(({ seconds }) => median(seconds));
const sourceMacs = cached[0].macs.source;

const rows = [{ name: `source, ${STEPS} steps`, question: 'source', options: { steps: STEPS } }];
for (const [i, { interval, folder, macs }] of cached.entries()) {
  const share = loops[i] / full;
  rows.push({
    name: `DeepCache, N = ${interval}`,
    question: 'cache',
    interval,
    folder,
    macRatio: macs.source / macs.perCall,
    speedup: 1 / share,
    options: { steps: STEPS },
  });
  const fewer = Math.round(STEPS * share);
  rows.push({
    name: `source, ${fewer} steps: the same time`,
    question: 'fewer steps',
    interval,
    options: { steps: fewer },
  });
  rows.push({
    name: `source, the ${Math.ceil(STEPS / interval)} full steps alone`,
    question: 'full steps alone',
    interval,
    options: { timesteps: steps.filter((_, step) => step % interval === 0) },
  });
  rows.push({
    name: `zeros, N = ${interval}`,
    question: 'zeros',
    interval,
    ...(await bundle({ branch: BRANCH, interval, strategy: 'zero' })),
    options: { steps: STEPS },
  });
}
rows.push({
  name: 'DeepCache at branch 1, N = 5',
  question: 'branch',
  interval: 5,
  ...(await bundle({ branch: 1, interval: 5 })),
  options: { steps: STEPS },
});

console.log(`${''.padEnd(38)}to real  to source  accuracy`);
const show = (name, { toReal, toSource, accuracy }) =>
  console.log(
    name.padEnd(38) +
      pad(toReal.toFixed(2), 7) +
      pad(toSource.toFixed(2), 11) +
      pad(`${(100 * accuracy).toFixed(1)} %`, 10),
  );

const pictures = new Float32Array(images * judge.size ** 2);
const asked = Array.from({ length: images }, (_, i) => digitsOfBatch[i % batch]);
let source;
const grid = [];
const results = [];
for (const { name, folder, options, macs, ...rest } of rows) {
  const denoiser = folder ? await openLoopBundle(folder) : await openLoopModel(sourceFile);
  for (let start = 0; start < images; start += batch) {
    const { latent, dims } = await generate(denoiser, request(options, SEED + start / batch));
    pictures.set(latent.subarray(0, (images - start) * judge.size ** 2), start * judge.size ** 2);
    if (start === 0) grid.push([toPictures(latent, dims).slice(0, 10)]);
  }
  await denoiser.release();
  const { moments, ...found } = await judge.judge(pictures, asked, source);
  source ??= moments;
  const calls = options.steps ?? options.timesteps.length;
  const macRatio = macs ? macs.source / macs.perCall : STEPS / calls;
  results.push({ name, ...rest, calls, macRatio: rest.macRatio ?? macRatio, ...found });
  show(name, found);
}

const noise = Float32Array.from(pictures, () => 2 * Math.random() - 1);
const { moments: _, ...ofNoise } = await judge.judge(noise, asked, source);
show('uniform noise', ofNoise);
await judge.release();
fs.rmSync(scratch, { recursive: true, force: true });

const folder = path.join(ROOT, 'bench/results');
fs.writeFileSync(
  path.join(folder, 'quality.json'),
  `${JSON.stringify({ cores: os.cpus().length, node: process.version, images, steps: STEPS, branch: BRANCH, sourceMacs, secondsPerImage: full / batch, results, noise: ofNoise }, null, 2)}\n`,
);
fs.writeFileSync(path.join(folder, 'quality.png'), encodePng(pictureGrid(grid, { scale: 3 })));
