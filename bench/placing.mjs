// What a plan that was found for one loop is worth in others: placed by the rule of schedules for full steps, by that for
// more choices and others that were considered, and found for the loop itself, at as many full steps. Decibels to the loop's own full pictures.
//
//   node bench/placing.mjs [--images 16] [--to 10,15,30,40,50] [--plans FOLDER]   plans that were found stay there
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readNpy } from '../dist/src/io/npy.js';
import { scheduleFor } from '../dist/src/runtime.js';
import { ROOT } from '../scripts/demo/common.mjs';
import { mean, pooled, psnrs } from './equal-cost/decibels.mjs';

const { values: asked } = parseArgs({
  options: {
    images: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1000' },
    to: { type: 'string', default: '10,15,30,40,50' },
    plans: { type: 'string' },
  },
});
const MODEL = path.join(ROOT, 'samples/digits/digits-unet.onnx');
const FOUND = 20;
const lengths = asked.to.split(',').map(Number);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-placing-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true }));
const at = (name) => path.join(scratch, name);
const json = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const stepfold = (...given) =>
  execFileSync(process.execPath, [path.join(ROOT, 'dist/src/cli/main.js'), ...given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });

/** The plan of so many full steps. */
function found(steps, full) {
  const file = path.join(asked.plans ?? scratch, `found-${steps}-${full}.json`);
  if (!fs.existsSync(file))
    stepfold(
      ...['calibrate', MODEL, '--pass', 'forecast', '--full-calls', String(full), '--no-yardstick'],
      ...['--calls', String(steps), '--samples', '8', '-o', file],
    );
  return json(file);
}

const columnOf = (plan) => Object.values(plan.sites)[0];
const isFull = (name) => name === 'compute';
const places = (list) => [...list.keys()].filter((i) => isFull(list[i])).join(' ');

let bundles = 0;
function bundle(plan) {
  const [file, folder] = [at(`plan-${bundles}.json`), at(`bundle-${bundles++}`)];
  fs.writeFileSync(file, JSON.stringify(plan));
  stepfold('transform', MODEL, '--plan', file, '-o', folder);
  return folder;
}

/** The same plan with other steps. */
const withColumn = ({ passes: [{ pass, options }], ...plan }, list) => ({
  format: plan.format,
  version: plan.version,
  passes: [
    { pass, options: { ...options, full: [...list.keys()].filter((i) => isFull(list[i])) } },
  ],
  calls: list.length,
  sites: { [Object.keys(plan.sites)[0]]: list },
});

const whole = new Map();
function pictures(of, steps) {
  const out = at('out');
  fs.rmSync(out, { recursive: true, force: true });
  stepfold(
    ...['run', of, '--steps', String(steps), '--samples', asked.images, '--seed', asked.seed],
    ...['--sampler', 'ddim', '-o', out],
  );
  return readNpy(fs.readFileSync(path.join(out, 'samples.npy'))).data;
}
function decibels(of, steps) {
  if (!whole.has(steps)) whole.set(steps, pictures(MODEL, steps));
  return psnrs(pictures(of, steps), whole.get(steps), Number(asked.images));
}

// rules that were considered, over what is full of the steps that were searched
const lies = (i, steps, list) => (i * (list.length - 1)) / (steps - 1);
const strategyOf = (list) => list.find((name) => !isFull(name));
const made = (steps, list, full) =>
  Array.from({ length: steps }, (_, i) => (full(i) ? 'compute' : strategyOf(list)));
const OTHERS = {
  'both sides': (list, steps) =>
    made(steps, list, (i) => {
      const x = Math.min((i * list.length) / steps, list.length - 1);
      return isFull(list[Math.floor(x)]) || isFull(list[Math.ceil(x)]);
    }),
  'the first alone': (list, steps) => {
    const near = (i) => Math.round(lies(i, steps, list));
    return made(steps, list, (i) => isFull(list[near(i)]) && (i === 0 || near(i - 1) < near(i)));
  },
};

const rows = [];
function row(steps, how, list, of) {
  const full = list.filter(isFull).length;
  const dB = decibels(of, steps);
  const [typical, worst] = [mean(dB), pooled(dB)].map((value) => Math.round(value * 10) / 10);
  rows.push({ steps, how, full, mean: typical, pooled: worst, places: places(list) });
  console.log(
    `${steps} steps, ${how}: ${full} full, ${typical} dB, pooled ${worst} (${places(list)})`,
  );
}

const columnIn = (schedule, steps) =>
  Object.values(scheduleFor(schedule, { steps }).sites)[0].strategies;
const scheduleOf = (own) => json(path.join(own, 'schedule.json'));
const place = (own, steps) => columnIn(scheduleOf(own), steps);
/** As if there were more than two choices. */
function nearest(own, steps) {
  const schedule = scheduleOf(own);
  delete schedule.loop.rules[0].when.apart;
  return columnIn(schedule, steps);
}

{
  const plan = found(FOUND, 8);
  const [list, own] = [columnOf(plan), bundle(plan)];
  row(FOUND, '8 found', list, own);
  for (const steps of lengths) {
    row(steps, 'placed', place(own, steps), own);
    const near = nearest(own, steps);
    row(steps, 'nearest', near, bundle(withColumn(plan, near)));
    for (const [how, rule] of Object.entries(OTHERS))
      row(steps, how, rule(list, steps), bundle(withColumn(plan, rule(list, steps))));
    const there = found(steps, Math.round((8 * steps) / FOUND));
    row(steps, 'found there', columnOf(there), bundle(there));
  }
}
// at about as many full steps: fewer found, and placed; or all full that are near them; or more found, and the first of these alone
const most = Math.max(...lengths);
for (const full of [4, 6]) {
  const few = found(FOUND, full);
  const own = bundle(few);
  row(most, `placed, ${full} found`, place(own, most), own);
  const near = nearest(own, most);
  row(most, `nearest, ${full} found`, near, bundle(withColumn(few, near)));
  const count = near.filter(isFull).length;
  const many = found(FOUND, count);
  const first = OTHERS['the first alone'](columnOf(many), most);
  row(most, `the first alone, ${count} found`, first, bundle(withColumn(many, first)));
}
fs.writeFileSync(
  path.join(ROOT, 'bench/results/placing.json'),
  `${JSON.stringify({ images: asked.images, seed: asked.seed, found: FOUND, rows }, null, 1)}\n`,
);
