// Processor time of each kind of call on published architectures with random weights, for a guidance pair of one image: full,
// shallow, shallow with what is kept forecast, one half of the pair, and a call that forecasts the output. One thread; each
// bundle runs in a process of its own, full calls and others in turns, and ratios are within it.
//
//   node bench/calls.mjs [architecture …] [--rounds 3]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-node';
import {
  deepcache,
  deltaCache,
  ditfastattn,
  forecast,
  guidanceDelta,
} from '../dist/passes/index.js';
import { fillWeights } from '../dist/src/evidence/fill/fill.js';
import { randomFeeds, scheduleBindings } from '../dist/src/evidence/measure/feeds.js';
import { Pipeline } from '../dist/src/index.js';
import { loadModel, openBundle, writeBundle } from '../dist/src/node.js';

const self = fileURLToPath(import.meta.url);
const root = path.dirname(path.dirname(self));
const unet = [
  ['deepcache, branch 2', 'deepcache', { branch: 2 }],
  ['forecast', 'forecast', {}],
  ['guidance-delta', 'guidance-delta', {}],
];
const transformer = [
  ['delta-cache, half of the blocks', 'delta-cache', { blocks: 14 }],
  ['ditfastattn, reuse', 'ditfastattn', { strategy: 'reuse' }],
  ['forecast', 'forecast', {}],
  ['guidance-delta', 'guidance-delta', {}],
];
const MODELS = {
  // half of the size in each direction that it was trained for
  'sd15-unet': {
    shapes: { sample: [2, 4, 32, 32], encoder_hidden_states: [2, 77, 768] },
    methods: unet,
  },
  'dit-xl-2-256': { shapes: { x: [2, 4, 32, 32], t: [2], y: [2] }, methods: transformer },
};
const PASSES = {
  deepcache,
  'delta-cache': deltaCache,
  ditfastattn,
  forecast,
  'guidance-delta': guidanceDelta,
};
/** Steps 0 and 1 are full, so that a straight line can be drawn. */
const CALLS = 5;
const FULL = [0, 1];
// weights stay mapped from the file, so that two models hold them once
const SESSION = {
  logSeverityLevel: 4,
  graphOptimizationLevel: 'extended',
  intraOpNumThreads: 1,
  extra: { session: { disable_prepacking: '1', intra_op: { allow_spinning: '0' } } },
};

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    bundle: { type: 'string' },
    shapes: { type: 'string' },
  },
});
if (asked.bundle) await timeBundle(asked.bundle, JSON.parse(asked.shapes));
else await all();

async function all() {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-calls-'));
  const file = path.join(root, 'bench/results/calls.json');
  const results = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : [];
  try {
    for (const name of positionals.length > 0 ? positionals : Object.keys(MODELS)) {
      const { shapes, methods } = MODELS[name];
      const source = path.join(root, `samples/architectures/${name}.onnx`);
      const folder = path.join(scratch, name);
      const { model } = fillWeights({ model: source, folder });
      for (const [title, pass, options] of methods)
        for (const order of pass === 'forecast' ? [1] : [0, 1]) {
          const bundle = path.join(folder, 'bundle');
          const cost = await compile(model, bundle, PASSES[pass], { ...options, order });
          const times = JSON.parse(
            execFileSync(
              process.execPath,
              [
                self,
                '--bundle',
                bundle,
                '--rounds',
                asked.rounds,
                '--shapes',
                JSON.stringify(shapes),
              ],
              { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
            ),
          );
          fs.rmSync(bundle, { recursive: true });
          note(results, { name, method: title, order, shapes, ...cost, ...times });
          fs.writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
        }
      fs.rmSync(folder, { recursive: true });
    }
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** In place of what was measured of the same before. */
function note(results, row) {
  const same = (one) =>
    one.name === row.name && one.method === row.method && one.order === row.order;
  const at = results.findIndex(same);
  if (at < 0) results.push(row);
  else results[at] = row;
  const { full, other } = row;
  const s = ([low, middle, high]) =>
    `${middle.toFixed(2)} s (${low.toFixed(2)} to ${high.toFixed(2)})`;
  console.log(
    `${row.name}  ${row.method}, order ${row.order}: full ${s(full)}, others ${s(other)}, ${((100 * other[1]) / full[1]).toFixed(1)} % of the time at ${(100 * row.macs).toFixed(1)} % of the MACs`,
  );
}

async function compile(model, folder, pass, options) {
  const steps = pass === ditfastattn ? { interval: CALLS, warmup: 2 } : { full: FULL };
  const compilation = await Pipeline.create({
    calls: CALLS,
    guidance: { order: 'cond-first', mode: 'batch' },
    emit: 'split',
  })
    .use(pass, { ...options, ...steps })
    .compile(loadModel(model));
  const schedule = writeBundle(compilation, folder, { sourceFile: model });
  const { source, programs } = schedule.cost.macs.convention.all;
  return { macs: Math.min(...Object.values(programs)) / source };
}

async function timeBundle(folder, shapes) {
  const schedule = JSON.parse(fs.readFileSync(path.join(folder, 'schedule.json'), 'utf8'));
  const bindings = scheduleBindings(schedule, shapes);
  const { inputs, roles } = schedule.source;
  const feeds = randomFeeds(inputs, { ort, roles, bindings, seed: 1 });
  const session = await openBundle(folder, { sessionOptions: SESSION });
  const seconds = { full: [], other: [] };
  for (let round = 0; round <= Number(asked.rounds); round++) {
    session.reset();
    for (let call = 0; call < CALLS; call++) {
      const before = process.cpuUsage();
      await session.run(feeds);
      const { user, system } = process.cpuUsage(before);
      // the first round warms up
      if (round > 0) seconds[FULL.includes(call) ? 'full' : 'other'].push((user + system) / 1e6);
    }
  }
  await session.release();
  console.log(JSON.stringify({ full: quartiles(seconds.full), other: quartiles(seconds.other) }));
}

function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
  };
  return [at(0.25), at(0.5), at(0.75)];
}
