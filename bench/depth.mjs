// Depth-skip at depth 9 on Stable Diffusion v1.5 with random weights: sizes before and after, and what
// `--weights prune` costs beside a plain copy of the same bytes: wall time and peak memory of whole
// processes, in turn, medians.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillWeights } from '../dist/src/evidence/fill/fill.js';
import { measureInTurn, measureProcess, ROUNDS } from './processes.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const NAME = 'sd15-unet';
const DEPTH = 9;
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-depth-'));
const size = (...parts) => fs.statSync(path.join(...parts)).size;

try {
  const { model } = fillWeights({
    model: path.join(root, `samples/architectures/${NAME}.onnx`),
    folder: path.join(scratch, 'model'),
  });
  const pass = ['--pass', `depth-skip:depth=${DEPTH}`, '--calls', '20'];
  const cli = path.join(root, 'dist/src/cli/main.js');
  const transform = (out, ...more) =>
    measureProcess([cli, 'transform', model, ...pass, '-o', out, ...more]);

  // one bundle that stays: what it weighs, and the bytes for the plain copy
  const pruned = path.join(scratch, 'pruned');
  transform(pruned, '--weights', 'prune');
  const { weights } = JSON.parse(fs.readFileSync(path.join(pruned, 'schedule.json'), 'utf8'));
  const [file] = fs.readdirSync(pruned).filter((entry) => entry.endsWith('.onnx'));
  const sizes = {
    before: { model: size(model), weights: size(path.dirname(model), 'weights.bin') },
    after: {
      model: size(pruned, file),
      weights: size(pruned, weights[0].file),
      used: weights[0].used,
    },
  };

  const bundle = (mode) => () => {
    const out = path.join(scratch, 'out');
    const result = transform(out, '--weights', mode);
    fs.rmSync(out, { recursive: true });
    return result;
  };
  const copy = () => {
    const to = path.join(scratch, 'copy.bin');
    const from = path.join(pruned, weights[0].file);
    const code = `fs.copyFileSync(${JSON.stringify(from)},${JSON.stringify(to)})`;
    const result = measureProcess(['-e', code]);
    fs.rmSync(to);
    return result;
  };
  const things = {
    'transform, weights pruned': bundle('prune'),
    'transform, weights linked': bundle('link'),
    'plain copy of the pruned weights': copy,
  };
  console.log(`${NAME}, depth ${DEPTH}`);
  for (const [when, { model: graph, weights: bytes }] of Object.entries(sizes))
    console.log(
      `${when.padEnd(8)}${graph.toLocaleString('en').padStart(14)} + ${bytes.toLocaleString('en').padStart(13)} bytes`,
    );
  const results = measureInTurn(things);
  const target = path.join(root, 'bench/results/depth.json');
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const content = { name: NAME, depth: DEPTH, rounds: ROUNDS, sizes, results };
  fs.writeFileSync(target, `${JSON.stringify(content, null, 2)}\n`);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
