/** Functions written out compute what onnxruntime computes of the calls. */
import { expect, it } from 'vitest';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import { ModelFunctions } from '../../../src/model/onnx/functions.js';
import { encodeModel } from '../../../src/model/onnx/index.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { ort } from '../../helpers/compile.js';

const HEADER = '<ir_version: 8, opset_import: ["": 17, "own": 1]>';
const X = Float32Array.of(-2, -0.5, 0, 1, 3, 7);

/** A model's functions use those of its own domain. */
const FUNCTIONS = `
<domain: "own", opset_import: ["": 17, "own": 1]>
Twice <alpha: float = 2.0, axis> (a, b) => (c, d) {
  [shared] scaled = LeakyRelu <alpha: float = @alpha> (a)
  c = own.Inner <alpha: float = @alpha> (scaled, b)
  d = Softmax <axis: int = @axis> (c)
}

<domain: "own", opset_import: ["": 17, "own": 1]>
Inner <alpha: float = 0.5> (a, b) => (c) {
  [shared] scaled = Elu <alpha: float = @alpha> (a)
  clipped = Clip (scaled, b)
  c = Add (clipped, scaled)
}
`;

async function run(text: string): Promise<[calls: Float32Array[], written: Float32Array[]]> {
  const source = parseModel(text);
  const { model } = cloneModel(source);
  await canonicalize.run(model, { engine: false });
  expect([...model.graph.nodes].filter((node) => node.domain === 'own')).toEqual([]);
  expect(new ModelFunctions(model).isEmpty).toBe(true);
  const results: Float32Array[][] = [];
  for (const each of [source, model]) {
    const session = await ort.InferenceSession.create(encodeModel(each), {
      graphOptimizationLevel: 'disabled',
    });
    const outputs = await session.run({ x: new ort.Tensor('float32', X, [2, 3]) });
    results.push(session.outputNames.map((name) => outputs[name]!.data as Float32Array));
    await session.release();
  }
  return results as [Float32Array[], Float32Array[]];
}

it.each([
  [
    'calls inside calls, names twice, attributes given and left to defaults',
    'Twice <axis = 1, alpha = 0.25> (x, low)',
    'Twice <axis = 0> (y, low)',
  ],
  ['an input that is left out', 'Twice <axis = 1> (x)', 'Twice <axis = 0> (y, )'],
])('%s', async (_, first, second) => {
  const [calls, written] = await run(`${HEADER}
g (float[2,3] x) => (float[2,3] y, float[2,3] u, float[2,3] v, float[2,3] z, float[2,3] w) <float low = {-0.75}> {
  [call1] y, u = own.${first}
  [call2] v, z = own.${second}
  w = Sub (v, u)
}
${FUNCTIONS}`);
  expect(written).toEqual(calls);
});

it('writes out calls in the branches of an If, and functions that hold one', async () => {
  const [calls, written] = await run(`${HEADER}
g (float[2,3] x) => (float[2,3] y) <float zero = {0.0}> {
  sum = ReduceSum <keepdims = 0> (x)
  up = Greater (sum, zero)
  y = If (up) <
    then_branch = t () => (p) { p = own.Inner <alpha = 1.5> (x, zero) },
    else_branch = e () => (r) { r = own.Chosen <alpha = 0.125> (x, up) }
  >
}
<domain: "own", opset_import: ["": 17, "own": 1]>
Chosen <alpha> (a, b) => (c) {
  c = If (b) <
    then_branch = t () => (p) { p = Elu <alpha: float = @alpha> (a) },
    else_branch = e () => (r) { r = Neg (a) }
  >
}
${FUNCTIONS}`);
  expect(written).toEqual(calls);
});

const one = (function_: string) => `${HEADER}
g (float[2,3] x) => (float[2,3] y) {
  [call] y = own.F (x)
}
${function_}`;

it.each([
  [
    'of another version of the operators',
    one('<domain: "own", opset_import: ["": 11]> F (a) => (b) { b = Relu (a) }'),
    'version 11 of the standard operators, the model in version 17',
  ],
  [
    'that calls itself',
    one('<domain: "own", opset_import: ["": 17, "own": 1]> F (a) => (b) { b = own.F (a) }'),
    'it calls itself',
  ],
  [
    'that comes to 2^30 nodes',
    one(
      `<domain: "own", opset_import: ["": 17, "own": 1]> F (a) => (b) { b = own.F0 (a) }\n${Array.from(
        { length: 30 },
        (_, i) =>
          `<domain: "own", opset_import: ["": 17, "own": 1]> F${i} (a) => (c) { b = own.F${i + 1} (a)\n c = own.F${i + 1} (b) }`,
      ).join(
        '\n',
      )}\n<domain: "own", opset_import: ["": 17, "own": 1]> F30 (a) => (b) { b = Relu (a) }`,
    ),
    'more than 1000000 nodes',
  ],
  [
    'that gives less than is taken from it',
    one('<domain: "own", opset_import: ["": 17]> F (a) => (b) { b = Relu (a) }').replace(
      'y = own.F',
      'none, y = own.F',
    ),
    'it gives fewer results (1) than the call takes',
  ],
])('leaves a function %s, and says so', async (_, text, why) => {
  const model = parseModel(text);
  const { notes, nodesAfter } = await canonicalize.run(model, { engine: false });
  expect(nodesAfter).toBe(1);
  expect(new ModelFunctions(model).isEmpty).toBe(false);
  expect(notes.join()).toContain('"call"');
  expect(notes.join()).toContain(why);
});
