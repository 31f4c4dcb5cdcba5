// The main job on a model that ships with the repository: DeepCache on the digits U-Net at several
// intervals, with pictures. Writes demo-out/: one bundle per interval, grid.png, demo.json.
// Uses the built library in dist/, as a dependent of the package would.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
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
  verifyBundle,
  writeBundle,
} from '../dist/src/index.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const sourceFile = path.join(root, 'samples/digits/digits-unet.onnx');
const out = path.join(process.cwd(), 'demo-out');
const BRANCH = 3;
const STEPS = 50;
const INTERVALS = [2, 3, 5, 10];
const ROUNDS = 3;
const CLASSES = 10;
const ROWS = 2;
/** The class that the model was trained to read as "no class". */
const NULL_CLASS = 10n;

const images = CLASSES * ROWS;
const labels = (of) =>
  new ort.Tensor('int64', BigInt64Array.from({ length: images }, of), [images]);
const request = {
  sampler: createSampler('ddim', { steps: STEPS, clip: 1 }),
  seed: 7,
  feeds: { class_labels: labels((_, i) => BigInt(i % CLASSES)) },
  guidance: {
    scale: 2,
    order: 'uncond-first',
    mode: 'batch',
    unconditional: { class_labels: labels(() => NULL_CLASS) },
  },
};

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
console.log(
  `DeepCache on ${path.relative(process.cwd(), sourceFile)}: branch ${BRANCH}, ${STEPS} DDIM steps, ${images} digits with guidance\n`,
);

const variants = [{ name: 'source', interval: 1, denoiser: await openLoopModel(sourceFile) }];
for (const interval of INTERVALS) {
  const folder = path.join(out, `n${interval}`);
  const pipeline = Pipeline.create({ calls: STEPS }).use(deepcache, { branch: BRANCH, interval });
  const schedule = writeBundle(await pipeline.compile(loadModel(sourceFile)), folder, {
    sourceFile,
  });
  const proof = await verifyBundle({
    folder,
    model: sourceFile,
    shapes: { sample: [2, 1, 16, 16] },
  });
  if (!proof.passed) throw new Error(`verification of ${folder} failed`);
  variants.push({
    name: `N=${interval}`,
    interval,
    macs: schedule.cost.macs.convention.layers,
    exact: proof.checks.filter((c) => c.optimization === 'disabled').every((c) => c.exact),
    denoiser: await openLoopBundle(folder),
  });
}

// In turn, so that a machine that slows down slows all of them; the first round warms up.
for (const variant of variants) variant.seconds = [];
for (let round = 0; round <= ROUNDS; round++)
  for (const variant of variants) {
    const start = performance.now();
    const { latent, dims } = await generate(variant.denoiser, request);
    if (round > 0) variant.seconds.push((performance.now() - start) / 1000);
    Object.assign(variant, { latent, dims });
  }
for (const { denoiser } of variants) await denoiser.release();

const [source] = variants;
const sourceMacs = variants[1].macs.source;
const results = variants.map(({ name, interval, latent, seconds, macs, exact }) => {
  const clamp = (v) => Math.min(1, Math.max(-1, v));
  const error = latent.reduce((sum, v, i) => sum + (clamp(v) - clamp(source.latent[i])) ** 2, 0);
  const meanSquare = error / latent.length;
  return {
    name,
    interval,
    seconds: median(seconds),
    speedup: median(source.seconds) / median(seconds),
    megaMacsPerCall: (macs?.perCall ?? sourceMacs) / 1e6,
    macRatio: sourceMacs / (macs?.perCall ?? sourceMacs),
    psnr: meanSquare === 0 ? null : 10 * Math.log10(4 / meanSquare),
    verified: exact === undefined ? null : exact ? 'bit for bit' : 'within 1e-5',
  };
});

const grid = pictureGrid(
  variants.map(({ latent, dims }) => {
    const pictures = toPictures(latent, dims);
    return Array.from({ length: ROWS }, (_, r) => pictures.slice(r * CLASSES, (r + 1) * CLASSES));
  }),
  { scale: 3 },
);
fs.writeFileSync(path.join(out, 'grid.png'), encodePng(grid));
fs.writeFileSync(
  path.join(out, 'demo.json'),
  `${JSON.stringify({ branch: BRANCH, steps: STEPS, images, rounds: ROUNDS, results }, null, 2)}\n`,
);

const pad = (text, width) => String(text).padStart(width);
console.log('          time  speed-up  MACs per call  MAC ratio  PSNR to source  program = source');
for (const r of results)
  console.log(
    r.name.padEnd(7) +
      pad(`${r.seconds.toFixed(2)} s`, 7) +
      pad(`${r.speedup.toFixed(2)}x`, 10) +
      pad(`${r.megaMacsPerCall.toFixed(2)} M`, 15) +
      pad(`${r.macRatio.toFixed(2)}x`, 11) +
      pad(r.psnr === null ? '' : `${r.psnr.toFixed(1)} dB`, 16) +
      pad(r.verified ?? '', 18),
  );
console.log(
  `\n${path.join('demo-out', 'grid.png')}: the source model above, then N = ${INTERVALS.join(', ')}`,
);
