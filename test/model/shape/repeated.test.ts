/** Inference of one model again and again: what it says is what an inference that remembers nothing says. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import type { Model } from '../../../src/model/ir/model.js';
import type { Value } from '../../../src/model/ir/value.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import {
  type InferOptions,
  inferShapes,
  repeatedInference,
  type ShapeTable,
} from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';

const everyValue = (graph: Graph): Value[] => [
  ...graph.values(),
  ...[...graph.nodes].flatMap((node) => subgraphs(node).flatMap(everyValue)),
];

const said = (model: Model, table: ShapeTable) => [
  everyValue(model.graph).map((value) => [
    value.name,
    table.dtype(value),
    table.stated(value),
    table.contents(value)?.join(),
    table.whyUnknown(value),
    table.whyNoTensor(value),
  ]),
  table.equalities.map(({ kept, other, node, kind }) => `${node.label} ${kept} ${other} ${kind}`),
];

function holdAgainstFresh(model: Model, runs: readonly InferOptions[]): void {
  const infer = repeatedInference(model);
  for (const options of [...runs, ...runs])
    expect(said(model, infer(options))).toEqual(said(model, inferShapes(model, options)));
}

const BRANCHES =
  modelOf(`g (float[batch, 4] x, float[a, b] p, float[b, a] q, int64 choice, int64[2] sizes, int64[2, s] i) => (y, z, w, k, u, r, v)
  <int64 first = {0}, int64[2, 7] r, int64[2, 7] v, float[batch, 3] d> {
    taken = Equal (choice, first)
    c = If (taken) <
      then_branch = yes () => (m) { n = Neg (x)  m = Concat <axis = 0> (n, x) },
      else_branch = no () => (o) { o = Exp (x) }>
    y = Neg (c)
    z = Add (p, q)
    w = Reshape (x, sizes)
    found = NonZero (y)
    k = Neg (found)
    r = Identity (found)
    v = Identity (i)
    t = Twist (y)
    d = Twist (sizes)
    u = Neg (d)
  }`);

test('with the branch that is taken, sizes and elements that are given, and sizes that are made up', () => {
  holdAgainstFresh(BRANCHES, [
    {},
    { contents: { choice: [0], sizes: [2, 'batch*2'] } },
    { contents: { choice: [1], sizes: [4, -1] } },
    { contents: { choice: [0] }, inputs: { x: [3, 4] } },
    // as an inference calls what it makes up
    { inputs: { i: [2, 'found_dim_1'] } },
    { contents: { choice: [0] }, inputs: { p: [5, 1], q: [1, 5] } },
  ]);
});

test('under bindings as well, each kept apart', () => {
  const two = new Map([['batch', 2]]);
  const three = new Map([['batch', 3]]);
  holdAgainstFresh(BRANCHES, [{ bindings: two }, {}, { bindings: three }]);
});

test('of a model whose sizes are open', () => {
  const model = loadModel(path.resolve('samples/corpus/unet-script1-13.onnx'));
  holdAgainstFresh(model, [{}, { bindings: new Map([['height', 16]]) }]);
});
