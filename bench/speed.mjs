// DeepCache on published architectures with random weights: measured speed-up beside the MAC ratio.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deepcache } from '../dist/passes/index.js';
import { fillWeights } from '../dist/src/evidence/fill/fill.js';
import { Pipeline } from '../dist/src/index.js';
import { benchBundle, loadModel, verifyBundle, writeBundle } from '../dist/src/node.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** The branch that the paper uses on each, batch 1, and the paper's size. */
const CASES = {
  'ddpm-cifar10': { branch: 3, calls: 100, shapes: { x: [1, 3, 32, 32], t: [1] } },
  'ddpm-lsun256': { branch: 3, calls: 100, shapes: { x: [1, 3, 256, 256], t: [1] } },
  'ldm4-imagenet': {
    branch: 1,
    calls: 250,
    shapes: { x: [1, 3, 64, 64], timesteps: [1], context: [1, 1, 512] },
  },
  'sd15-unet': {
    branch: 2,
    calls: 50,
    shapes: { sample: [1, 4, 64, 64], encoder_hidden_states: [1, 77, 768] },
  },
};
const INTERVAL = 5;

const chosen = process.argv.slice(2);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-bench-'));
const results = [];
try {
  for (const name of chosen.length > 0 ? chosen : ['ddpm-cifar10']) {
    const { branch, calls, shapes } = CASES[name];
    const filled = path.join(scratch, name);
    const { model } = fillWeights({
      model: path.join(root, `samples/architectures/${name}.onnx`),
      folder: filled,
    });
    const folder = path.join(scratch, `${name}-bundle`);
    // sizes stay symbolic in the models, as they are exported; the figures hold for the paper's
    const sizes = Object.fromEntries(
      loadModel(model).graph.inputs.flatMap((input) =>
        (input.type.shape ?? []).flatMap((dim, axis) =>
          typeof dim === 'string' ? [[dim, shapes[input.name][axis]]] : [],
        ),
      ),
    );
    const compilation = await Pipeline.create({ calls, sizes })
      .use(deepcache, { branch, interval: INTERVAL })
      .compile(loadModel(model));
    writeBundle(compilation, folder, { sourceFile: model });
    const proof = await verifyBundle({ folder, model, shapes, levels: ['disabled'] });
    const report = await benchBundle({ folder, model, shapes, rounds: 9 });
    results.push({ name, branch, interval: INTERVAL, verified: proof.passed, ...report });
    const { programs, loop, source } = report;
    console.log(
      `${name}: branch ${branch}, N = ${INTERVAL}, verified ${proof.passed}; full ${source.milliseconds.toFixed(1)} ms, ` +
        `shallow ${programs.shallow.milliseconds.toFixed(1)} ms (${programs.shallow.speedup.toFixed(2)}x, ` +
        `MACs ${programs.shallow.macRatio.layers.toFixed(2)}x in layers, ${programs.shallow.macRatio.all.toFixed(2)}x with attention); ` +
        `loop ${loop.speedup.toFixed(2)}x, MACs ${loop.macRatio.layers.toFixed(2)}x and ${loop.macRatio.all.toFixed(2)}x`,
    );
    fs.rmSync(filled, { recursive: true });
    fs.rmSync(folder, { recursive: true });
  }
  const file = path.join(root, 'bench/results/speed.json');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(
    file,
    `${JSON.stringify({ cores: os.cpus().length, node: process.version, results }, null, 2)}\n`,
  );
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
