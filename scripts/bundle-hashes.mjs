// What every pass writes of every file of samples/, as hashes: a change of the code that should change no
// bundle is held to it.
//
//   node scripts/bundle-hashes.mjs > before.json
//   …
//   node scripts/bundle-hashes.mjs --against before.json
//
// Uses what is built in dist.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  deepcache,
  deltaCache,
  depthSkip,
  ditfastattn,
  loopInvariant,
} from '../dist/passes/index.js';
import { Pipeline, StepfoldError } from '../dist/src/index.js';
import { loadModel, writeBundle } from '../dist/src/node.js';
import { everyStrategy, filled } from './sample-models.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { against: { type: 'string' } },
});
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-hashes-'));

const CALLS = 6;
const GUIDANCE = { order: 'uncond-first', mode: 'batch' };
const PASSES = {
  deepcache: [deepcache, { branch: 1, interval: 3 }],
  'deepcache, deep': [deepcache, { branch: 3, interval: 2 }],
  ditfastattn: [ditfastattn, { window: '1/4' }],
  'delta-cache': [deltaCache, { blocks: 1, interval: 2 }],
  'depth-skip': [depthSkip, { branch: 2 }],
  'loop-invariant': [loopInvariant, {}],
};
const FORMS = ['split', 'merged', 'chain'];

/** What tells one copy of a weights file from another. */
const OF_A_COPY = new Set(['modified', 'inode']);

function hashOf(file) {
  const bytes = fs.readFileSync(file);
  const content = file.endsWith('.json')
    ? JSON.stringify(JSON.parse(bytes), (key, value) => (OF_A_COPY.has(key) ? undefined : value))
    : bytes;
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

async function bundle(model, source, pass, emit, loop) {
  const folder = path.join(scratch, 'bundle');
  fs.rmSync(folder, { recursive: true, force: true });
  try {
    const compilation = await Pipeline.create({ ...loop, emit })
      .use(...PASSES[pass])
      .compile(model);
    writeBundle(compilation, folder, { sourceFile: source });
  } catch (error) {
    if (error instanceof StepfoldError) return error.code;
    throw error;
  }
  const files = fs.readdirSync(folder, { recursive: true }).map((f) => path.join(folder, f));
  return Object.fromEntries(
    files
      .filter((f) => fs.statSync(f).isFile() && !/\.(bin|pb|data)$/.test(f))
      .map((f) => [path.relative(folder, f), hashOf(f)])
      .sort(),
  );
}

const corpus = fs
  .readdirSync(path.join(root, 'samples/corpus'))
  .filter((file) => file.endsWith('.onnx'))
  .map((file) => `samples/corpus/${file}`);
const samples = ['samples/digits/digits-unet.onnx', 'samples/dit-digits/dit-digits.onnx'];
const hashes = {};
try {
  for (const name of positionals.length > 0 ? positionals : [...samples, ...corpus]) {
    const folder = path.join(scratch, path.basename(name, '.onnx'));
    const source = filled(path.join(root, name), folder);
    const model = loadModel(source);
    const how = { calls: CALLS, guidance: GUIDANCE };
    const plan = await everyStrategy(model, { ...how, window: '1/4' }).catch(() => undefined);
    for (const pass of Object.keys(PASSES))
      for (const form of FORMS) {
        const loop = pass === 'ditfastattn' && plan ? { ...how, plan } : { calls: CALLS };
        hashes[`${name}, ${pass}, ${form}`] = await bundle(model, source, pass, form, loop);
      }
    fs.rmSync(folder, { recursive: true, force: true });
  }
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}

if (options.against === undefined) console.log(JSON.stringify(hashes, null, 1));
else {
  const before = JSON.parse(fs.readFileSync(options.against, 'utf8'));
  const differ = Object.keys(hashes).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(hashes[key]),
  );
  for (const key of differ) console.log(`differs: ${key}`);
  console.log(`${Object.keys(hashes).length} bundles, ${differ.length} differ`);
  process.exitCode = differ.length > 0 ? 1 : 0;
}
