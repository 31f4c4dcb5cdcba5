// What forecasts keep on published architectures: bytes of the history beside those of the weights, and MACs of each kind of
// call beside the source's, for a guidance pair of one image. Only compiles, so that no weights are needed.
//
//   node bench/history.mjs [architecture …]
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deepcache, deltaCache, ditfastattn, forecast } from '../dist/passes/index.js';
import { makeSchedule } from '../dist/src/compiler/emit/schedule.js';
import { Pipeline } from '../dist/src/index.js';
import { loadModel } from '../dist/src/node.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const pair = { batch: 2, batch_size: 2 };
/** Latents of an image of the size that the model was trained for; blocks that Δ-DiT stands for. */
const CASES = {
  'sd15-unet': { sizes: { ...pair, height: 64, width: 64, sequence: 77 }, unet: true },
  'sdxl-unet': { sizes: { ...pair, height: 128, width: 128, sequence: 77 }, unet: true },
  'dit-xl-2-512': { sizes: pair, blocks: 14 },
  'sd3-medium': { sizes: { ...pair, sequence_length: 333 }, blocks: 12 },
};
const CALLS = 50;
const INTERVAL = 3;
const chosen = process.argv.slice(2);
const results = [];

const methodsOf = ({ unet, blocks }) => [
  ['forecast', forecast, { 'full-calls': 17 }],
  ...(unet
    ? [['deepcache, branch 2', deepcache, { branch: 2, interval: INTERVAL }]]
    : [
        [`delta-cache, ${blocks} blocks`, deltaCache, { blocks, interval: INTERVAL }],
        ['ditfastattn, reuse', ditfastattn, { strategy: 'reuse', interval: INTERVAL }],
      ]),
];

for (const name of chosen.length > 0 ? chosen : Object.keys(CASES)) {
  const model = loadModel(path.join(root, `samples/architectures/${name}.onnx`));
  const { sizes } = CASES[name];
  const known = new Set(
    model.graph.inputs.flatMap(({ type }) =>
      (type.shape ?? []).filter((d) => typeof d === 'string'),
    ),
  );
  for (const [title, pass, options] of methodsOf(CASES[name]))
    for (const order of [0, 1, 2]) {
      const compilation = await Pipeline.create({
        calls: CALLS,
        guidance: { order: 'cond-first', mode: 'batch' },
        sizes: Object.fromEntries(Object.entries(sizes).filter(([symbol]) => known.has(symbol))),
        engine: false,
      })
        .use(pass, { ...options, order })
        .compile(model);
      const { cost, states } = makeSchedule(compilation, {
        sourceFile: `${name}.onnx`,
        sourceHash: '0'.repeat(64),
        models: {},
        weights: [],
      });
      const parameters = [...compilation.canonical.graph.initializers].reduce(
        (sum, { initializer }) => sum + initializer.dims.reduce((n, d) => n * d, 1),
        0,
      );
      const { source, programs, perCall } = cost.macs.convention.all;
      const least = Math.min(...Object.values(programs));
      const row = {
        name,
        method: title,
        order,
        states: Object.keys(states).length,
        stateBytes: cost.stateBytes,
        weightBytes: 4 * parameters,
        cheapestCall: least / source,
        loop: source / perCall,
      };
      results.push(row);
      console.log(
        `${name.padEnd(14)} ${title.padEnd(24)} order ${order}: ${String(row.states).padStart(3)} states, ${(row.stateBytes / 2 ** 20).toFixed(1)} MiB beside ${(row.weightBytes / 2 ** 20).toFixed(0)} MiB of weights; ` +
          `cheapest call ${(100 * row.cheapestCall).toFixed(1)} % of the MACs, loop ${row.loop.toFixed(2)}x`,
      );
    }
}
fs.writeFileSync(
  path.join(root, 'bench/results/history.json'),
  `${JSON.stringify(results, null, 1)}\n`,
);
