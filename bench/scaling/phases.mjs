// One denoiser of a given size through everything the compiler does, each part by itself: CPU seconds of
// each, as JSON. A process of its own for each size, so that none has the memory of another.
import fs from 'node:fs';
import path from 'node:path';
import { analyzeUnet, findAttention, findBlocks, passes } from '../../dist/passes/index.js';
import { passesWith } from '../../dist/passes/table.js';
import { attentionTable, blockTable, branchTable } from '../../dist/src/compiler/analysis/index.js';
import { prepare } from '../../dist/src/compiler/pipeline/index.js';
import { buildProbe } from '../../dist/src/evidence/measure/reference/probe.js';
import { inferShapes, Pipeline } from '../../dist/src/index.js';
import { loadModel, saveModel, writeBundle } from '../../dist/src/node.js';
import { grow } from './graphs.mjs';

const [kind, nodes, scratch, ...left] = process.argv.slice(2);
const leftOut = new Set(left);
const seconds = {};
const results = {};

async function phase(name, act) {
  if (leftOut.has(name)) return;
  const before = process.cpuUsage();
  try {
    results[name] = await act();
  } catch (error) {
    // a stack that is not deep enough is what this is to find
    seconds[name] = { failed: String(error.message).slice(0, 200) };
    return;
  }
  const { user, system } = process.cpuUsage(before);
  seconds[name] = (user + system) / 1e6;
}

const PASSES = {
  unet: [
    ['deepcache', 'deepcache', { branch: 1, interval: 2 }],
    ['depth-skip', 'depth-skip', { branch: 1 }],
  ],
  transformer: [
    ['delta-cache', 'delta-cache', { blocks: 2, interval: 2 }],
    ['ditfastattn, split', 'ditfastattn', { strategy: 'reuse', interval: 2 }, 'split'],
    ['ditfastattn, merged', 'ditfastattn', { strategy: 'reuse', interval: 2 }, 'merged'],
  ],
};
const SIZES = { unet: { x: [1, 8, 8, 8], t: [1] }, transformer: { x: [1, 4, 8], t: [1] } };

const file = path.join(scratch, 'model.onnx');
const grown = grow(kind, Number(nodes));
await phase('save', () => saveModel(grown, file));
await phase('load', () => loadModel(file));
const model = results.load;
await phase('infer shapes', () => inferShapes(model));
await phase('canonicalize', () => prepare(model));
const { canonical, shapes, bindings } = results.canonicalize;
await phase('inspect', () => {
  const unet = analyzeUnet(canonical.graph, shapes);
  const table = branchTable(canonical.graph, shapes, unet.isUnet ? unet.joins : [], bindings);
  const attention = findAttention(canonical.graph, shapes);
  attentionTable(attention, shapes, bindings, table.fullMacs);
  const blocks = findBlocks(canonical.graph, shapes, attention.found);
  blockTable(canonical.graph, blocks, shapes, bindings, table.fullMacs);
});
for (const [name, pass, options, emit] of PASSES[kind]) {
  // bringing the model to canonical form is a part of it
  await phase(`${name}: compile`, () =>
    Pipeline.create({ calls: 4, emit }).use(passes[pass], options).compile(model),
  );
  const compiled = results[`${name}: compile`];
  if (!compiled) continue;
  const bundle = path.join(scratch, 'bundle');
  await phase(`${name}: write`, () => writeBundle(compiled, bundle, { sourceFile: file }));
  const schedule = results[`${name}: write`];
  if (schedule)
    await phase(`${name}: verify's reference`, () =>
      buildProbe(model, schedule, passesWith().strategies, SIZES[kind]),
    );
  fs.rmSync(bundle, { recursive: true, force: true });
}
console.log(
  JSON.stringify({
    nodes: model.graph.nodes.size,
    seconds,
    megabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
