// The conformance suite for readers in any language (conformance/README.md): bundles of tiny models in every form,
// loops, and feeds; then what each loop gives, from the reader in Python. Uses what is built in dist.
//
//   npm run build && node scripts/make-conformance.mjs
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { passes } from '../dist/passes/index.js';
import { Pipeline } from '../dist/src/index.js';
import { writeNpy } from '../dist/src/io/npy.js';
import { saveModel } from '../dist/src/model/onnx/files.js';
import { parseModel } from '../dist/src/model/onnx/text/index.js';
import { loadModel, writeBundle } from '../dist/src/node.js';
import { CASES, MODELS } from './conformance-cases.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = path.join(root, 'conformance/cases');
/** Calls that there are feeds for; longer loops take them again from the first on. */
const FED = 16;
const SIZES = { batch: 2, height: 4, width: 4 };

async function make(name, { description, model, uses, loop, change, loops }, scratch) {
  const source = path.join(scratch, 'source.onnx');
  saveModel(parseModel(MODELS[model]), source);
  let pipeline = Pipeline.create({ engine: false, ...loop });
  for (const [pass, options] of uses) pipeline = pipeline.use(passes[pass], options);
  const made = path.join(scratch, name);
  writeBundle(await pipeline.compile(loadModel(source)), made, { sourceFile: source });
  const into = path.join(folder, name);
  fs.mkdirSync(into, { recursive: true });
  const schedule = JSON.parse(fs.readFileSync(path.join(made, 'schedule.json'), 'utf8'));
  const files = [...Object.values(schedule.models), ...schedule.weights].map(({ file }) => file);
  for (const file of files) fs.copyFileSync(path.join(made, file), path.join(into, file));
  if (change) change(schedule);
  fs.writeFileSync(path.join(into, 'schedule.json'), `${JSON.stringify(schedule, null, 2)}\n`);
  fs.writeFileSync(
    path.join(into, 'case.json'),
    `${JSON.stringify({ format: 'stepfold.conformance', version: 1, description, loops }, null, 2)}\n`,
  );
  writeFeeds(schedule.source, path.join(into, 'feeds'));
}

/** Other values at each call, but for timesteps, which fall from step to step. */
function writeFeeds({ inputs, guidance, roles = {} }, into) {
  fs.mkdirSync(into);
  const perStep = guidance?.mode === 'two-calls' ? 2 : 1;
  inputs.forEach(({ name, shape }, i) => {
    const dims = shape.map((dim) => (typeof dim === 'number' ? dim : SIZES[dim]));
    const size = dims.reduce((product, dim) => product * dim, 1);
    const isTime = name === (roles.timestep ?? 't');
    const data = Float32Array.from({ length: FED * size }, (_, k) => {
      const call = Math.floor(k / size);
      if (isTime) return 1 - Math.floor(call / perStep) / FED;
      return Math.fround(Math.sin((k % size) * (0.7 + i) + 1.3 * call));
    });
    fs.writeFileSync(
      path.join(into, `${name}.npy`),
      writeNpy({ type: 'float32', data, dims: [FED, ...dims] }),
    );
  });
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-conformance-'));
fs.rmSync(folder, { recursive: true, force: true });
try {
  for (const [name, recipe] of Object.entries(CASES)) await make(name, recipe, scratch);
} finally {
  fs.rmSync(scratch, { recursive: true });
}
const made = Object.keys(CASES).map((name) => path.join(folder, name));
const reader = path.join(root, 'conformance/reader/reader.py');
execFileSync('python3', ['-B', reader, 'expect', ...made], { stdio: 'inherit' });
