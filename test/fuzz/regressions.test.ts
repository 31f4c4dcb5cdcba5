/**
 * What the fuzzer found, each as small as it goes: malformed models that used to end in a TypeError or a
 * RangeError. What depends on them is either refused by a code or not known, and says why.
 */
import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../src/compiler/canonicalize/index.js';
import { StepfoldError } from '../../src/errors/index.js';
import { encodeMessage } from '../../src/model/onnx/descriptor.js';
import type { GraphMessage } from '../../src/model/onnx/messages.js';
import { parseModel } from '../../src/model/onnx/text/index.js';
import { evaluate, parseDim } from '../../src/model/shape/index.js';
import { parsePipelineConfig } from '../../src/runtime/schedule/index.js';
import { placeholder } from '../../src/runtime/session/tensors.js';

const model = (nodes: string, constants = '', opset = 17) =>
  parseModel(
    `<ir_version: 8, opset_import: ["": ${opset}, "com.microsoft": 1]>
g (float[1,4,8,8] x, float[2,3] m, int64[2] i) => (y) <${constants}> {
  ${nodes}
}`,
    'malformed',
  );

/** Why the shape of `y` is not known, or the code of the refusal. */
async function outcome(nodes: string, constants?: string, opset?: number): Promise<string> {
  const malformed = model(nodes, constants, opset);
  try {
    const { shapes } = await canonicalize.run(malformed, { engine: false });
    return shapes.whyUnknown(malformed.graph.find('y')!) ?? 'known';
  } catch (error) {
    if (error instanceof StepfoldError) return error.code;
    throw error;
  }
}

describe('nodes without what they cannot do without', () => {
  test.each([
    ['an input', 'y = Div (m)', 'GRAPH_MISSING_INPUT'],
    ['an input in the middle', 'y = Add ("", m)', 'GRAPH_MISSING_INPUT'],
    ['all inputs', 'y = Max ()', 'GRAPH_MISSING_INPUT'],
    [
      'an input of an operator of another domain',
      'y = com.microsoft.FusedMatMul (m)',
      'GRAPH_MISSING_INPUT',
    ],
    ['their first output', '"", y = Dropout (m)', 'GRAPH_MISSING_OUTPUT'],
  ])('%s', async (_, nodes, code) => {
    expect(await outcome(nodes)).toBe(code);
  });
});

describe('attributes that contradict the shapes', () => {
  test.each([
    ['Conv: strides', 'y = Conv <strides = [2]> (x, x)', /strides has 1 entries/],
    ['Conv: pads', 'y = Conv <pads = [1, 1]> (x, x)', /pads has 2 entries/],
    [
      'Conv: a kernel for another rank',
      'y = Conv <kernel_shape = [3]> (x, x)',
      /kernel has 1 sizes/,
    ],
    ['Conv: a weight without channels', 'y = Conv <kernel_shape = [1, 1]> (x, s)', /rank 0/],
    ['Conv: a stride of nothing', 'y = Conv <strides = [0, 1]> (x, x)', /divided by zero/],
    ['ConvTranspose: output_shape', 'y = ConvTranspose <output_shape = [4]> (x, x)', /too short/],
    ['MaxPool: half a kernel', 'y = MaxPool <kernel_shape = [0.5, 1.0]> (x)', /holds 0.5/],
    ['DepthToSpace: no block', 'y = DepthToSpace <blocksize = 0> (x)', /divided by zero/],
    ['SpaceToDepth: a matrix', 'y = SpaceToDepth <blocksize = 2> (m)', /rank 2/],
    ['Gemm: a list', 'y = Gemm (m, i)', /rank 1/],
    ['Transpose: an axis twice', 'y = Transpose <perm = [1, 1]> (m)', /leaves out an axis/],
    ['Transpose: an axis that is not there', 'y = Transpose <perm = [0, 7]> (m)', /leaves out/],
    ['Pad: too few', 'y = Pad (m, one)', /too few/],
    ['Slice: fewer ends than starts', 'y = Slice (m, two, one)', /fewer than its axes/],
    ['ConstantOfShape: less than nothing', 'y = ConstantOfShape (less)', /negative/],
    ['Expand: to less than nothing', 'y = Expand (one, less)', /do not broadcast|negative/],
    ['Reshape: to a rank of thousands', 'l = Expand (one, many) y = Reshape (m, l)', /rank 5000/],
    ['Softmax of a cut', 'y = Split <split = [1]> (m)', /./],
  ])('%s', async (_, nodes, why) => {
    const constants =
      'float s = {1}, int64[1] one = {1}, int64[2] two = {1, 1}, int64[1] less = {-3}, int64[1] many = {5000}';
    expect(await outcome(nodes, constants, nodes.includes('split =') ? 11 : 17)).toMatch(why);
  });

  test('more elements than the shape has', async () => {
    // the elements of the reshaped list are not those of a list of four
    const nodes = 'r = Reshape (three, four) y = Transpose (r)';
    expect(await outcome(nodes, 'int64[3] three = {1, 2, 3}, int64[2] four = {2, 2}')).toBe(
      'known',
    );
  });
});

test('types whose elements are no numbers are not read as such', async () => {
  for (const type of ['float8e4m3fn', 'int4', 'uint4'])
    expect(await outcome(`y = Cast <to = 1> (c) z = Identity (c)`, `${type}[1] c = {1}`)).toBe(
      'known',
    );
});

test('operators that are called like members of every object', async () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    expect(await outcome(`y = ${name} (m)`)).toMatch(/no shape rule/);
});

describe('sizes as text', () => {
  test('that grow without end, or nest without end, are one symbol', () => {
    const long = Array.from({ length: 40 }, (_, i) => `(a${i}+b${i})`).join('*');
    for (const text of [long, '('.repeat(100_000), `${'floor('.repeat(5000)}a`])
      expect(parseDim(text).symbolName).toBe(text);
  });

  test('that divide by what may be zero are not known there', () => {
    const size = parseDim('floor(a/(b-1))');
    expect(
      evaluate(
        size,
        new Map([
          ['a', 8],
          ['b', 3],
        ]),
      ),
    ).toBe(4);
    expect(
      evaluate(
        size,
        new Map([
          ['a', 8],
          ['b', 1],
        ]),
      ),
    ).toBeUndefined();
  });
});

test('a state of a size that no machine has', () => {
  const state = { type: 'float32', shape: [2 ** 40, 2 ** 12] } as const;
  expect(() => placeholder({} as never, { ...state, shape: [...state.shape] })).toThrow(
    expect.objectContaining({ code: 'OUT_OF_MEMORY' }),
  );
});

test('graphs within graphs, more than protobuf nests', () => {
  let graph: GraphMessage = { name: 'innermost' };
  for (let depth = 0; depth < 40; depth++)
    graph = { node: [{ opType: 'If', attribute: [{ name: 'then_branch', type: 5, g: graph }] }] };
  expect(() => encodeMessage({ graph })).toThrow(
    expect.objectContaining({ code: 'ONNX_TOO_DEEP' }),
  );
});

test('thousands of passes', () => {
  const passes = Array.from({ length: 5000 }, () => ({ pass: 'deepcache' }));
  expect(() => parsePipelineConfig({ passes, calls: 4 }, 'pipeline.json')).toThrow(
    expect.objectContaining({ code: 'PIPELINE_INVALID' }),
  );
});
