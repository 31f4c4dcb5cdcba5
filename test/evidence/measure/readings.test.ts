/** What a proof reads off a graph: how exact it can be, where it decides by the timestep, tables, and noise. */
import { describe, expect, test } from 'vitest';
import { decisionsOf } from '../../../src/evidence/measure/decides.js';
import { tableRows } from '../../../src/evidence/measure/labels.js';
import { findNoise } from '../../../src/evidence/measure/noise.js';
import { TOLERANCES, toleranceFor, usesHalves } from '../../../src/evidence/measure/tolerance.js';
import { modelOf } from '../../helpers/text.js';

const INNER = (nodes: string) =>
  `y = If (go) <then_branch = t () => (float[2] o1) { ${nodes} }, else_branch = e () => (float[2] o2) { o2 = Identity (x) }>`;

describe('a bundle is held to', () => {
  const model = (nodes: string, inputs = 'float[2] x', weights = '', output = 'float[2] y') =>
    modelOf(
      `g (${inputs}, bool go) => (${output}) <float scale = {0.5}, uint8 zero = {0} ${weights}> { ${nodes} }`,
    );
  const PLAIN = 'y = Relu (x)';

  test.each<[kind: keyof typeof TOLERANCES, what: string, of: ReturnType<typeof model>]>([
    ['float32', 'floats alone', model(PLAIN)],
    ['float32', 'a cast to doubles', model('d = Cast <to = 11> (x) y = Cast <to = 1> (d)')],
    ['float32', 'another operator with such an attribute', model('y = other.Cast <to = 10> (x)')],
    [
      'float32',
      'quantized weights',
      model(
        'q = QuantizeLinear (w, scale, zero) v = DequantizeLinear (q, scale, zero) y = Add (x, v)',
        undefined,
        ', float[2] w = {1, 2}',
      ),
    ],
    [
      'float32',
      'weights that are made whole again',
      model(
        'v = DequantizeLinear (w, scale, zero) y = Add (x, v)',
        undefined,
        ', uint8[2] w = {1, 2}',
      ),
    ],
    ['float16', 'an input of halves', model('y = Cast <to = 1> (x)', 'float16[2] x')],
    ['float16', 'an output of halves', model('y = Other.Half (x)', undefined, '', 'float16[2] y')],
    [
      'float16',
      'weights of halves',
      model('v = Cast <to = 1> (w) y = Add (x, v)', undefined, ', float16[2] w = {1, 2}'),
    ],
    ['float16', 'a cast to halves', model('h = Cast <to = 10> (x) y = Cast <to = 1> (h)')],
    [
      'float16',
      'a cast to halves in a branch',
      model(INNER('h = Cast <to = 10> (x) o1 = Cast <to = 1> (h)')),
    ],
    [
      'quantized',
      'quantized activations',
      model('q = QuantizeLinear (x, scale, zero) y = DequantizeLinear (q, scale, zero)'),
    ],
    [
      'quantized',
      'activations that are quantized by their range',
      model('q, s, z = DynamicQuantizeLinear (x) y = DequantizeLinear (q, s, z)'),
    ],
    [
      'quantized',
      'quantized activations and halves',
      model(
        'q = QuantizeLinear (x, scale, zero) y = DequantizeLinear (q, scale, zero)',
        'float[2] x, float16 h',
      ),
    ],
  ])('%s by a source of %s', (kind, _, of) => {
    expect(toleranceFor(of)).toBe(TOLERANCES[kind]);
    const both = of.graph.inputs.some(({ name }) => name === 'h');
    expect(usesHalves(of.graph)).toBe(both || kind === 'float16');
  });

  test('that of floats, where the type of a result is not declared', () => {
    const of = model(PLAIN);
    of.graph.outputs[0]!.type = undefined;
    expect(toleranceFor(of)).toBe(TOLERANCES.float32);
  });

  test('tolerances that hold no other mistakes', () => {
    expect(TOLERANCES).toEqual({ float32: 1e-5, float16: 1e-2, quantized: 2e-1 });
  });
});

describe('by the timestep a model', () => {
  const decide = (nodes: string, timestep: string | undefined = 't') =>
    decisionsOf(
      modelOf(`g (float[2] x, float[2] t, bool go) => (float[2] y)
        < float limit = {500}, float[2] two = {1, 2}, float[16] many = {${Array(16).fill(3)}}, float[17] weights = {${Array(17).fill(4)}},
          float[2,2] w = {1, 2, 3, 4}, string word = {"7"}, int64 whole = {7} > { ${nodes} }`)
        .graph,
      timestep,
    );

  test.each<[what: string, nodes: string, decides: boolean, borders: number[]]>([
    ['compares', 'y = Less (t, limit)', true, [500]],
    ['compares with several', 'y = Clip (t, limit, whole)', true, [500, 7]],
    ['compares with a few in one', 'y = Max (t, two)', true, [1, 2]],
    [
      'compares with one twice',
      'a = Less (t, limit) b = Greater (t, limit) y = And (a, b)',
      true,
      [500],
    ],
    ['compares with as many as are no weights', 'y = Max (t, many)', true, [3]],
    ['compares with weights', 'y = Max (t, weights)', true, []],
    ['compares with what is no number', 'b = Cast <to = 8> (t) y = Equal (b, word)', true, []],
    [
      'compares behind arithmetic',
      'a = Mul (t, two) b = Add (a, x) y = Less (b, limit)',
      true,
      [500],
    ],
    [
      'compares behind the second result',
      'a, b = Split (t) c = Neg (a) y = Less (b, limit)',
      true,
      [500],
    ],
    [
      'chooses a branch',
      `c = Less (t, limit) ${INNER('o1 = Neg (x)').replace('(go)', '(c)')}`,
      true,
      [500],
    ],
    ['is read in a branch', INNER('o1 = Neg (t)'), true, []],
    ['compares behind a product', 'm = MatMul (t, w) y = Less (m, limit)', false, []],
    ['compares behind waves', 'm = Sin (t) y = Less (m, limit)', false, []],
    ['adds', 'y = Add (t, x)', false, []],
    ['compares something else', 'z = Add (t, x) y = Less (x, limit)', false, []],
    ['compares by an operator of its own', 'y = other.Less (t, limit)', false, []],
    ['chooses a branch by something else', INNER('o1 = Neg (x)'), false, []],
    ['compares its size', 'n = Size (t) y = Less (n, whole)', false, []],
  ])('%s', (_, nodes, decides, borders) => {
    expect(decide(nodes)).toEqual({ decides, borders });
  });

  test('that is none decides nothing', () => {
    expect(decide('y = Less (t, limit)', 'x')).toEqual({ decides: false, borders: [] });
    expect(decide('y = Less (t, limit)', 'sigma')).toEqual({ decides: false, borders: [] });
    const { graph } = modelOf('g (float t) => (bool y) <float l = {1}> { y = Less (t, l) }');
    expect(decisionsOf(graph, undefined)).toEqual({ decides: false, borders: [] });
  });
});

test.each<[what: string, nodes: string, rows: Record<string, number>]>([
  ['a table', 'y = Gather (ten, i)', { i: 10 }],
  ['a table by columns', 'y = Gather <axis = 1> (ten, i)', { i: 3 }],
  ['a table by its last axis', 'y = Gather <axis = -1> (ten, i)', { i: 3 }],
  ['an axis that is not there', 'y = Gather <axis = 2> (ten, i)', {}],
  ['two tables', 'a = Gather (ten, i) y = Gather (five, i)', { i: 5 }],
  ['two tables, the smaller first', 'a = Gather (five, i) y = Gather (ten, i)', { i: 5 }],
  ['tables of two inputs', 'a = Gather (five, j) y = Gather (ten, i)', { i: 10, j: 5 }],
  [
    'an index that is laid out otherwise',
    'a = Cast <to = 7> (i) b = Identity (a) c = Flatten (b) y = Gather (ten, c)',
    { i: 10 },
  ],
  [
    'an index that is turned and made another type like another',
    'a = CastLike (i, j) b = Transpose (a) y = Gather (ten, b)',
    { i: 10 },
  ],
  ['an index that is computed', 'a = Add (i, j) y = Gather (ten, a)', {}],
  ['an index that an operator of its own makes', 'a = other.Cast (i) y = Gather (ten, a)', {}],
  ['an index that is constant', 'y = Gather (ten, two)', {}],
  ['a list of numbers', 'y = Gather (list, i)', {}],
  ['a table that is computed', 'a = Neg (ten) y = Gather (a, i)', {}],
  ['a table that the caller may give', 'y = Gather (free, i)', {}],
  ['another operator', 'y = GatherElements (ten, i)', {}],
])('the rows of %s', (_, nodes, rows) => {
  const { graph } = modelOf(`g (int64[2] i, int64[2] j, float[6,2] free) => (float[2] y)
    < float[10,3] ten = {${Array(30).fill(1)}}, float[5,3] five = {${Array(15).fill(1)}}, float[9] list = {${Array(9).fill(1)}},
      float[6,2] free = {${Array(12).fill(1)}}, int64[2] two = {0, 1} > { ${nodes} }`);
  expect(Object.fromEntries(tableRows(graph))).toEqual(rows);
});

test.each([
  ['no noise', 'a = Neg (x) y = Relu (a)', undefined],
  ['noise', 'a = Neg (x) n = RandomNormalLike (x) y = Add (a, n)', 'RandomNormalLike'],
  ['dropout', 'y = Dropout (x)', 'Dropout'],
  ['dropout of its own', 'y = other.Dropout (x)', undefined],
  ['noise in a branch', INNER('n = RandomUniformLike (x) o1 = Add (n, x)'), 'RandomUniformLike'],
  ['no noise in a branch', INNER('o1 = Neg (x)'), undefined],
  [
    'noise behind a branch without',
    `${INNER('o1 = Neg (x)').replace('y =', 'z =')} y = RandomNormalLike (z)`,
    'RandomNormalLike',
  ],
])('%s', (_, nodes, opType) => {
  const { graph } = modelOf(`g (float[2] x, bool go) => (float[2] y) { ${nodes} }`);
  expect(findNoise(graph)?.opType).toBe(opType);
});
