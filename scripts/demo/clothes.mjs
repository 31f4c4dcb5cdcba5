// What `stepfold tune --speedup 2` finds for the transformer of clothes (docs/tune.md), drawn beside the loop as it is and
// beside fewer steps of the same sampler in about the same time. Writes demo-out/clothes/: the bundle, pictures, demo.json.
import fs from 'node:fs';
import path from 'node:path';
import { forecast } from '../../dist/passes/index.js';
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
import {
  classes,
  median,
  pad,
  progress,
  psnrOfImages,
  ROOT,
  timeInTurn,
  writeStrip,
} from './common.mjs';
import { ROUNDS } from './quick.mjs';

export const title = 'Forecasts on clothes by a transformer of flow matching';
const sourceFile = path.join(ROOT, 'samples/flow-fashion/transformer/model.onnx');
const out = path.join(process.cwd(), 'demo-out/clothes');
const GUIDANCE = { order: 'uncond-first', mode: 'batch' };
const OWN = {
  name: 'euler-flow',
  steps: 28,
  spacing: 'linear',
  schedule: { path: 'flow', shift: 2 },
};
const PLMS = { name: 'plms', prediction: 'flow', schedule: { path: 'flow', shift: 1 } };
const LOOP = { ...PLMS, spacing: 'trailing', steps: 27 };
const FULL_CALLS = 14;
const CONVERGED = 100;

const { images, labels, unconditional } = classes(1);
const samplerOf = ({ name, ...options }) => createSampler(name, options);
const request = ({ loop }) => ({
  sampler: samplerOf(loop),
  seed: 7,
  feeds: labels,
  guidance: { scale: 2, ...GUIDANCE, unconditional },
});

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
console.log(
  `${title}: ${path.relative(process.cwd(), sourceFile)}, ${images} pictures with guidance\n`,
);

progress('compiling');
const bundle = path.join(out, 'bundle');
const pipeline = Pipeline.create({ calls: LOOP.steps, guidance: GUIDANCE }).use(forecast, {
  'full-calls': FULL_CALLS,
  order: 1,
});
writeBundle(await pipeline.compile(loadModel(sourceFile)), bundle, { sourceFile });
progress('proving');
const proof = await verifyBundle({ folder: bundle, model: sourceFile });
if (!proof.passed) throw new Error(`verification of ${bundle} failed`);

const source = await openLoopModel(sourceFile);
const variants = [
  { name: 'as it is', what: '28 steps of Euler', loop: OWN, denoiser: source },
  {
    name: 'stepfold',
    what: `27 steps of PLMS, the model at ${FULL_CALLS} of them`,
    loop: LOOP,
    denoiser: await openLoopBundle(bundle),
  },
  { name: 'fewer steps', what: '13 steps of PLMS', loop: { ...LOOP, steps: 13 }, denoiser: source },
];
await timeInTurn(variants, (variant) => generate(variant.denoiser, request(variant)), ROUNDS);
progress(`drawing what all of them are to come near to: ${CONVERGED} steps`);
const converged = await generate(source, request({ loop: { ...LOOP, steps: CONVERGED } }));
progress('');
for (const { denoiser } of variants.slice(0, 2)) await denoiser.release();

const results = variants.map(({ name, what, seconds, latent }) => ({
  name,
  what,
  seconds: median(seconds),
  speedup: median(variants[0].seconds) / median(seconds),
  psnr: psnrOfImages(latent, converged.latent, images),
}));
for (const variant of [...variants, { name: 'converged', ...converged }])
  writeStrip(path.join(out, `${variant.name}.png`), variant, 4);
fs.writeFileSync(path.join(out, 'demo.json'), `${JSON.stringify({ images, results }, null, 2)}\n`);

console.log('               time  speed-up  PSNR to converged');
for (const r of results)
  console.log(
    r.name.padEnd(12) +
      pad(`${r.seconds.toFixed(2)} s`, 7) +
      pad(`${r.speedup.toFixed(2)}x`, 10) +
      pad(`${r.psnr.toFixed(1)} dB`, 19) +
      `  ${r.what}`,
  );
