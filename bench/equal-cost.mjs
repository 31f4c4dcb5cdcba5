// Distance to the converged picture at equal cost, of everything there is: fewer steps with each solver and spacing, each
// method with each order, and pairs of methods. In two stages: all settings on a few noises; then, on many others, of each
// family the best setting at each of some costs.
//
//   node bench/equal-cost.mjs [--model digits|dit-digits|flow-digits|fashion|flow-fashion] [--tried 10] [--images 200] [--others 60]
//     [--scales 2,1.5,4] [--budgets 25,17,12] [--only REGEX] [--stage tried|measured]
//
// Goes on where it stopped, and measures batch after batch, so that whatever has been measured can be compared. In the end it
// prints tables of what was asked.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/demo/common.mjs';
import { chosenOf, costsOf } from './equal-cost/choice.mjs';
import { mean, pooled, rounded } from './equal-cost/decibels.mjs';
import { bundleKeyOf, keyOf, methodsOf } from './equal-cost/methods.mjs';
import { MODELS, openSubject } from './equal-cost/subject.mjs';
import { measuredOf, settingOf, tableOf } from './equal-cost/table.mjs';

const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: 'digits' },
    tried: { type: 'string', default: '10' },
    images: { type: 'string', default: '200' },
    // of what is no rival of the best
    others: { type: 'string', default: '60' },
    scales: { type: 'string', default: '2,1.5,4' },
    // full calls, in place of those that suit the model's own loop
    budgets: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    stage: { type: 'string', default: '' },
  },
});
if (!MODELS.includes(asked.model))
  throw new Error(`--model ${asked.model}: it takes one of ${MODELS.join(', ')}`);
/** Seeds of the choice, and of the measurement. */
const CHOICE = 7000;
const MEASURED = 9000;
const CHOSEN_AT = 2;
/** Of so many noises pictures are held against the loop's own too. */
const OWN = 40;

const subject = await openSubject(asked.model);
const file = path.join(ROOT, 'bench/results', `equal-cost-${asked.model}.json`);
const results = fs.existsSync(file)
  ? JSON.parse(fs.readFileSync(file, 'utf8'))
  : { model: asked.model, tried: {}, measured: {} };
const save = () => fs.writeFileSync(file, `${JSON.stringify(results)}\n`);
const scales = asked.scales.split(',').map(Number);
const costs = costsOf(asked.model, asked.budgets);
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
printTables();

async function tryAll() {
  const noises = { images: Number(asked.tried), seed: CHOICE, scale: CHOSEN_AT };
  const left = sideBySide(methods.filter((method) => !results.tried[keyOf(method)]));
  for (const [i, method] of left.entries()) {
    const { denoiser, calls } = await denoiserOf(method);
    const { converged } = await subject.distances(denoiser, method.loop, noises);
    results.tried[keyOf(method)] = { calls, psnr: rounded(converged) };
    save();
    console.log(
      `${i + 1}/${left.length}  ${calls.toFixed(1)} calls  ${dB(converged)}  ${keyOf(method)}`,
    );
  }
}

async function measureChosen() {
  const chosen = chosenOf(methods, results.tried, costs);
  for (const scale of scales)
    for (let batch = 0; batch * subject.batch < Number(asked.images); batch++)
      for (const method of chosen) {
        // what a reader would choose between, at every scale and on all noises; the others at the first that is asked
        const isAsked = scale === scales[0] && batch * subject.batch < Number(asked.others);
        if (method.rival || isAsked) await measureBatch(method, { scale, batch });
      }
}

async function measureBatch(method, { scale, batch }) {
  const { family, loop } = method;
  const images = subject.batch;
  const key = `${scale} ${method.key}`;
  results.measured[key] ??= { scale, family, loop, psnr: [], own: [] };
  const row = results.measured[key];
  if (row.psnr.length >= (batch + 1) * images) return;
  const noises = { seed: MEASURED + batch, images, scale };
  const { denoiser, calls } = await denoiserOf(method);
  const own = !subject.isOwn(method) && batch * images < OWN && scale === scales[0];
  const found = await subject.distances(denoiser, loop, noises, { own });
  row.calls = calls;
  row.psnr.push(...rounded(found.converged));
  row.own.push(...rounded(found.own ?? []));
  save();
  console.log(
    `scale ${scale}, ${row.psnr.length} pictures  ${calls.toFixed(1)} calls  ${dB(row.psnr)}  ${key}`,
  );
}

function printTables() {
  const chosen = chosenOf(methods, results.tried, costs);
  for (const scale of scales) {
    const rows = measuredOf(chosen, results.measured, scale);
    if (rows.length === 0) continue;
    const table = tableOf(rows, costs.columns);
    console.log(['', `Guidance ${scale}:`, '', ...table, '', ...rows.map(settingOf)].join('\n'));
  }
}
