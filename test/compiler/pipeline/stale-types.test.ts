/**
 * Models whose declarations are older than their inputs: any batch and size come in, and everything behind
 * is declared with the sizes it once had. Every form computes what onnxruntime computes of the source
 * without any such declaration, at other sizes than those.
 */
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import type { Model } from '../../../src/model/ir/model.js';
import { type Dim, tensorType } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';
import { decodeModel } from '../../../src/model/onnx/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { EMITS, EXACT, encodeSorted, openSession, ort } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

/** The same with an If and a Loop on the way up, in each a Resize, whose buffer is planned by its type. */
const WITH_GRAPHS = TINY_UNET.replace(
  '[up2] r2 = Resize <mode = "nearest"> (d3, , twice)',
  `one = Constant <value = int64 {1}> ()
   some = ReduceMax <keepdims = 0> (d3)
   none = Constant <value = float {0}> ()
   positive = Greater (some, none)
   r0 = If (positive) <
     then_branch = yes () => (float[batch,2,h,w] ty) {
       tx = Resize <mode = "nearest"> (d3, , twice)
       ty = Relu (tx)
     },
     else_branch = no () => (float[batch,2,h,w] ey) {
       ex = Resize <mode = "linear"> (d3, , twice)
       ey = Relu (ex)
     }>
   go = Constant <value = bool {1}> ()
   r2 = Loop (one, go, r0) <
     body = round (int64 i, bool c, float[batch,2,h,w] a) => (bool d, float[batch,2,h,w] b) {
       d = Identity (c)
       na = Neg (a)
       b = Abs (na)
     }>`,
);

const STALE = { batch: 1, height: 16, width: 12 };

/** Declares every value but the inputs as `declare` says. */
function declareAll(
  graph: Graph,
  declare: (value: Value) => Dim[] | undefined,
  inner = false,
): void {
  for (const value of [...graph.values()]) {
    if (value.initializer || (value.isGraphInput && !inner)) continue;
    const shape = declare(value);
    if (!shape) continue;
    value.type = tensorType(value.type?.kind === 'tensor' ? value.type.elem : 'float32', shape);
    if (value.producer) graph.declared.add(value);
  }
  for (const node of graph.nodes)
    for (const body of subgraphs(node)) declareAll(body, declare, true);
}

/** As the model was when its sizes were fixed. */
function staleSizes(model: Model): void {
  const table = inferShapes(model);
  const bindings = new Map(Object.entries(STALE));
  const isFloat = (value: Value) => table.dtype(value) === 'float32';
  declareAll(model.graph, (value) =>
    isFloat(value) ? table.concrete(value, bindings) : undefined,
  );
}

/** Height and width are exchanged wherever they stand alone. */
function exchangedSymbols(model: Model): void {
  const table = inferShapes(model);
  const other: Record<string, string> = { height: 'width', width: 'height' };
  declareAll(model.graph, (value) =>
    table.dtype(value) === 'float32'
      ? table.shape(value)?.map((d) => d.constant ?? other[d.toString()] ?? d.toString())
      : undefined,
  );
}

async function source(model: Model, feeds: Record<string, ort.Tensor>): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(encodeSorted(model), EXACT);
  const { eps } = await session.run(feeds);
  await session.release();
  return eps!.data as Float32Array;
}

describe.each([
  ['a U-Net', TINY_UNET],
  ['a U-Net with graphs inside', WITH_GRAPHS],
])('%s', (_, text) => {
  describe.each([
    ['sizes that are past', staleSizes],
    ['symbols that are exchanged', exchangedSymbols],
  ])('%s', (__, declare) => {
    it.each(EMITS)('%s', async (emit) => {
      const model = modelOf(text);
      declare(model);
      const compilation = await Pipeline.create({ calls: 4, emit })
        .use(deepcache, { branch: 2, interval: 2 })
        .compile(model);
      const session = await openSession(compilation, {
        sessionOptions: { ...EXACT, graphOptimizationLevel: 'all' },
      });
      for (const [batch, height, width] of [
        [2, 20, 8],
        [3, 8, 16],
      ] as const) {
        const count = batch * 2 * height * width;
        const x = Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i));
        const feeds = {
          x: new ort.Tensor('float32', x, [batch, 2, height, width]),
          t: new ort.Tensor('float32', new Float32Array(batch).fill(0.5), [batch]),
        };
        const expected = await source(modelOf(text), feeds);
        session.reset();
        // what is kept of the same inputs changes nothing
        for (let call = 0; call < 4; call++) {
          const { eps } = await session.run(feeds as never);
          expect(eps!.dims).toEqual([batch, 2, height, width]);
          const made = eps!.data as Float32Array;
          expect(Math.max(...made.map((v, i) => Math.abs(v - expected[i]!)))).toBeLessThan(1e-3);
        }
      }
      await session.release();
    });
  });
});

it('keeps what holds, what it cannot tell, and what is declared in symbols of its own', async () => {
  const model = modelOf(
    'g (float[n, 4] x) => (float[m, 4] y) { a = Neg (x)  b = Exp (a)  c = own.Twist (b)  y = Neg (c) }',
  );
  model.opsets.set('own', 1);
  const declare = (name: string, shape: Dim[]) => {
    const value = named(model, name);
    value.type = tensorType('float32', shape);
    model.graph.declared.add(value);
  };
  declare('a', ['n', 4]);
  declare('b', ['rows', null]);
  declare('c', ['m', 4]);
  const { canonical } = await Pipeline.create({ calls: 1 }).compile(model);
  const types = ['a', 'b', 'c', 'y'].map((name) => canonical.graph.find(name)?.type);
  expect(types.map((t) => t?.kind === 'tensor' && t.shape)).toEqual([
    ['n', 4],
    ['rows', null],
    ['m', 4],
    ['m', 4],
  ]);
});

it('drops what is said of a value a second time, and of an output beside its list', async () => {
  const bytes = encodeSorted(
    modelOf('g (float[n, 4] x) => (float[n, 4] y) { a = Neg (x)  b = Exp (a)  y = Neg (b) }'),
  );
  const { ModelProto, ValueInfoProto } = onnxProto.onnx;
  const message = ModelProto.decode(bytes);
  const info = (name: string, rows: object) =>
    ValueInfoProto.create({
      name,
      type: { tensorType: { elemType: 1, shape: { dim: [rows, { dimValue: 4 }] } } },
    });
  const [right, wrong] = [{ dimParam: 'n' }, { dimValue: 1 }];
  message.graph!.valueInfo = [
    info('a', wrong),
    info('a', right),
    info('b', right),
    info('b', wrong),
    info('y', wrong),
    info('nobody', wrong),
  ];
  const model = decodeModel(ModelProto.encode(message).finish());
  const names = (of: Model) =>
    ModelProto.decode(encodeSorted(of)).graph!.valueInfo!.map(({ name }) => name);
  expect(names(model)).toEqual(['a', 'a', 'b', 'b', 'y', 'nobody']);
  const { canonical } = await Pipeline.create({ calls: 1 }).compile(model);
  // b is said twice; which of the two an engine believes is its own affair, and the first one holds
  expect(names(canonical)).toEqual(['b', 'b', 'nobody']);
});

it('a symbol that no input has stands for one size', async () => {
  const model = modelOf('g (float[n, k] x) => (float[n, k] y) { a = Neg (x)  y = Neg (a) }');
  const value = named(model, 'a');
  value.type = tensorType('float32', ['s', 's']);
  model.graph.declared.add(value);
  const { canonical } = await Pipeline.create({ calls: 1 }).compile(model);
  expect(canonical.graph.find('a')?.type).toBeUndefined();
  expect(canonical.graph.declared.size).toBe(0);
});
