// What `stepfold transform` costs beside a plain copy of the same bytes: wall time and peak memory of
// whole processes, in turn, medians.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillWeights } from '../dist/src/fill/fill.js';
import { measureInTurn, measureProcess, ROUNDS } from './processes.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const name = process.argv[2] ?? 'sd15-unet';
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-cost-'));

/** What is done to each kind of model: a rule for U-Nets, a plan with many different calls for the rest. */
const CALLS = 50;
function work() {
  if (name.startsWith('sd') || name.startsWith('ddpm') || name.startsWith('ldm'))
    return ['--pass', 'deepcache:branch=1,interval=5', '--calls', String(CALLS)];
  const file = path.join(scratch, 'plan.json');
  const sites = name.startsWith('dit-s') ? 12 : 28;
  const strategies = ['reuse', 'window+guidance-share', 'window', 'guidance-share', 'compute'];
  // a fixed sequence without a pattern, so that the calls differ as those of a searched plan do
  let state = 1;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return strategies[state % strategies.length];
  };
  const column = () => ['compute', ...Array.from({ length: CALLS - 1 }, next)];
  const plan = {
    format: 'stepfold.plan',
    version: 1,
    passes: [{ pass: 'ditfastattn' }],
    calls: CALLS,
    guidance: { order: 'cond-first', mode: 'batch' },
    sites: Object.fromEntries(
      Array.from({ length: sites }, (_, s) => [`attention.${s}`, column()]),
    ),
  };
  fs.writeFileSync(file, JSON.stringify(plan));
  return ['--plan', file];
}

try {
  const { model } = fillWeights({
    model: path.join(root, `samples/architectures/${name}.onnx`),
    folder: path.join(scratch, 'model'),
  });
  const asked = work();
  const cli = path.join(root, 'dist/src/cli/main.js');
  const transform =
    (...more) =>
    () => {
      const out = path.join(scratch, 'out');
      const result = measureProcess([cli, 'transform', model, ...asked, '-o', out, ...more]);
      fs.rmSync(out, { recursive: true });
      return result;
    };
  const copy = () => {
    const to = path.join(scratch, 'copy.bin');
    const code = `fs.copyFileSync(${JSON.stringify(path.join(path.dirname(model), 'weights.bin'))},${JSON.stringify(to)})`;
    const result = measureProcess(['-e', code]);
    fs.rmSync(to);
    return result;
  };
  const things = {
    'transform, weights linked': transform(),
    'transform, weights copied': transform('--weights', 'copy'),
    'plain copy of the weights': copy,
  };
  console.log(name);
  const results = measureInTurn(things);
  const file = path.join(root, `bench/results/cost-${name}.json`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify({ name, rounds: ROUNDS, results }, null, 2)}\n`);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
