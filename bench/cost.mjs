// What `stepfold transform` costs beside reading the graph and linking its weights, beside a plain copy of
// the same bytes, and beside other tools that load and save the same model: wall time and peak memory of
// whole processes, in turn, medians.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { analyzeUnet, findAttention } from '../dist/passes/index.js';
import { weightsFilesOf } from '../dist/src/compiler/emit/weights.js';
import { prepare } from '../dist/src/compiler/pipeline/index.js';
import { fillWeights } from '../dist/src/evidence/fill/fill.js';
import { loadModel } from '../dist/src/node.js';
import { findPeers } from './peers.mjs';
import { measureInTurn, measureProcess, ROUNDS } from './processes.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'boolean', default: false },
    python: { type: 'string', default: 'python3' },
    graphsurgeon: { type: 'string' },
    onnxsim: { type: 'string' },
    rounds: { type: 'string', default: String(ROUNDS) },
  },
});
const [given = 'sd15-unet'] = positionals;
const name = path.basename(given, '.onnx');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-cost-'));
const CALLS = 50;

/** A file as it is, or a published architecture with random weights. */
function findModel() {
  if (fs.existsSync(given)) return path.resolve(given);
  const stripped = fs
    .readdirSync(path.join(root, 'samples'), { recursive: true })
    .find((file) => path.basename(file) === `${name}.onnx`);
  if (!stripped) throw new Error(`no model "${given}"`);
  const model = path.join(root, 'samples', stripped);
  return fillWeights({ model, folder: path.join(scratch, 'model') }).model;
}

/** What is done to each kind of model: a rule for U-Nets, a plan with many different calls for the rest. */
async function work(model) {
  const { canonical, shapes } = await prepare(loadModel(model));
  if (analyzeUnet(canonical.graph, shapes).isUnet)
    return ['--pass', 'deepcache:branch=1,interval=5', '--calls', String(CALLS)];
  const file = path.join(scratch, 'plan.json');
  const ids = findAttention(canonical.graph, shapes).found.flatMap(({ id }) => id ?? []);
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
    sites: Object.fromEntries(ids.map((id) => [id, column()])),
  };
  fs.writeFileSync(file, JSON.stringify(plan));
  return ['--plan', file];
}

try {
  const model = findModel();
  const asked = await work(model);
  const weights = [...weightsFilesOf(loadModel(model))];
  const cli = path.join(root, 'dist/src/cli/main.js');
  const out = path.join(scratch, 'out');
  const clearing = (act) => () => {
    const result = act();
    fs.rmSync(out, { recursive: true, force: true });
    return result;
  };
  const script = (code, ...args) =>
    clearing(() => measureProcess(['--input-type=module', '-e', code, out, ...args]));
  const files = pathToFileURL(path.join(root, 'dist/src/model/onnx/files.js')).href;
  const parse = `import fs from 'node:fs';
    import { loadModel } from ${JSON.stringify(files)};
    const [out, model, ...weights] = process.argv.slice(1);
    loadModel(model);
    fs.mkdirSync(out);
    weights.forEach((file, i) => fs.linkSync(file, out + '/' + i));`;
  const copy = `import fs from 'node:fs';
    const [out, ...weights] = process.argv.slice(1);
    fs.mkdirSync(out);
    weights.forEach((file, i) => fs.copyFileSync(file, out + '/' + i));`;
  const transform = (...more) =>
    clearing(() => measureProcess([cli, 'transform', model, ...asked, '-o', out, ...more]));
  const things = {
    'graph read, weights linked': script(parse, model, ...weights),
    'transform, weights linked': transform(),
    'transform, weights copied': transform('--weights', 'copy'),
    'plain copy of the weights': script(copy, ...weights),
    ...(options.peers && findPeers(model, scratch, options)),
  };
  console.log(name);
  const rounds = Number(options.rounds);
  const results = measureInTurn(things, rounds);
  const linked = results['transform, weights linked'];
  for (const [thing, r] of Object.entries(results))
    if (r.failed === undefined && r !== linked)
      console.log(
        `transform against ${thing}: ${(linked.seconds / r.seconds).toFixed(2)} of the time, ${(linked.megabytes / r.megabytes).toFixed(2)} of the memory`,
      );
  const file = path.join(root, `bench/results/cost-${name}.json`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify({ name, rounds, results }, null, 2)}\n`);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
