// Attention to neighbours on a grid alone, in tiles, beside the whole matrix as exported and masked, and a
// band of as many keys; two images (a guidance pair), eight heads of 64. Processor time of one thread, so that
// what else the machine does counts little.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { bandedAttention, bandedMacs } from '../dist/passes/ditfastattn/band/index.js';
import { encodeModel, parseModel } from '../dist/src/index.js';
import { sortNodes } from '../dist/src/model/ir/index.js';
import { int64Tensor } from '../dist/src/model/ir/tensor.js';
import { constant } from '../dist/src/model/shape/index.js';

const LEAD = [2, 8];
const SIZE = 64;
const CASES = [
  { sizes: [64, 64], extents: [16, 16], text: 0 },
  { sizes: [32, 32], extents: [8, 8], text: 0 },
  { sizes: [32, 32], extents: [8, 8], text: 77 },
  { sizes: [8, 16, 16], extents: [4, 8, 8], text: 77 },
];
const TURNS = 3;
const SESSION = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };
const product = (numbers) => numbers.reduce((a, b) => a * b, 1);

function model(tokens, build) {
  const dims = [...LEAD, tokens, SIZE].join();
  const keys = [...LEAD, SIZE, tokens].join();
  // one token is what timed runs fetch
  const made = parseModel(`<ir_version: 8, opset_import: ["": 17]>
attention (float[${dims}] q, float[${keys}] k, float[${dims}] v) => (float[${dims}] y, float[${[...LEAD, 1, SIZE].join()}] token)
<float scale = {${SIZE ** -0.5}}, int64[1] zero = {0}, int64[1] one = {1}, int64[1] axis = {2}> {
  y = Identity (q)
  token = Slice (y, zero, one, axis)
}`);
  const { graph } = made;
  const add = (opType, inputs, attributes = {}) =>
    graph.addNode({ opType, inputs, attributes }).output;
  const [q, k, v, scale, y] = ['q', 'k', 'v', 'scale', 'y'].map((name) => graph.find(name));
  y.producer.setInput(0, build({ graph, add, q, k, v, scaled: (s) => add('Mul', [s, scale]) }));
  sortNodes(graph);
  return encodeModel(made);
}

const LAST = { axis: { type: 'int', value: -1n } };
const whole = (masked) =>
  function build({ graph, add, q, k, v, scaled }) {
    const scores = masked(scaled(add('MatMul', [q, k])), graph, add);
    return add('MatMul', [add('Softmax', [scores], LAST), v]);
  };

const within = (tokens, window) =>
  function build({ graph, q, k, v, scaled }) {
    const b = {
      graph,
      value: (x) => x,
      state: () => undefined,
      add: (spec) => graph.addNode(spec).output,
      constant: (name, values) => graph.addInitializer(name, int64Tensor(values)),
    };
    const rest = { rank: 4, tokens: constant(tokens), dtype: 'float32' };
    const operands = { q, k, v, ...rest, scale: (_, s) => scaled(s), weights: (_, w) => w };
    return bandedAttention(b, operands, window);
  };

/** 0 where the definition lets a query see a key. */
function maskOf(tokens, { from, sizes, extents }) {
  const places = Array.from({ length: product(sizes) }, (_, at) => {
    const place = [];
    for (const size of sizes.toReversed()) {
      place.unshift(at % size);
      at = Math.floor(at / size);
    }
    return place;
  });
  const values = new Float32Array(tokens * tokens);
  for (const [i, a] of places.entries())
    for (const [j, b] of places.entries())
      if (a.some((x, axis) => 2 * Math.abs(x - b[axis]) > extents[axis]))
        values[(from + i) * tokens + from + j] = -3e38;
  const data = { kind: 'bytes', bytes: new Uint8Array(values.buffer) };
  return { dtype: 'float32', dims: [tokens, tokens], data };
}

function feedsOf(tokens) {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 3;
  };
  const tensor = (...dims) =>
    new ort.Tensor('float32', Float32Array.from({ length: product(LEAD) * tokens * SIZE }, draw), [
      ...LEAD,
      ...dims,
    ]);
  return { q: tensor(tokens, SIZE), k: tensor(SIZE, tokens), v: tensor(tokens, SIZE) };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const results = [];
for (const { sizes, extents, text } of CASES) {
  const tokens = text + product(sizes);
  const grid = { from: text, sizes, extents };
  const seen = product(extents.map((extent) => 2 * Math.floor(extent / 2) + 1));
  const band = { tokens: seen >> 1 };
  const mask = maskOf(tokens, grid);
  const made = {
    exported: whole((scores) => scores),
    masked: whole((scores, graph, add) => add('Add', [scores, graph.addInitializer('mask', mask)])),
    band: within(tokens, band),
    tiles: within(tokens, { grid }),
  };
  const feeds = feedsOf(tokens);
  const forms = [];
  for (const [name, build] of Object.entries(made)) {
    const session = await ort.InferenceSession.create(model(tokens, build), SESSION);
    const y = ['masked', 'tiles'].includes(name) ? (await session.run(feeds, ['y'])).y.data : [];
    forms.push({ name, session, times: [], y });
  }
  for (let turn = 0; turn < TURNS; turn++)
    for (const { session, times } of forms) {
      const start = process.cpuUsage();
      await session.run(feeds, ['token']);
      times.push(process.cpuUsage(start).user / 1000);
    }
  const milliseconds = Object.fromEntries(forms.map(({ name, times }) => [name, median(times)]));
  const [masked, tiles] = ['masked', 'tiles'].map((name) => forms.find((f) => f.name === name).y);
  const difference = tiles.reduce((most, x, i) => Math.max(most, Math.abs(x - masked[i])), 0);
  const all = 2 * SIZE * product(LEAD) * tokens ** 2;
  const macs = (window) => all / bandedMacs({ tokens, size: SIZE, lead: product(LEAD), window });
  const timesFaster = Object.fromEntries(
    forms.map(({ name }) => [name, milliseconds.exported / milliseconds[name]]),
  );
  const macRatio = { band: macs(band), tiles: macs({ grid }) };
  results.push({ sizes, extents, text, milliseconds, timesFaster, macRatio, difference });
  for (const { session } of forms) await session.release();
  const shown = forms.map(({ name }) => `${name} ${milliseconds[name].toFixed(1)} ms`);
  console.log(`${sizes.join('x')}, ${extents.join('x')}, ${text} beside: ${shown.join(', ')}`);
  console.log(`  fewer MACs: ${JSON.stringify(macRatio)}, off by ${difference}`);
}
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const file = path.join(root, 'bench/results/neighbourhood.json');
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(
  file,
  `${JSON.stringify({ cores: os.cpus().length, node: process.version, results }, null, 2)}\n`,
);
