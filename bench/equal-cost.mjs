// Distance to the converged picture at equal cost, of everything there is: fewer steps with each solver and spacing, each
// method with each order, and pairs of methods. In two stages: all settings on a few noises; then, on many others, of each
// family the best setting at each of some costs.
//
//   node bench/equal-cost.mjs [--model digits|dit-digits|flow-digits] [--tried 10] [--images 200] [--others 60]
//     [--scales 2,1.5,4] [--only REGEX] [--stage tried|measured]
//
// Goes on where it stopped, and measures batch after batch, so that whatever has been measured can be compared.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/demo/common.mjs';
import { chosenOf } from './equal-cost/choice.mjs';
import { mean, pooled, rounded } from './equal-cost/decibels.mjs';
import { bundleKeyOf, keyOf, methodsOf } from './equal-cost/methods.mjs';
import { openSubject } from './equal-cost/subject.mjs';

const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: 'digits' },
    tried: { type: 'string', default: '10' },
    images: { type: 'string', default: '200' },
    // of what is no rival of the best
    others: { type: 'string', default: '60' },
    scales: { type: 'string', default: '2,1.5,4' },
    only: { type: 'string', default: '' },
    stage: { type: 'string', default: '' },
  },
});
/** Seeds of the choice, and of the measurement. */
const CHOICE = 7000;
const MEASURED = 9000;
const CHOSEN_AT = 2;
/** Noises of one batch, of which so many batches are held against the loop's own pictures too. */
const BATCH = 20;
const OWN_BATCHES = 2;

const subject = await openSubject(asked.model);
const file = path.join(ROOT, 'bench/results', `equal-cost-${asked.model}.json`);
const results = fs.existsSync(file)
  ? JSON.parse(fs.readFileSync(file, 'utf8'))
  : { model: asked.model, tried: {}, measured: {} };
const save = () => fs.writeFileSync(file, `${JSON.stringify(results)}\n`);
const dB = (psnr) => `${mean(psnr).toFixed(1)} dB, pooled ${pooled(psnr).toFixed(1)}`;

/** One bundle at a time, for all settings that it serves. */
let open;
async function denoiserOf(method) {
  if (!method.passes) return { denoiser: subject.source, calls: method.loop.steps };
  const key = bundleKeyOf(method);
  if (open?.key !== key) {
    await close();
    open = { key, ...(await subject.bundle(method.passes, method.loop)) };
  }
  return open;
}
async function close() {
  await open?.denoiser.release?.();
  if (open) fs.rmSync(open.folder, { recursive: true });
  open = undefined;
}

const methods = methodsOf(asked.model).filter((method) =>
  new RegExp(asked.only).test(keyOf(method)),
);
/** Settings that one bundle serves side by side. */
function sideBySide(list) {
  const groups = new Map();
  for (const method of list) {
    const key = method.passes ? bundleKeyOf(method) : '';
    groups.set(key, [...(groups.get(key) ?? []), method]);
  }
  return [...groups.values()].flat();
}

if (asked.stage !== 'measured') await tryAll();
if (asked.stage !== 'tried') await measureChosen();
await close();

async function tryAll() {
  const noises = { images: Number(asked.tried), seed: CHOICE, scale: CHOSEN_AT };
  const left = sideBySide(methods.filter((method) => !results.tried[keyOf(method)]));
  for (const [i, method] of left.entries()) {
    const { denoiser, calls } = await denoiserOf(method);
    const { converged } = await subject.distances(denoiser, method.loop, noises);
    results.tried[keyOf(method)] = { calls, psnr: rounded(converged) };
    if (i % 20 === 0) save();
    console.log(
      `${i + 1}/${left.length}  ${calls.toFixed(1)} calls  ${dB(converged)}  ${keyOf(method)}`,
    );
  }
  save();
}

async function measureChosen() {
  const chosen = chosenOf(
    methods.flatMap((method) => {
      const found = results.tried[keyOf(method)];
      return found ? [{ ...method, key: keyOf(method), ...found }] : [];
    }),
  );
  const scales = asked.scales.split(',').map(Number);
  for (const scale of scales)
    for (let batch = 0; batch * BATCH < Number(asked.images); batch++)
      for (const method of chosen) {
        // what a reader would choose between, at every scale and on all noises
        const isAsked = scale === CHOSEN_AT && batch * BATCH < Number(asked.others);
        if (method.rival || isAsked) await measureBatch(method, { scale, batch });
      }
}

async function measureBatch(method, { scale, batch }) {
  const { family, loop, at } = method;
  const key = `${scale} ${method.key}`;
  results.measured[key] ??= { scale, family, loop, at, psnr: [], own: [] };
  const row = results.measured[key];
  row.at = at;
  if (row.psnr.length >= (batch + 1) * BATCH) return;
  const noises = { seed: MEASURED + batch, images: BATCH, scale };
  const { denoiser, calls } = await denoiserOf(method);
  const own = Boolean(method.passes) && batch < OWN_BATCHES && scale === CHOSEN_AT;
  const found = await subject.distances(denoiser, loop, noises, { own });
  row.calls = calls;
  row.psnr.push(...rounded(found.converged));
  row.own.push(...rounded(found.own ?? []));
  save();
  console.log(
    `scale ${scale}, ${row.psnr.length} pictures  ${calls.toFixed(1)} calls  ${dB(row.psnr)}  ${key}`,
  );
}
