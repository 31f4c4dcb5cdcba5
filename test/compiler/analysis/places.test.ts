/**
 * Which tokens of which attention are which places of the image. The oracle knows nothing of the analysis:
 * one place of the latent is changed, and onnxruntime says which tokens in front of the first attention
 * become others.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type Attention,
  findAttention,
  findPlaces,
  tokenGrid,
} from '../../../src/compiler/analysis/index.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { fillWeights } from '../../../src/evidence/fill/fill.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { fixInputShapes, type ShapeTable } from '../../../src/model/shape/index.js';
import { EXACT } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

async function analysed(model: Model) {
  const { shapes } = await canonicalize.run(model);
  const { found } = findAttention(model.graph, shapes);
  const places = findPlaces(model.graph, shapes);
  return { model, shapes, found: found.filter((a) => a.kind === 'self'), places };
}

const dims = (shapes: ShapeTable, model: Model, input: string) =>
  shapes.shape(model.graph.inputs.find((v) => v.name === input)!)!.map((d) => d.constant!);

/** Rows of q, along its axis of queries, that change with one element of an input. */
async function changedTokens(
  { model, shapes }: { model: Model; shapes: ShapeTable },
  attention: Attention,
  input: string,
  places: readonly (readonly number[])[],
): Promise<number[][]> {
  const { model: copy, map } = cloneModel(model);
  const q = map.values.get(attention.q.value)!;
  if (!q.isGraphOutput) copy.graph.addOutput(q);
  copy.graph.filterOutputs((v) => v === q);
  const file = path.join(scratch, 'operand.onnx');
  saveModel(copy, file);
  const session = await ort.InferenceSession.create(file, EXACT);
  const feeds = Object.fromEntries(
    model.graph.inputs.map((v) => {
      const sizes = dims(shapes, model, v.name);
      const count = sizes.reduce((a, b) => a * b, 1);
      return [
        v.name,
        shapes.dtype(v) === 'int64'
          ? new ort.Tensor('int64', new BigInt64Array(count).fill(1n), sizes)
          : new ort.Tensor(
              'float32',
              Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
              sizes,
            ),
      ];
    }),
  );
  const run = async () => (await session.run(feeds))[q.name]!;
  const before = await run();
  const behind = before.dims.slice(attention.queryAxis! + 1).reduce((a, b) => a * b, 1);
  const tokens = before.dims[attention.queryAxis!]!;
  const changed: number[][] = [];
  for (const place of places) {
    const latent = feeds[input]!;
    const sizes = latent.dims;
    const at = place.reduce((sum, x, axis) => sum * sizes[axis]! + x, 0);
    (latent.data as Float32Array)[at]! += 1;
    const after = await run();
    (latent.data as Float32Array)[at]! -= 1;
    const rows = new Set<number>();
    for (const [i, x] of (after.data as Float32Array).entries())
      if (x !== (before.data as Float32Array)[i]) rows.add(Math.floor(i / behind) % tokens);
    changed.push([...rows]);
  }
  await session.release();
  return changed;
}

/** So many numbers, as the text of a tensor. */
const numbers = (count: number) =>
  `{${Array.from({ length: count }, (_, i) => Math.cos(i).toFixed(3)).join()}}`;

interface Case {
  readonly name: string;
  readonly model: () => Model;
  readonly latent: string;
  /** Places of the latent to change, and the token that each must be. */
  readonly places: readonly (readonly [place: number[], token: number])[];
  readonly from: number;
  readonly sizes: readonly number[];
  readonly axes?: readonly number[];
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-places-'));
afterAll(() => fs.rmSync(scratch, { recursive: true }));

const sample = (file: string, shapes: Record<string, number[]>) => () => {
  const model = loadModel(file);
  fixInputShapes(model, shapes);
  return model;
};

/** A model of the corpus, which has no weights, with random ones. */
const filled = (name: string, shapes: Record<string, number[]>) => () => {
  const folder = path.join(scratch, name);
  fillWeights({ model: `samples/corpus/${name}.onnx`, folder });
  // weights are looked for beside a model
  fs.copyFileSync(path.join(folder, 'weights.bin'), path.join(scratch, 'weights.bin'));
  return sample(path.join(folder, `${name}.onnx`), shapes)();
};

/** Latents of 2 channels, 3 frames and 4x6 places; a layer for q, k, v over tokens of `merge`. */
const video = (tokens: string) => () =>
  modelOf(`video (float[1,2,3,4,6] x) => (float[1,18,4] y) <
    float[4,2,1,2,2] patch = ${numbers(32)}, float[4,4] wq = ${numbers(16)},
    float[4,4] wk = ${numbers(16)}, float[4,4] wv = ${numbers(16)}, float scale = {0.5},
    int64[3] flat = {1, 18, 4}
  > {
    patches = Conv <strides = [1, 2, 2]> (x, patch)
    ${tokens}
    q = MatMul (t, wq) k = MatMul (t, wk) v = MatMul (t, wv)
    kt = Transpose <perm = [0, 2, 1]> (k)
    s = MatMul (q, kt) scaled = Mul (s, scale)
    w = Softmax <axis = -1> (scaled)
    y = MatMul (w, v)
  }`);

const CASES: Case[] = [
  {
    name: 'patches of an image',
    model: sample('samples/dit-digits/dit-digits.onnx', {
      sample: [1, 1, 24, 24],
      timestep: [1],
      class_labels: [1],
    }),
    latent: 'sample',
    places: [
      [[0, 0, 0, 5], 2],
      [[0, 0, 7, 2], 3 * 12 + 1],
    ],
    from: 0,
    sizes: [12, 12],
  },
  {
    name: 'image before text',
    model: filled('mmdit-script2-17', {
      hidden_states: [1, 4, 8, 8],
      encoder_hidden_states: [1, 3, 24],
      pooled_projections: [1, 16],
      timestep: [1],
    }),
    latent: 'hidden_states',
    places: [[[0, 1, 2, 7], 4 + 3]],
    from: 0,
    sizes: [4, 4],
  },
  {
    name: 'text before image',
    model: filled('cogview-script2-17', {
      hidden_states: [1, 4, 8, 8],
      encoder_hidden_states: [1, 3, 24],
      timestep: [1],
    }),
    latent: 'hidden_states',
    places: [[[0, 3, 5, 0], 3 + 2 * 4]],
    from: 3,
    sizes: [4, 4],
  },
  {
    name: 'registers and text before image',
    model: filled('aura-script2-17', {
      hidden_states: [1, 4, 8, 8],
      encoder_hidden_states: [1, 3, 24],
      timestep: [1],
    }),
    latent: 'hidden_states',
    places: [[[0, 0, 6, 3], 5 + 3 * 4 + 1]],
    from: 5,
    sizes: [4, 4],
  },
  {
    name: 'frames, height and width',
    model: video(`n = Transpose <perm = [0, 2, 3, 4, 1]> (patches) t = Reshape (n, flat)`),
    latent: 'x',
    places: [[[0, 1, 2, 3, 4], 2 * 6 + 1 * 3 + 2]],
    from: 0,
    sizes: [3, 2, 3],
  },
  {
    name: 'frames, height and width, where width runs slowest',
    model: video(`n = Transpose <perm = [0, 4, 2, 3, 1]> (patches) t = Reshape (n, flat)`),
    latent: 'x',
    places: [[[0, 1, 2, 3, 4], 2 * 6 + 2 * 2 + 1]],
    from: 0,
    sizes: [3, 3, 2],
    axes: [2, 0, 1],
  },
];

describe.each(CASES)('$name', ({ model, latent, places, from, sizes, axes }) => {
  test('tokens are places of the latent', async () => {
    const graph = await analysed(model());
    const [first] = graph.found;
    const inOrder = sizes.map((_, i) => i);
    expect(tokenGrid(first!, graph.places)).toEqual({ from, sizes, axes: axes ?? inOrder });
    const given = places.map(([place]) => place);
    const changed = await changedTokens(graph, first!, latent, given);
    expect(changed).toEqual(places.map(([, token]) => [token]));
  });
});

test('sizes that are not known are asked for by their names', async () => {
  const { found, places } = await analysed(loadModel('samples/corpus/unet-script2-17.onnx'));
  expect(tokenGrid(found[0]!, places)).toMatchObject({
    reason: expect.stringMatching(
      /^it has .*height.* tokens, .*\(such as --freeze height=64 --freeze width=64\)$/,
    ),
  });
});
