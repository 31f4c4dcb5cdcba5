/** Which constant sub-graphs are evaluated: how much is read, how much is made, and what stays. */
import { describe, expect, it, test } from 'vitest';
import { constantNodes, foldNodes } from '../../../src/compiler/canonicalize/fold.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { readNumbers, type Tensor } from '../../../src/model/ir/tensor.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { ort } from '../../helpers/compile.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';
import { runModel } from '../../model/shape/engine.js';

const MIB = 2 ** 20;
const KIB = 1024;

/** Weights of so many bytes, which are in memory but for those that begin with `far`. */
function graph(body: string, weights: Readonly<Record<string, number>>): Model {
  const names = Object.keys(weights);
  const model = modelOf(`g (float[2] x) => (float[2] x_out)
    <${names.map((name) => `float ${name} = {1}`).join(', ')}> { ${body} x_out = Neg (x) }`);
  for (const [name, bytes] of Object.entries(weights)) {
    const data = name.startsWith('far')
      ? { kind: 'external', location: 'w.bin', offset: 0, length: bytes, files: undefined }
      : { kind: 'bytes', bytes: new Uint8Array(bytes) };
    const tensor = { dtype: 'float32', dims: [bytes / 4], data } as Tensor;
    const value = named(model, name);
    value.initializer = tensor;
    value.type = undefined;
  }
  return model;
}

function found(model: Model, before?: number) {
  const shapes = inferShapes(model);
  const { nodes, bytes, tooMuch } = constantNodes(model.graph, () => shapes, before);
  return { made: namesOf(nodes), bytes, tooMuch };
}

describe('of constants', () => {
  test.each<[string, string, Record<string, number>, string[], number]>([
    ['of a few bytes', 'y = Neg (w)', { w: 8 }, ['y'], 8],
    ['as large as are read', 'y = Neg (w)', { w: MIB }, ['y'], MIB],
    ['larger than are read', 'y = Neg (w)', { w: MIB + 4 }, [], 0],
    ['in a file of their own', 'y = Neg (far)', { far: 8 }, [], 0],
    ['of which one is in a file of its own', 'y = Add (w, far)', { w: 8, far: 8 }, [], 0],
    ['and what is fed', 'y = Add (w, x)', { w: 8 }, [], 0],
    ['one behind another', 'a = Neg (w) y = Exp (a)', { w: 8 }, ['a', 'y'], 16],
    ['behind what is left', 'a = Neg (w) y = ReduceMax <keepdims = 0> (a)', { w: 2 * MIB }, [], 0],
    ['made at random', 'y = RandomNormal <shape = [2]> ()', {}, [], 0],
    ['of an operator that is not known', 'y = own.Thing (w)', { w: 8 }, [], 0],
    [
      'joined, as large as both',
      'y = Concat <axis = 0> (v, w)',
      { v: 90 * KIB, w: 90 * KIB },
      ['y'],
      180 * KIB,
    ],
    ['joined to itself, larger than it', 'y = Concat <axis = 0> (w, w)', { w: 90 * KIB }, [], 0],
    ['joined to itself, small', 'y = Concat <axis = 0> (w, w)', { w: 32 * KIB }, ['y'], 64 * KIB],
    ['joined to itself, hardly small', 'y = Concat <axis = 0> (w, w)', { w: 32 * KIB + 4 }, [], 0],
    ['with an input left out', 'y = Clip (w, , v)', { v: 4, w: 8 }, ['y'], 8],
    ['of two results', 'y, z = Split <axis = 0> (w)', { w: 8 }, ['y'], 8],
    ['of a size that depends on numbers', 'y = NonZero (w)', { w: 8 }, [], 0],
    ['of no known type', 'y = RNN <hidden_size = 2> (w, w, w)', { w: 8 }, [], 0],
    [
      'of two results, one larger than what they are of',
      'k = Constant <value = int64[1] {20000}> () y, z = TopK (w, k)',
      { w: 80000 },
      [],
      0,
    ],
  ])('%s', (_, body, weights, made, bytes) => {
    const model = graph(body, weights);
    if (weights.v === 4)
      named(model, 'v').initializer = { ...named(model, 'v').initializer!, dims: [] };
    expect(found(model)).toEqual({ made, bytes, tooMuch: 0 });
  });

  test('of which one result is left out', () => {
    const model = modelOf(`g (float[2] x) => (int64[1] y) <float[2] w = {1, 2}, int64[1] k = {1}> {
      , y = TopK (w, k)
    }`);
    const { nodes, bytes } = constantNodes(model.graph, () => inferShapes(model));
    expect([nodes.size, bytes]).toEqual([1, 8]);
  });

  test('a Constant node is one already', () => {
    const model = modelOf(`g (float[2] x) => (float[2] y) {
      c = Constant <value = float[2] {1, 2}> ()
      e = Exp (c)
      y = Add (x, e)
    }`);
    expect(found(model)).toEqual({ made: ['e'], bytes: 8, tooMuch: 0 });
  });

  test('where none is, no shape is asked for', () => {
    const model = modelOf('g (float[2] x) => (float[2] y) { y = Neg (x) }');
    const asked = () => {
      throw new Error('asked');
    };
    expect(constantNodes(model.graph, asked).nodes.size).toBe(0);
  });
});

describe('all together', () => {
  const LIMIT = 128 * MIB;
  const two = () => graph('a = Neg (w) b = Exp (w)', { w: 8 });

  test.each([
    [LIMIT - 16, ['a', 'b'], 16, 0],
    [LIMIT - 15, ['a'], 8, 1],
    [LIMIT - 8, ['a'], 8, 1],
    [LIMIT - 7, [], 0, 2],
  ])('after %i bytes', (before, made, bytes, tooMuch) => {
    expect(found(two(), before)).toEqual({ made, bytes, tooMuch });
  });

  test('are no more than twice what is read, each constant once', () => {
    const names = Array.from({ length: 70 }, (_, i) => `w${i}`);
    const model = graph(
      `all = Concat <axis = 0> (${names})
       a = Neg (all)
       b = Exp (all)
       again = Concat <axis = 0> (${names})
       small = Neg (w0)`,
      Object.fromEntries(names.map((name) => [name, MIB])),
    );
    expect(found(model)).toEqual({ made: ['all', 'a'], bytes: 140 * MIB, tooMuch: 3 });
  });
});

describe('in canonical form', () => {
  /** Bit for bit what the engine makes of the source, and what is left of it. */
  async function left(text: string, opset?: number) {
    const source = modelOf(text, opset);
    const { model } = cloneModel(source);
    const { notes, trace } = await canonicalize.run(model);
    const feeds = { x: new ort.Tensor('float32', [1, -2], [2]) };
    const [before, after] = [await runModel(source, feeds), await runModel(model, feeds)];
    for (const [name, { data, dims }] of Object.entries(before)) {
      expect(after[name]!.dims).toEqual(dims);
      expect(after[name]!.data).toEqual(data);
    }
    const folded = trace.filter(({ rule }) => rule === 'fold-constants');
    return { nodes: [...model.graph.nodes].map((n) => n.opType).join(' '), notes, folded };
  }

  it('what is given out and nothing else reads keeps its node, and nobody is told', async () => {
    expect(
      await left(`g (float[2] x) => (float[2] c, float[2] y) <float[2] w = {1, 2}> {
        c = Exp (w)
        y = Neg (x)
      }`),
    ).toEqual({ nodes: 'Exp Neg', notes: [], folded: [] });
  });

  it('what it was made of is told by name', async () => {
    const { nodes, folded } = await left(`g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
      [made] c = Exp (w)
      d = Neg (c)
      y = Add (x, d)
    }`);
    expect(nodes).toBe('Add');
    expect(folded).toEqual([
      {
        rule: 'fold-constants',
        node: expect.any(String),
        opType: 'Neg',
        values: ['d'],
        why: 'it depends on constants only',
      },
    ]);
  });

  it.each([
    ['half a byte', 'int4', 22],
    ['half a byte without sign', 'uint4', 21],
    ['a byte', 'int8', 3],
    ['two bytes', 'uint16', 4],
  ])('known sizes of %s', async (_, _type, to) => {
    const { notes } = await left(
      `g (float[2] x) => (int64[3] y, float[2] z) {
        shape = Shape (x)
        sizes = Concat <axis = 0> (shape, shape, shape)
        c = Cast <to = ${to}> (sizes)
        y = Cast <to = 7> (c)
        z = Neg (x)
      }`,
      21,
    );
    expect(notes).toEqual([]);
  });

  it('without an engine constants stay, but a model without any says nothing of it', async () => {
    const text = (what: string) => `g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
      c = Exp (${what})
      y = Add (x, c)
    }`;
    for (const [what, engine, notes] of [
      ['w', false, 0],
      ['x', undefined, 0],
      ['w', undefined, 0],
    ] as const) {
      const model = modelOf(text(what));
      const result = await canonicalize.run(model, engine === undefined ? {} : { engine });
      expect(result.notes).toHaveLength(notes);
      expect(result.nodesAfter).toBe(what === 'w' && engine === undefined ? 1 : 2);
    }
  });

  it('one value that many read is one constant', async () => {
    const model = modelOf(`g (float[2] x) => (float[2] y, float[2] z) <float[2] w = {1, 2}> {
      c = Neg (w)
      y = Add (x, c)
      z = Sub (x, c)
    }`);
    const { nodes } = constantNodes(model.graph, () => inferShapes(model));
    const rewrites = await foldNodes(model, nodes, ort as never);
    expect(rewrites).toHaveLength(1);
    const { to } = rewrites[0]!.replace![0]!;
    expect('tensor' in to && readNumbers(to.tensor)).toEqual([-1, -2]);
  });

  it('an input that is left out stays so', async () => {
    const model = modelOf(`g (float[2] x) => (float[2] y) <float[2] w = {1, 7}, float most = {3}> {
      c = Clip (w, , most)
      y = Add (x, c)
    }`);
    await canonicalize.run(model);
    const [, sum] = named(model, 'y').producer!.inputs;
    expect(readNumbers(sum!.initializer!)).toEqual([1, 3]);
  });

  it('the second of two results, and what is read on the way as well', async () => {
    const model = modelOf(`g (float[1] x) => (float[1, 1, 1] y, float[1, 1, 1] z)
    <float[1, 1, 1] w = {2}> {
      , c = RNN <hidden_size = 1> (w, w, w)
      d = Neg (c)
      e = Exp (d)
      y = Add (x, d)
      z = Add (x, e)
    }`);
    const nodes = new Set([...model.graph.nodes].slice(0, 3));
    const rewrites = await foldNodes(model, nodes, ort as never);
    expect(rewrites.map(({ replace }) => replace![0]!.from.name)).toEqual(['d', 'e']);
  });
});
