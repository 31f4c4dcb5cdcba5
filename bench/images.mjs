// What images in flight cost in memory: processes that hold 1 to 8 images of one bundle, over one session, or over a
// session of each, after each has made 3 calls. Nothing else runs in them (bench/resident.mjs).
// node bench/images.mjs
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deepcache } from '../dist/passes/index.js';
import { fillWeights } from '../dist/src/evidence/fill/fill.js';
import { Pipeline } from '../dist/src/index.js';
import { loadModel, writeBundle } from '../dist/src/node.js';

const COUNTS = [1, 2, 4, 8];
const CALLS = 3;
const SHAPES = { x: [1, 3, 32, 32], t: [1] };
const WAYS = {
  'images of one session': {},
  'images of one session, in a worker': { worker: true },
  'a session for each': { sessions: true },
};

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-images-'));
const mega = (bytes) => bytes / 2 ** 20;

try {
  const { model } = fillWeights({
    model: path.join(root, 'samples/architectures/ddpm-cifar10.onnx'),
    folder: path.join(scratch, 'filled'),
  });
  const results = {};
  for (const emit of ['split', 'merged']) {
    const folder = path.join(scratch, emit);
    const compilation = await Pipeline.create({ calls: 10, emit })
      .use(deepcache, { branch: 3, interval: 5 })
      .compile(loadModel(model));
    const { weights, states } = writeBundle(compilation, folder, { sourceFile: model });
    const bytes = weights.reduce((sum, file) => sum + file.bytes, 0);
    console.log(
      `${emit}: ${mega(bytes).toFixed(0)} MiB of weights, ${Object.keys(states).length} states`,
    );
    for (const [way, task] of Object.entries(WAYS)) {
      const rows = COUNTS.map((images) => {
        const settings = {
          folder,
          schedule: path.join(folder, 'schedule.json'),
          calls: CALLS,
          sessionOptions: { logSeverityLevel: 4 },
          shapes: SHAPES,
          images,
          ...task,
        };
        const json = execFileSync(process.execPath, [
          path.join(root, 'bench/resident.mjs'),
          JSON.stringify(settings),
        ]).toString();
        return { images, ...JSON.parse(json) };
      });
      const line = rows.map((row) =>
        `${mega(row.private + row.mapped).toFixed(0)} MiB`.padStart(10),
      );
      console.log(`  ${way.padEnd(36)}${line.join('')}`);
      results[emit] = { ...results[emit], [way]: rows };
    }
  }
  const file = path.join(root, 'bench/results/images.json');
  const machine = { cores: os.cpus().length, node: process.version };
  fs.writeFileSync(file, `${JSON.stringify({ ...machine, counts: COUNTS, results }, null, 2)}\n`);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
