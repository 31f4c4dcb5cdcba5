// DiTFastAttn on the digits transformer: plans searched at thresholds D1 to D6, each run beside the
// source. Writes demo-out/ditfastattn/: per threshold the plan, its heat map and the bundle; grid.png,
// demo.json.
import fs from 'node:fs';
import path from 'node:path';
import { ditfastattn } from '../../dist/passes/index.js';
import { formatPlan, Pipeline, planToJson } from '../../dist/src/index.js';
import {
  calibrate,
  generate,
  loadModel,
  openLoopBundle,
  openLoopModel,
  verifyBundle,
  writeBundle,
} from '../../dist/src/node.js';
import { heatmapSvg, heatmapText } from '../../dist/src/report.js';
import { createSampler } from '../../dist/src/runtime.js';
import { classes, median, pad, psnr, ROOT, timeInTurn, writeGrid, writeStrip } from './common.mjs';
import { QUICK, ROUNDS, ROWS } from './quick.mjs';

const sourceFile = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
export const title = 'DiTFastAttn on digits by a transformer';
const out = path.join(process.cwd(), 'demo-out/ditfastattn');
const STEPS = QUICK ? 10 : 20;
const THRESHOLDS = QUICK ? ['D6'] : ['D1', 'D2', 'D3', 'D4', 'D5', 'D6'];
/** Whose heat map is printed. */
const SHOWN = QUICK ? 'D6' : 'D3';
/** Images that the search looks at; those that are shown come from another seed. */
const SAMPLES = 10;

const { images, labels, unconditional } = classes(ROWS);
const pair = { order: 'cond-first', mode: 'batch' };
const ddim = { clip: 1 };
const request = {
  sampler: createSampler('ddim', { steps: STEPS, ...ddim }),
  seed: 7,
  feeds: labels,
  guidance: { scale: 2, ...pair, unconditional },
};

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
console.log(
  `DiTFastAttn on ${path.relative(process.cwd(), sourceFile)}: ${STEPS} DDIM steps, ${images} digits with guidance\n`,
);

const variants = [{ name: 'source', denoiser: await openLoopModel(sourceFile) }];
for (const threshold of THRESHOLDS) {
  const start = performance.now();
  const small = classes(SAMPLES / 10);
  const found = await calibrate(loadModel(sourceFile), {
    pass: ditfastattn,
    options: { threshold },
    calls: STEPS,
    samples: SAMPLES,
    seed: 1,
    sampler: { name: 'ddim', ...ddim },
    guidance: { scale: 2, ...pair, unconditional: small.unconditional },
    feeds: small.labels,
  });
  const plan = planToJson(found.plan, {
    guidance: { ...pair },
    calibration: { pass: ditfastattn.name, threshold: found.threshold, samples: found.samples },
  });
  const searched = (performance.now() - start) / 1000;
  const { done, plain } = found.evaluations;
  console.log(
    `${threshold}: plan searched in ${searched.toFixed(0)} s, ${done.toFixed(0)} model evaluations (plain: ${plain})`,
  );
  const name = threshold.toLowerCase();
  fs.writeFileSync(path.join(out, `${name}.json`), formatPlan(plan));
  fs.writeFileSync(path.join(out, `${name}.svg`), heatmapSvg(plan));
  if (threshold === SHOWN) console.log(`\n${heatmapText(plan, { color: false, width: 80 })}\n`);

  const folder = path.join(out, name);
  const pipeline = Pipeline.create({ calls: STEPS, guidance: pair, plan }).use(ditfastattn);
  const schedule = writeBundle(await pipeline.compile(loadModel(sourceFile)), folder, {
    sourceFile,
  });
  const proof = await verifyBundle({ folder, model: sourceFile });
  if (!proof.passed) throw new Error(`verification of ${folder} failed`);
  variants.push({
    name: threshold,
    macs: schedule.cost.macs.convention.all,
    sites: schedule.cost.sites,
    worst: Math.max(...proof.checks.map((check) => check.relative)),
    denoiser: await openLoopBundle(folder),
  });
}

await timeInTurn(variants, (variant) => generate(variant.denoiser, request), ROUNDS);
for (const { denoiser } of variants) await denoiser.release();

const [source] = variants;
const results = variants.map(({ name, macs, sites, worst, latent, seconds }) => ({
  name,
  seconds: median(seconds),
  speedup: median(source.seconds) / median(seconds),
  macRatio: macs ? macs.source / macs.perCall : 1,
  attention: sites ? sites.planned / sites.computed : 1,
  psnr: psnr(latent, source.latent),
  verified: worst ?? null,
}));
writeGrid(path.join(out, 'grid.png'), variants);
for (const variant of variants) writeStrip(path.join(out, `${variant.name}.png`), variant, 5);
fs.writeFileSync(
  path.join(out, 'demo.json'),
  `${JSON.stringify({ steps: STEPS, images, results }, null, 2)}\n`,
);

console.log('\n          time  speed-up  MAC ratio  attention  PSNR to source  worst check');
for (const r of results)
  console.log(
    r.name.padEnd(7) +
      pad(`${r.seconds.toFixed(2)} s`, 7) +
      pad(`${r.speedup.toFixed(2)}x`, 10) +
      pad(`${r.macRatio.toFixed(2)}x`, 11) +
      pad(`${(100 * r.attention).toFixed(0)} %`, 11) +
      pad(r.psnr === null ? '' : `${r.psnr.toFixed(1)} dB`, 16) +
      pad(r.verified === null ? '' : r.verified.toExponential(0), 13),
  );
console.log(
  `\n${path.join('demo-out/ditfastattn', 'grid.png')}: the source model above, then ${THRESHOLDS.join(', ')}`,
);
