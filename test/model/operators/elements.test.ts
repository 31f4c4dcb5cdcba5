/** What becomes of elements, with onnxruntime: of every operator that is said to compute nothing. */
import { describe, expect, test } from 'vitest';
import { multipliesWeight } from '../../../src/model/cost/index.js';
import type { Node } from '../../../src/model/ir/node.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { type Elements, OPERATORS } from '../../../src/model/operators/index.js';
import { EXACT, encodeSorted, ort } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

const CONSTANTS = `int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[2] wide = {4, 12},
  int64[4] twice = {1, 2, 1, 1}, int64[2] steps = {1, 2}, int64[5] more = {2, 1, 4, 2, 6}, float like = {1},
  int64[1,4,2,2] places = {${Array.from({ length: 16 }, (_, i) => i % 2)}}, int64[2,2] tuples = {0, 3, 0, 1}`;

/** Of x, (1, 4, 2, 6). */
const CALLS: Readonly<Record<string, string>> = {
  Reshape: 'Reshape (x, wide)',
  Unsqueeze: 'Unsqueeze (x, one)',
  Squeeze: 'Squeeze (x, zero)',
  Transpose: 'Transpose <perm = [0, 2, 3, 1]> (x)',
  DepthToSpace: 'DepthToSpace <blocksize = 2> (x)',
  SpaceToDepth: 'SpaceToDepth <blocksize = 2> (x)',
  Expand: 'Expand (x, more)',
  Tile: 'Tile (x, twice)',
  Split: 'Split <axis = 3, num_outputs = 2> (x)',
  Slice: 'Slice (x, one, two, two)',
  Gather: 'Gather <axis = 3> (x, steps)',
  GatherElements: 'GatherElements <axis = 3> (x, places)',
  GatherND: 'GatherND (x, tuples)',
  Cast: 'Cast <to = 11> (x)',
  CastLike: 'CastLike (x, like)',
  Concat: 'Concat <axis = 3> (x, x)',
};

async function results(name: string, numbers: readonly number[]): Promise<number[]> {
  const outputs = name === 'Split' ? 'y, z' : 'y';
  const model = parseModel(`<ir_version: 10, opset_import: ["": 18]>
    g (float[1, 4, 2, 6] x) => (float[] y) <${CONSTANTS}> { ${outputs} = ${CALLS[name] ?? `${name} (x)`} }`);
  const elem = name === 'Cast' ? 'float64' : OPERATORS.get('')!.get(name)!.elements;
  model.graph.outputs[0]!.type = {
    kind: 'tensor',
    elem: elem === 'unread' ? 'int64' : elem === 'float64' ? 'float64' : 'float32',
  };
  const session = await ort.InferenceSession.create(encodeSorted(model), EXACT);
  const x = new ort.Tensor('float32', Float32Array.from(numbers), [1, 4, 2, 6]);
  const { y } = await session.run({ x });
  await session.release();
  return Array.from(y!.data as ArrayLike<number | bigint>, Number);
}

const NUMBERS = Array.from({ length: 48 }, (_, i) => (i * 29) % 48);

const inOrder = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const distinct = (numbers: readonly number[]) => inOrder([...new Set(numbers)]);

/** What holds of the results, x being all different. */
const HOLDS: Partial<Readonly<Record<Elements, (made: number[]) => void>>> = {
  renamed: (made) => expect(made).toEqual(NUMBERS),
  moved: (made) => {
    expect(made).not.toEqual(NUMBERS);
    expect(inOrder(made)).toEqual(inOrder(NUMBERS));
  },
  retyped: (made) => expect(made).toEqual(NUMBERS),
  repeated: (made) => {
    expect(made.length).toBeGreaterThan(NUMBERS.length);
    expect(distinct(made)).toEqual(inOrder(NUMBERS));
  },
  picked: (made) => {
    expect(made.length).toBeLessThan(NUMBERS.length);
    for (const each of made) expect(NUMBERS).toContain(each);
  },
  joined: (made) => expect(inOrder(made)).toEqual(inOrder([...NUMBERS, ...NUMBERS])),
};

const withElements = (...kinds: readonly Elements[]) =>
  [...OPERATORS.get('')!].flatMap(([name, { elements }]) =>
    kinds.includes(elements) ? [[elements, name] as const] : [],
  );

describe('computes nothing', () => {
  test.each(withElements('renamed', 'moved', 'retyped', 'repeated', 'picked', 'joined'))(
    '%s: %s',
    async (elements, name) => {
      HOLDS[elements]!(await results(name, NUMBERS));
    },
  );

  test.each(withElements('unread'))('%s: %s', async (_, name) => {
    expect(await results(name, NUMBERS)).toEqual(await results(name, inOrder(NUMBERS)));
  });
});

const WEIGHT = `float[6, 6] w = {${Array(36).fill(0.5)}}, uint8[6, 6] q = {${Array(36).fill(3)}}, float s = {0.5},
  uint8 z = {0}, int64[1] axis = {0}, int64[2] square = {6, 6}, float[1, 6, 6] w3 = {${Array(36).fill(0.5)}},
  float[1, 36, 1, 1] deep = {${Array(36).fill(0.5)}}`;

test.each([
  ['as it is', 'a = Identity (w)'],
  ['squeezed', 'a = Squeeze (w3, axis)'],
  ['flattened', 'b = Unsqueeze (w, axis)  c = Squeeze (b, axis)  a = Flatten (c)'],
  ['out of a depth', 'b = DepthToSpace <blocksize = 6> (deep)  a = Reshape (b, square)'],
  ['of another type', 'a = CastLike (w, s)'],
  ['dequantized', 'a = DequantizeLinear (q, s, z)'],
  ['dequantized by onnxruntime', 'a = com.microsoft.DequantizeLinear (q, s, z)'],
  ['quantized and back', 'b = QuantizeLinear (w, s, z)  a = DequantizeLinear (b, s, z)'],
])('a weight %s is a weight', (_, body) => {
  const model = modelOf(
    `g (float[6, 6] x) => (float[6, 6] y) <${WEIGHT}> { ${body}  y = MatMul (x, a) }`,
  );
  const product = [...model.graph.nodes].find((node: Node) => node.opType === 'MatMul')!;
  expect(multipliesWeight(product)).toBe(true);
});

test.each([
  ['by other numbers', 'a = Mul (w, w)'],
  ['by picking', 'a = Gather (w3, axis)'],
])('what is made of a weight %s is none', (_, body) => {
  const model = modelOf(
    `g (float[6, 6] x) => (float[6, 6] y) <${WEIGHT}> { ${body}  y = MatMul (x, a) }`,
  );
  const product = [...model.graph.nodes].find((node: Node) => node.opType === 'MatMul')!;
  expect(multipliesWeight(product)).toBe(false);
});
