// The plan search on the digits transformer: plain greedy against the search by segments, which must
// find the same plan. Evaluations, and seconds in turn.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ditfastattn } from '../dist/passes/index.js';
import { planToJson } from '../dist/src/index.js';
import { calibrate, loadModel } from '../dist/src/node.js';
import { median } from '../scripts/demo/common.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const MODEL = path.join(root, 'samples/dit-digits/dit-digits.onnx');
const SETTINGS = { calls: 20, samples: 4 };
const THRESHOLDS = ['D2', 'D4', 'D6'];
const TURNS = 3;

const results = [];
for (const threshold of THRESHOLDS) {
  const searches = { plain: { seconds: [] }, segments: { seconds: [] } };
  for (let turn = 0; turn < TURNS; turn++)
    for (const [search, entry] of Object.entries(searches)) {
      const start = performance.now();
      const found = await calibrate(loadModel(MODEL), {
        pass: ditfastattn,
        options: { threshold },
        ...SETTINGS,
        search,
        sampler: { name: 'ddim', clip: 1 },
        guidance: { order: 'cond-first', mode: 'batch', scale: 2 },
      });
      entry.seconds.push((performance.now() - start) / 1000);
      entry.evaluations = found.evaluations.done;
      entry.plan = JSON.stringify(planToJson(found.plan));
    }
  const { plain, segments } = searches;
  const result = {
    threshold,
    samePlan: plain.plan === segments.plan,
    plain: { evaluations: plain.evaluations, seconds: median(plain.seconds) },
    segments: { evaluations: segments.evaluations, seconds: median(segments.seconds) },
  };
  results.push(result);
  const text = ({ evaluations, seconds }) =>
    `${evaluations.toFixed(1)} evaluations, ${seconds.toFixed(1)} s`;
  console.log(
    `${threshold}: plain ${text(result.plain)}; segments ${text(result.segments)}; ` +
      `${(result.plain.seconds / result.segments.seconds).toFixed(2)}x; same plan: ${result.samePlan}`,
  );
}
fs.writeFileSync(
  path.join(root, 'bench/results/search.json'),
  `${JSON.stringify({ cores: os.cpus().length, node: process.version, ...SETTINGS, results }, null, 2)}\n`,
);
