// Attention to a band of keys alone, beside the whole matrix: as exported, masked, and as onnxruntime's
// own operator. Heads and layout are DiT-XL/2's, two images (a guidance pair), two threads.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { bandedAttention, bandedMacs, bandScores } from '../dist/passes/ditfastattn/band/index.js';
import { encodeModel, parseModel } from '../dist/src/index.js';
import { sortNodes } from '../dist/src/model/ir/index.js';
import { int64Tensor } from '../dist/src/model/ir/tensor.js';
import { constant, symbol } from '../dist/src/model/shape/index.js';

const IMAGES = 2;
const HEADS = 16;
const SIZE = 72;
const WIDTH = HEADS * SIZE;
const CASES = [
  { tokens: 1024, window: 128 },
  { tokens: 4096, window: 128 },
  { tokens: 4096, window: 512 },
];
const TURNS = 7;
const SESSION = { intraOpNumThreads: 2, interOpNumThreads: 1, logSeverityLevel: 3 };

const HEADER = '<ir_version: 8, opset_import: ["": 17, "com.microsoft": 1]>';
// one token is what timed runs fetch: handing 38 MB to JavaScript takes 20 ms more
const CONSTANTS = 'int64[1] zero = {0}, int64[1] one = {1}';
const ONE_TOKEN = 'token = Slice (y, zero, one, one)';
const outputs = (tokens) =>
  `float[${IMAGES},${tokens},${WIDTH}] y, float[${IMAGES},1,${WIDTH}] token`;
const frame = (tokens) => `${HEADER}
attention (float[${IMAGES},${tokens},${WIDTH}] q, float[${IMAGES},${tokens},${WIDTH}] k, float[${IMAGES},${tokens},${WIDTH}] v)
  => (${outputs(tokens)})
<${CONSTANTS}, int64[4] heads = {0, 0, ${HEADS}, ${SIZE}}, int64[3] joined = {0, 0, ${WIDTH}}, float scale = {${SIZE ** -0.5}}> {
  q4 = Reshape (q, heads)
  k4 = Reshape (k, heads)
  v4 = Reshape (v, heads)
  query = Transpose <perm = [0, 2, 1, 3]> (q4)
  key = Transpose <perm = [0, 2, 3, 1]> (k4)
  value = Transpose <perm = [0, 2, 1, 3]> (v4)
  back = Transpose <perm = [0, 2, 1, 3]> (query)
  y = Reshape (back, joined)
  ${ONE_TOKEN}
}`;

/** The frame of a module around what `build` makes of its operands. */
function withCore(tokens, build) {
  const model = parseModel(frame(tokens));
  const { graph } = model;
  const add = (opType, inputs, attributes = {}) =>
    graph.addNode({ opType, inputs, attributes }).output;
  const [query, key, value, scale] = ['query', 'key', 'value', 'scale'].map((n) => graph.find(n));
  const back = graph.find('back').producer;
  const scaled = (scores) => add('Mul', [scores, scale]);
  back.setInput(0, build({ graph, add, query, key, value, scaled }));
  sortNodes(graph);
  return encodeModel(model);
}

const LAST = { axis: { type: 'int', value: -1n } };
const whole =
  (masked) =>
  ({ graph, add, query, key, value, scaled }) => {
    const scores = masked(scaled(add('MatMul', [query, key])), graph, add);
    return add('MatMul', [add('Softmax', [scores], LAST), value]);
  };

function denseMask(tokens, window) {
  const at = (i) => (Math.abs(Math.floor(i / tokens) - (i % tokens)) <= window ? 0 : -3e38);
  const values = Float32Array.from({ length: tokens * tokens }, (_, i) => at(i));
  const data = { kind: 'bytes', bytes: new Uint8Array(values.buffer) };
  return { dtype: 'float32', dims: [tokens, tokens], data };
}

const banded =
  (tokens, window) =>
  ({ graph, query, key, value, scaled }) =>
    bandedAttention(
      {
        graph,
        value: (v) => v,
        state: () => undefined,
        add: (spec) => graph.addNode(spec).output,
        constant: (name, values) => graph.addInitializer(name, int64Tensor(values)),
      },
      {
        q: query,
        k: key,
        v: value,
        rank: 4,
        tokens,
        dtype: 'float32',
        scale: (_, scores) => scaled(scores),
        weights: (_, probabilities) => probabilities,
      },
      { tokens: window },
    );

const FORMS = {
  exported: ({ tokens }) =>
    withCore(
      tokens,
      whole((scores) => scores),
    ),
  masked: ({ tokens, window }) =>
    withCore(
      tokens,
      whole((scores, graph, add) =>
        add('Add', [scores, graph.addInitializer('mask', denseMask(tokens, window))]),
      ),
    ),
  MultiHeadAttention: ({ tokens }) =>
    encodeModel(
      parseModel(`${HEADER}
attention (float[${IMAGES},${tokens},${WIDTH}] q, float[${IMAGES},${tokens},${WIDTH}] k, float[${IMAGES},${tokens},${WIDTH}] v)
  => (${outputs(tokens)}) <${CONSTANTS}> {
  y = com.microsoft.MultiHeadAttention <num_heads = ${HEADS}, scale = ${SIZE ** -0.5}> (q, k, v)
  ${ONE_TOKEN}
}`),
    ),
  banded: ({ tokens, window }) => withCore(tokens, banded(constant(tokens), window)),
  bandedFreeTokens: ({ window }) => withCore('tokens', banded(symbol('tokens'), window)),
};

function feedsOf(tokens) {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 3;
  };
  const dims = [IMAGES, tokens, WIDTH];
  const tensor = () =>
    new ort.Tensor('float32', Float32Array.from({ length: IMAGES * tokens * WIDTH }, draw), dims);
  return { q: tensor(), k: tensor(), v: tensor() };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const results = [];
for (const { tokens, window } of CASES) {
  const feeds = feedsOf(tokens);
  const forms = [];
  for (const [name, make] of Object.entries(FORMS)) {
    const session = await ort.InferenceSession.create(make({ tokens, window }), SESSION);
    forms.push({ name, session, times: [], y: (await session.run(feeds, ['y'])).y.data });
  }
  for (let turn = 0; turn < TURNS; turn++)
    for (const { session, times } of forms) {
      // the first run of a turn wakes the threads
      await session.run(feeds, ['token']);
      const start = performance.now();
      await session.run(feeds, ['token']);
      times.push(performance.now() - start);
    }
  const milliseconds = Object.fromEntries(forms.map(({ name, times }) => [name, median(times)]));
  const y = Object.fromEntries(forms.map((form) => [form.name, form.y]));
  const difference = (name) =>
    y[name].reduce((d, x, i) => Math.max(d, Math.abs(x - y.masked[i])), 0);
  const macs = 2 * SIZE * IMAGES * HEADS;
  results.push({
    tokens,
    window,
    milliseconds,
    differenceFromMasked: Math.max(difference('banded'), difference('bandedFreeTokens')),
    macRatio: {
      band: tokens ** 2 / bandScores(tokens, window),
      emitted:
        (macs * tokens ** 2) /
        bandedMacs({ tokens, size: SIZE, lead: IMAGES * HEADS, window: { tokens: window } }),
    },
  });
  for (const { session } of forms) await session.release();
  const shown = Object.entries(milliseconds).map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`);
  console.log(`${tokens} tokens, ±${window}: ${shown.join(', ')}`);
}
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const file = path.join(root, 'bench/results/window.json');
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(
  file,
  `${JSON.stringify({ cores: os.cpus().length, node: process.version, results }, null, 2)}\n`,
);
