// Distance to the converged picture at equal cost, of everything there is: fewer steps with each solver and spacing, and
// each method with each order. Settings are chosen on a few noises and measured on others: of each family those that
// nothing of the same family beats at less cost.
//
//   node bench/equal-cost.mjs [--model digits|dit-digits|flow-digits] [--tried 20] [--images 200] [--scales 1,2,4]
//     [--only REGEX] [--budgets 6,8,10,14,17,20]
//
// Goes on where it stopped: rows that are there already are not measured again.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/demo/common.mjs';
import { keyOf, methodsOf } from './equal-cost/methods.mjs';
import { openSubject } from './equal-cost/subject.mjs';
import { equalCostTable, pooled } from './equal-cost/table.mjs';

const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: 'digits' },
    tried: { type: 'string', default: '20' },
    images: { type: 'string', default: '200' },
    scales: { type: 'string', default: '2,1,4' },
    only: { type: 'string', default: '' },
    budgets: { type: 'string', default: '6,8,10,14,17,20' },
  },
});
/** Noises of the choice, and of the measurement. */
const CHOICE = 7000;
const MEASURED = 9000;
const CHOSEN_AT = 2;

const subject = await openSubject(asked.model);
const file = path.join(ROOT, 'bench/results', `equal-cost-${asked.model}.json`);
const results = fs.existsSync(file)
  ? JSON.parse(fs.readFileSync(file, 'utf8'))
  : { model: asked.model, tried: {}, measured: {} };
const save = () => fs.writeFileSync(file, `${JSON.stringify(results)}\n`);
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
const rounded = (psnr) => psnr.map((v) => Math.round(10 * v) / 10);

/** Decibels of each picture, to the converged one and to that of its own loop, and what the loop costs. */
async function measure({ loop, passes }, noises) {
  if (!passes)
    return { calls: loop.steps, ...(await subject.distances(subject.source, loop, noises)) };
  const { denoiser, calls, folder } = await subject.bundle(passes, loop);
  try {
    return { calls, ...(await subject.distances(denoiser, loop, noises)) };
  } finally {
    await denoiser.release?.();
    fs.rmSync(folder, { recursive: true });
  }
}

const methods = methodsOf(asked.model).filter((method) =>
  new RegExp(asked.only).test(keyOf(method)),
);
const batches = (images) => Math.ceil(images / subject.images);
for (const [i, method] of methods.entries()) {
  const key = keyOf(method);
  if (results.tried[key]) continue;
  const noises = { batches: batches(Number(asked.tried)), seed: CHOICE, scale: CHOSEN_AT };
  const { calls, psnr } = await measure(method, noises);
  results.tried[key] = { calls, psnr: rounded(psnr) };
  save();
  console.log(
    `${i + 1}/${methods.length}  ${calls.toFixed(1)} calls  ${mean(psnr).toFixed(1)} dB, pooled ${pooled(psnr).toFixed(1)}  ${key}`,
  );
}
save();

/** Of a family, what nothing beats at less cost. */
function front(family) {
  const sorted = family
    .map((method) => {
      const { calls, psnr } = results.tried[keyOf(method)];
      return { method, calls, psnr: pooled(psnr) };
    })
    .sort((a, b) => a.calls - b.calls || b.psnr - a.psnr);
  let best = -Infinity;
  return sorted.flatMap(({ method, psnr }) => {
    if (psnr <= best) return [];
    best = psnr;
    return [method];
  });
}

const families = Map.groupBy
  ? Map.groupBy(methods, ({ family }) => family)
  : methods.reduce(
      (map, method) => map.set(method.family, [...(map.get(method.family) ?? []), method]),
      new Map(),
    );
const chosen = [...families.values()].flatMap(front);
for (const scale of asked.scales.split(',').map(Number))
  for (const method of chosen) {
    const key = `${scale} ${keyOf(method)}`;
    const count = batches(Number(asked.images));
    if (results.measured[key]?.images >= count * subject.images) continue;
    const { calls, psnr, own } = await measure(method, {
      batches: count,
      seed: MEASURED,
      scale,
      own: true,
    });
    const { family, loop } = method;
    results.measured[key] = {
      scale,
      family,
      loop,
      calls,
      psnr: rounded(psnr),
      own: rounded(own),
      images: psnr.length,
    };
    save();
    console.log(
      `scale ${scale}  ${calls.toFixed(1)} calls  ${mean(psnr).toFixed(1)} dB, pooled ${pooled(psnr).toFixed(1)}  ${key}`,
    );
  }

for (const scale of asked.scales.split(',').map(Number))
  console.log(
    [
      `\nguidance ${scale}: decibels of the mean error (mean of decibels)`,
      ...equalCostTable(results.measured, scale, asked.budgets.split(',').map(Number)),
    ].join('\n'),
  );
