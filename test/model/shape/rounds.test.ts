/**
 * Loops, scans and sequences: what inference says of their results and of what follows them against what
 * onnxruntime makes of the same model, at two sizes each.
 */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import { dataTypeFromCode } from '../../../src/model/ir/types.js';
import { evaluate, inferShapes } from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';
import { randomFeeds, runModel } from './engine.js';

const CODES = ['', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', '', 'bool'];

/** Types and sizes of the outputs as inferred, held against the engine's wherever something is said. */
async function said(model: Model, sizes: Readonly<Record<string, number>>): Promise<string[]> {
  const table = inferShapes(model);
  const bindings = new Map(Object.entries(sizes));
  const shapes = Object.fromEntries(
    model.graph.inputs.map((input) => [input.name, table.concrete(input, bindings)!]),
  );
  const results = await runModel(model, randomFeeds(model, shapes));
  return model.graph.outputs.map((output) => {
    const real = results[output.name]!;
    expect(table.dtype(output)).toBe(dataTypeFromCode(CODES.indexOf(real.type)));
    const shape = table.shape(output);
    if (!shape) return `unknown: ${table.whyUnknown(output)}`;
    expect(shape).toHaveLength(real.dims.length);
    shape.forEach((size, axis) => {
      const known = evaluate(size, bindings);
      if (known !== undefined) expect(known).toBe(real.dims[axis]);
    });
    return shape.map((d) => (evaluate(d, bindings) === undefined ? '?' : d.toString())).join();
  });
}

async function both(model: Model): Promise<string[]> {
  const first = await said(model, { batch: 2, width: 5 });
  expect(await said(model, { batch: 3, width: 4 })).toEqual(first);
  return first;
}

const ROUND = 'int64 i, bool c';

describe('Loop', () => {
  it('keeps the sizes that its body leaves as they are, whatever is declared of the body', async () => {
    const model = modelOf(`g (float[batch, width] x) => (float[] y, float[] all, float[] z)
      <int64 n = {3}, bool go = {1}> {
        y, all = Loop (n, go, x) <body = body (${ROUND}, float[1, 7] a) => (bool d, float[1, 7] b, float[] s) {
          d = Identity (c)
          b = Neg (a)
          s = Exp (b)
        }>
        z = Exp (y)
      }`);
    expect(await both(model)).toEqual(['batch,width', '?,batch,width', 'batch,width']);
  });

  it('leaves open what its body resizes, and keeps the rest', async () => {
    const model = modelOf(`g (float[batch, width] x) => (float[] y, float[] w)
      <int64 n = {3}, bool go = {1}> {
        y, w = Loop (n, go, x, x) <
          body = body (${ROUND}, float[batch, width] a, float[batch, width] e) => (bool d, float[] b, float[] f) {
            d = Identity (c)
            b = Concat <axis = 1> (a, e)
            f = Identity (e)
          }>
      }`);
    expect(await both(model)).toEqual(['batch,?', 'batch,width']);
  });

  it('follows sizes from one carried value to another', async () => {
    const model = modelOf(`g (float[batch, width] x) => (float[] y, float[] w)
      <int64 n = {3}, bool go = {1}> {
        y, w = Loop (n, go, x, x) <
          body = body (${ROUND}, float[] a, float[] e) => (bool d, float[] b, float[] f) {
            d = Identity (c)
            b = Identity (e)
            f = Concat <axis = 0> (e, x)
          }>
      }`);
    expect(await both(model)).toEqual(['?,width', '?,width']);
  });

  it('says nothing of a value whose rank it changes', async () => {
    const model = modelOf(`g (float[batch, width] x) => (float[] y)
      <int64 n = {2}, bool go = {1}, int64[1] zero = {0}> {
        y = Loop (n, go, x) <body = body (${ROUND}, float[] a) => (bool d, float[] b) {
          d = Identity (c)
          b = Unsqueeze (a, zero)
        }>
      }`);
    expect(await both(model)).toEqual([
      expect.stringContaining('the shape that Loop makes is not followed'),
    ]);
  });

  it('says nothing of a value whose shape its body does not tell', async () => {
    const model = modelOf(`g (float[batch, width] x) => (float[] y, float[] all)
      <int64 n = {2}, bool go = {1}, int64 zero = {0}> {
        y, all = Loop (n, go, x) <body = body (${ROUND}, float[] a) => (bool d, float[] b, float[] s) {
          d = Identity (c)
          l = SequenceConstruct (a)
          b = SequenceAt (l, zero)
          s = Exp (b)
        }>
      }`);
    expect(await both(model)).toEqual([
      expect.stringContaining('the shape that Loop makes is not followed'),
      expect.stringContaining('what a sequence holds is not followed'),
    ]);
  });

  it('hands its body the number of the round and whether it goes on', async () => {
    const model = modelOf(`g (float[batch, width] x) => (int64[] twice, bool[] other)
      <int64 n = {3}, bool go = {1}> {
        twice, other = Loop (n, go) <body = body (${ROUND}) => (bool d, int64[] t, bool[] o) {
          d = Identity (c)
          t = Add (i, i)
          o = Not (c)
        }>
      }`);
    expect(await both(model)).toEqual(['?', '?']);
  });

  it.each([
    ['Unknown (x)', 'int64[3]', 'int64'],
    ['Neg (x)', 'int64[3]', 'float32'],
  ])(
    'carries what is of the type of what is fed, else of what is declared: %s',
    (made, as, type) => {
      const model = modelOf(`g (float[b] x, int64 n, bool go) => (y, all) {
      u = ${made}
      y, all = Loop (n, go, u) <body = body (${ROUND}, ${as} a) => (bool d, float[] e, float[] s) {
        d = Identity (c)
        e = Neg (a)
        s = Neg (a)
      }>
    }`);
      const table = inferShapes(model);
      expect(model.graph.outputs.map((value) => table.dtype(value))).toEqual([type, type]);
    },
  );

  it.each(['Loop <body = 1> (n, go, x)', 'Scan <num_scan_inputs = 1, body = 1> (x)'])(
    'has no body in %s',
    (node) => {
      const model = modelOf(`g (float[b] x, int64 n, bool go) => (y) { y = ${node} }`);
      expect(inferShapes(model).whyUnknown(model.graph.outputs[0]!)).toContain(
        'its body is missing',
      );
    },
  );

  it('ends for loops in loops that never settle', () => {
    const nested = (depth: number): string =>
      depth === 0
        ? `b0 = Concat <axis = 0> (x, x)`
        : `b${depth} = Loop (n, go, x) <body = body${depth} (int64 i${depth}, bool c${depth}, float[] a${depth})
             => (bool d${depth}, float[] e${depth}) {
             d${depth} = Identity (c${depth})
             ${nested(depth - 1)}
             e${depth} = Concat <axis = 0> (a${depth}, b${depth - 1})
           }>`;
    const model = modelOf(
      `g (float[batch, width] x) => (float[] b25) <int64 n = {1}, bool go = {1}> { ${nested(25)} }`,
    );
    expect(inferShapes(model).dtype(model.graph.outputs[0]!)).toBe('float32');
  });
});

describe('Scan', () => {
  it('takes one axis apart and puts it together again', async () => {
    const model = modelOf(`g (float[batch, width, 3] x, float[batch, 3] s) => (float[] t, float[] y)
      {
        t, y = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [-1],
          body = body (float[] u, float[] e) => (float[] v, float[] o) {
            v = Add (u, e)
            o = Neg (v)
          }> (s, x)
      }`);
    expect(await both(model)).toEqual(['batch,3', 'batch,3,width']);
  });

  it.each([9, 17])('takes several apart at once, in opset %i', async (opset) => {
    const model = modelOf(
      `g (float[batch, width, 3] x, float[width, 2] w, float[4] s) => (float[] t, float[] y, float[] z)
      {
        t, y, z = Scan <num_scan_inputs = 2, scan_input_axes = [1, 0],
          body = body (float[4] u, float[batch, 3] e, float[2] f) => (float[4] v, float[batch, 3] o, float[2] p) {
            v = Neg (u)
            o = Neg (e)
            p = Neg (f)
          }> (s, x, w)
      }`,
      opset,
    );
    expect(await both(model)).toEqual(['4', 'width,batch,3', 'width,2']);
  });

  it('says nothing of parts of what it does not know', () => {
    const model = modelOf(`g (float[b, 3] x, float[3] s, int64 at) => (t, y) {
      l = SequenceConstruct (x)
      u = SequenceAt (l, at)
      t, y = Scan <num_scan_inputs = 1, body = body (float[] v, float[] e) => (float[] w, float[] o) {
        w = Neg (v)
        o = Exp (e)
      }> (s, u)
    }`);
    const table = inferShapes(model);
    const [t, y] = model.graph.outputs;
    expect(`${table.shape(t!)}`).toBe('3');
    expect(table.whyUnknown(y!)).toContain('what a sequence holds is not followed');
  });
});

describe('sequences', () => {
  it('hand the type of their elements on', async () => {
    const model =
      modelOf(`g (float[batch, width] x) => (float[] y, int64 many, float[] z, int64[] w)
      <int64 n = {2}, bool go = {1}, int64 at = {0}> {
        none = SequenceEmpty <dtype = 1> ()
        all = Loop (n, go, none) <body = body (${ROUND}, seq(float[]) s) => (bool d, seq(float[]) t) {
          d = Identity (c)
          t = SequenceInsert (s, x)
        }>
        y = ConcatFromSequence <axis = 0> (all)
        many = SequenceLength (all)
        z = SequenceAt (all, at)
        sizes = Shape (x)
        parts = SplitToSequence <axis = 0> (sizes)
        w = SequenceAt (parts, at)
      }`);
    const why = expect.stringContaining('what a sequence holds is not followed');
    expect(await both(model)).toEqual([why, '', why, why]);
  });
});

it('the type of what follows an unknown shape is that of the operator', async () => {
  const model = modelOf(`g (float[batch, width] x) => (
      bool[] less, int64[] most, float[] top, int64[] which, int32[] cast, float[] pick, bool[] none, int64[] shape)
    <int64 at = {0}, int64[1] one = {1}, float zero = {0}> {
      none_yet = SequenceConstruct (x)
      y = SequenceAt (none_yet, at)
      less = Less (y, zero)
      most = ArgMax (y)
      top, which = TopK (y, one)
      cast = Cast <to = 6> (y)
      pick = Where (less, y, zero)
      none = IsNaN (y)
      shape = Shape (y)
    }`);
  const table = inferShapes(model);
  const results = await runModel(model, randomFeeds(model, { x: [2, 3] }));
  const types = model.graph.outputs.map((v) => table.dtype(v));
  expect(types).toEqual(
    model.graph.outputs.map((v) => dataTypeFromCode(CODES.indexOf(results[v.name]!.type))),
  );
});
