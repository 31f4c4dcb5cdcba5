// DeepCache on the digits U-Net at several intervals, with pictures. Writes demo-out/deepcache/: one
// bundle per interval, grid.png, demo.json.
import fs from 'node:fs';
import path from 'node:path';
import { deepcache } from '../../dist/passes/index.js';
import { Pipeline } from '../../dist/src/index.js';
import {
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  verifyBundle,
  writeBundle,
} from '../../dist/src/node.js';
import { createSampler } from '../../dist/src/runtime.js';
import { classes, median, pad, psnr, ROOT, timeInTurn, writeGrid, writeStrip } from './common.mjs';
import { QUICK, ROUNDS, ROWS } from './quick.mjs';

const sourceFile = path.join(ROOT, 'samples/digits/digits-unet.onnx');
export const title = 'DeepCache on digits by a U-Net';
const out = path.join(process.cwd(), 'demo-out/deepcache');
const BRANCH = 3;
const STEPS = QUICK ? 20 : 50;
const INTERVALS = QUICK ? [5] : [2, 3, 5, 10];

const { images, labels, unconditional } = classes(ROWS);
const request = {
  sampler: createSampler('ddim', { steps: STEPS, clip: 1 }),
  seed: 7,
  feeds: labels,
  guidance: { scale: 2, order: 'uncond-first', mode: 'batch', unconditional },
};

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

await timeInTurn(variants, (variant) => generate(variant.denoiser, request), ROUNDS);
for (const { denoiser } of variants) await denoiser.release();

const [source] = variants;
const sourceMacs = variants[1].macs.source;
const results = variants.map(({ name, interval, latent, seconds, macs, exact }) => {
  return {
    name,
    interval,
    seconds: median(seconds),
    speedup: median(source.seconds) / median(seconds),
    megaMacsPerCall: (macs?.perCall ?? sourceMacs) / 1e6,
    macRatio: sourceMacs / (macs?.perCall ?? sourceMacs),
    psnr: psnr(latent, source.latent),
    verified: exact === undefined ? null : exact ? 'bit for bit' : 'within 1e-5',
  };
});

writeGrid(path.join(out, 'grid.png'), variants);
for (const variant of variants) writeStrip(path.join(out, `${variant.name}.png`), variant, 5);
fs.writeFileSync(
  path.join(out, 'demo.json'),
  `${JSON.stringify({ branch: BRANCH, steps: STEPS, images, results }, null, 2)}\n`,
);

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
  `\n${path.join('demo-out/deepcache', 'grid.png')}: the source model above, then N = ${INTERVALS.join(', ')}`,
);
