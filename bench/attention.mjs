// DiTFastAttn on diffusion transformers: time of a call under each strategy, loops of plans that were
// searched at D2, D4 and D6, split against merged in time, size and memory.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ditfastattn } from '../dist/passes/index.js';
import { fillWeights } from '../dist/src/evidence/fill/fill.js';
import { Pipeline, planToJson } from '../dist/src/index.js';
import { benchBundle, calibrate, loadModel, verifyBundle, writeBundle } from '../dist/src/node.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const GUIDANCE = { order: 'cond-first', mode: 'batch' };
const CASES = {
  'dit-digits': { file: 'samples/dit-digits/dit-digits.onnx', calls: 20, samples: 4, rounds: 21 },
  // the size of DiT-S/2 at 512x512 pixels, random weights
  'dit-s-2-512': {
    file: 'samples/architectures/dit-s-2-512.onnx',
    fill: true,
    calls: 10,
    samples: 1,
    rounds: 5,
  },
};
const STRATEGIES = [
  'compute',
  'window',
  'guidance-share',
  'window+guidance-share',
  'reuse',
  'window-only',
];
const THRESHOLDS = ['D2', 'D4', 'D6'];
const FORMS = ['split', 'merged'];
const mega = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const chosen = process.argv.slice(2);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-bench-'));
const results = [];
try {
  for (const name of chosen.length > 0 ? chosen : Object.keys(CASES)) {
    const { file, fill, calls, samples, rounds } = CASES[name];
    const folder = path.join(scratch, name);
    const given = path.join(root, file);
    const model = fill ? fillWeights({ model: given, folder }).model : given;
    const result = { name, strategies: {}, plans: {} };
    results.push(result);

    console.log(`${name}: one call with every site under one strategy`);
    const sites = (await compile(model, { calls: 1 })).plan.sites.map((site) => site.id);
    const each = planOf(sites, STRATEGIES);
    for (const emit of FORMS) {
      const measured = await measure(model, { calls: STRATEGIES.length, plan: each, emit }, rounds);
      result.strategies[emit] = measured;
      for (const [i, strategy] of STRATEGIES.entries()) {
        const { milliseconds, speedup, macRatio } = measured.programs[measured.calls[i]];
        print(emit, strategy, `${milliseconds.toFixed(1)} ms`, speedup, macRatio.all);
      }
    }

    for (const threshold of THRESHOLDS) {
      const start = performance.now();
      const found = await calibrate(loadModel(model), {
        pass: ditfastattn,
        options: { threshold },
        calls,
        samples,
        sampler: { name: 'ddim', clip: 1 },
        guidance: { ...GUIDANCE, scale: 2 },
      });
      const seconds = (performance.now() - start) / 1000;
      const plan = planToJson(found.plan);
      const entry = { seconds, evaluations: found.evaluations, forms: {} };
      result.plans[threshold] = entry;
      for (const emit of FORMS) {
        const measured = await measure(model, { calls, plan, emit }, rounds);
        entry.forms[emit] = measured;
        const { loop, bytes, memory, attention } = measured;
        print(
          emit,
          `plan ${threshold}`,
          `${(100 * attention).toFixed(0)} % attention`,
          loop.speedup,
          loop.macRatio.all,
          `${Object.keys(measured.programs).length} programs, ${mega(bytes)} of models, ${mega(memory)} resident`,
        );
      }
    }
  }
  const target = path.join(root, 'bench/results/attention.json');
  fs.writeFileSync(
    target,
    `${JSON.stringify({ cores: os.cpus().length, node: process.version, results }, null, 2)}\n`,
  );
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}

function compile(model, options) {
  return Pipeline.create({ guidance: GUIDANCE, ...options })
    .use(ditfastattn, {})
    .compile(loadModel(model));
}

/** Call by call one strategy at all sites. */
function planOf(sites, strategies) {
  const entries = Object.fromEntries(sites.map((id) => [id, strategies]));
  return { format: 'stepfold.plan', version: 1, calls: strategies.length, sites: entries };
}

async function measure(model, options, rounds) {
  const folder = path.join(scratch, 'bundle');
  const compilation = await compile(model, options);
  const schedule = writeBundle(compilation, folder, { sourceFile: model, force: true });
  const proof = await verifyBundle({ folder, model, levels: ['all'] });
  if (!proof.passed) throw new Error(`verification of ${options.emit} failed`);
  const { programs, loop, source } = await benchBundle({ folder, model, rounds });
  const { computed, planned } = schedule.cost.sites;
  return {
    source,
    programs,
    loop,
    calls: schedule.calls,
    attention: planned / computed,
    bytes: Object.values(schedule.models).reduce(
      (sum, { file }) => sum + fs.statSync(path.join(folder, file)).size,
      0,
    ),
    memory: residentAfterLoop(folder),
  };
}

/** Peak memory of a process that does nothing but run the bundle's loop once, bytes. */
function residentAfterLoop(folder) {
  const entry = (name) => JSON.stringify(path.join(root, `dist/src/${name}.js`));
  const code = `
    const { createSampler } = await import(${entry('index')});
    const { generate, openLoopBundle } = await import(${entry('node')});
    const denoiser = await openLoopBundle(${JSON.stringify(folder)});
    const sampler = createSampler('ddim', { steps: denoiser.calls });
    const guidance = { scale: 2, unconditional: {}, ...${JSON.stringify(GUIDANCE)} };
    await generate(denoiser, { sampler, seed: 0, feeds: {}, guidance });
    await denoiser.release();
    console.log(process.resourceUsage().maxRSS * 1024);`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', code]).toString());
}

function print(emit, what, figure, speedup, macRatio, more = '') {
  const ratios = `${speedup.toFixed(2)}x  (MACs ${macRatio.toFixed(2)}x)`;
  console.log(`  ${emit.padEnd(7)} ${what.padEnd(22)} ${figure.padStart(15)}  ${ratios}  ${more}`);
}
