import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/model/ir/graph.js';
import type { ByteSource } from '../../../../src/model/ir/tensor.js';
import { float32Tensor, readNumbers } from '../../../../src/model/ir/tensor.js';
import { tensorType } from '../../../../src/model/ir/types.js';
import { decodeModel, readModel } from '../../../../src/model/onnx/codec.js';
import { encodeMessage } from '../../../../src/model/onnx/descriptor.js';
import type { ModelMessage } from '../../../../src/model/onnx/messages.js';
import { memorySource } from '../../../../src/model/onnx/source.js';
import {
  parseModel,
  printGraph,
  printMessage,
  printModel,
} from '../../../../src/model/onnx/text/index.js';

const EVERYTHING = { maxElements: Number.POSITIVE_INFINITY };

/** Printed as written here: the layout that golden files rely on. */
const LAYOUT = `<
  ir_version: 8,
  opset_import: ["" : 17, "com.microsoft" : 1],
  producer_name: "by hand"
>
main (float[batch, 4] x, bool c) => (float[batch, 4] y)
<
  float[4] w = {1, 0.5, -0, 1e-7},
  float[4, 4] "a.weight" = ["location": "weights.bin", "offset": "64", "length": "64"],
  float[batch, 4] t
>
{
  t = Add (x, w)
  [choose] u = If (c) <
    then_branch = then_graph () => (float[batch, 4] a) {
      a = Gemm <alpha = 1.0, transB = 1> (t, "a.weight")
    },
    else_branch = else_graph () => (float[batch, 4] b)
    <
      float b0 = {2}
    >
    {
      b = Mul (t, b0)
    }
  >
  y, "" = com.microsoft.Thing <axes = [0, -1], mode = "linear", none: ints = [], scales = [1.0, 2.5], value = int64[2] {1, 2}> (u, "", w)
}
`;

describe('layout', () => {
  it('has one node a line and comes back the same', () => {
    expect(printModel(parseModel(LAYOUT))).toBe(LAYOUT);
  });

  it('breaks long lists of inputs and outputs', () => {
    const names = Array.from({ length: 9 }, (_, i) => `a_rather_long_name_${i}`);
    const text = `main (\n${names.map((n) => `  float[1] ${n}`).join(',\n')}\n) => (\n  float[1] y\n) {\n  y = Sum (${names.join(', ')})\n}\n`;
    const model = parseModel(text);
    expect(printGraph(model.graph)).toBe(text);
  });

  it('puts functions after the graph', () => {
    const text = `<
  ir_version: 8,
  opset_import: ["local" : 1]
>
main (float[N] x) => (float[N] y) {
  y = local.f:half <alpha = 2.0> (x)
}

<
  domain: "local",
  overload: "half",
  opset_import: ["" : 17],
  doc_string: "Scales."
>
f <alpha, beta = 1.5> (x) => (y)
<
  float[N] x
>
{
  a = Constant <value_float: float = @alpha> ()
  y = Mul (x, a)
}
`;
    expect(printModel(parseModel(text))).toBe(text);
  });
});

/** Counts what is read of a source. */
function counted(bytes: Uint8Array): { source: ByteSource; reads: [number, number][] } {
  const reads: [number, number][] = [];
  const source = memorySource(bytes);
  return {
    reads,
    source: {
      ...source,
      read(offset, length) {
        reads.push([offset, length]);
        return source.read(offset, length);
      },
    },
  };
}

describe('large tensors', () => {
  const weights = (count: number) => new Uint8Array(new Float32Array(count).fill(1.5).buffer);
  const message: ModelMessage = {
    irVersion: 8,
    graph: {
      name: 'g',
      initializer: [
        { name: 'large', dataType: 1, dims: [100_000], rawData: weights(100_000) },
        { name: 'middle', dataType: 1, dims: [300], rawData: weights(300) },
        { name: 'small', dataType: 1, dims: [2], rawData: weights(2) },
        {
          name: 'outside',
          dataType: 1,
          dims: [2],
          dataLocation: 1,
          externalData: [{ key: 'location', value: 'w' }],
        },
      ],
    },
  };

  it('are written "..." and not read', () => {
    const { source, reads } = counted(encodeMessage(message));
    const files = {
      open: () => {
        throw new Error('external data were opened');
      },
    };
    const model = readModel(source, files);
    reads.length = 0;
    expect(printModel(model)).toContain(`<
  float[100000] large = ...,
  float[300] middle = ...,
  float[2] small = {1.5, 1.5},
  float[2] outside = ["location": "w"]
>`);
    expect(reads).toEqual([]);
    expect(printModel(model, { maxElements: 300 })).toContain(
      `float[300] middle = {${Array(300).fill('1.5').join(', ')}},`,
    );
    expect(reads.map(([, length]) => length)).toEqual([1200]);
  });

  it('written "..." come back as tensors without data', () => {
    const back = parseModel(printModel(decodeModel(encodeMessage(message))));
    const large = back.graph.find('large')?.initializer;
    expect([large?.dims, large?.data]).toEqual([[100_000], { kind: 'none' }]);
    expect(printModel(back)).toContain('float[100000] large = ...,');
  });
});

it('external data in a text are opened by the files given', () => {
  const files = { open: () => memorySource(new Uint8Array(new Float32Array([1, 2, 3]).buffer)) };
  const text = 'g () => () <float[2] w = ["location": "w.bin", "offset": "4"]> { }';
  const tensor = parseModel(text, 'model.txt', files).graph.find('w')?.initializer;
  expect(readNumbers(tensor!)).toEqual([2, 3]);
});

describe('what the standard has no text for', () => {
  it('is quoted or listed when it computes', () => {
    const text = `<
  ir_version: 8,
  opset_import: ["pkg.torch.2.4.0" : 1]
>
g (float[1] x) => (float[1] y)
<
  sparse_tensor(float[10]) s = {float[2] {1, 2}, int64[2] {3, 7}}
>
{
  y = "pkg.torch.2.4.0"."aten::add":"a.b" <"an attribute" = 1, graphs = ["a graph" () => () {
    }], sparse = sparse_tensor(float[10]) = {float[1] {1}, int64[1] {0}}, tensors = [float[1] {1}, int64 {2}], types = [float[N], seq(string)], unsaid: undefined> (x)
}
`;
    // a list of graphs makes the attributes stand after the inputs
    const printed = printModel(parseModel(text));
    expect(printModel(parseModel(printed))).toBe(printed);
    for (const part of [
      '"pkg.torch.2.4.0"."aten::add":"a.b" (x) <',
      'sparse_tensor(float[10]) s = {float[2] {1, 2}, int64[2] {3, 7}}',
      '"an attribute" = 1',
      'graphs = ["a graph" () => () {',
      'sparse = sparse_tensor(float[10]) = {float[1] {1}, int64[1] {0}}',
      'tensors = [float[1] {1}, int64 {2}]',
      'types = [float[N], seq(string)]',
      'unsaid: undefined',
    ])
      expect(printed).toContain(part);
  });

  it('is counted when it does not', () => {
    const text = printMessage({
      docString: 'said',
      metadataProps: [{ key: 'said', value: '' }],
      graph: {
        name: 'g',
        docString: 'unsaid',
        node: [
          { opType: 'Op', docString: 'unsaid', metadataProps: [{ key: 'a' }, { key: 'b' }] },
          { opType: 'Op', docString: '' },
        ],
        input: [{ name: 'x', type: { denotation: 'IMAGE', tensorType: { elemType: 1 } } }],
      },
      functions: [{ name: 'f', docString: 'said' }],
    });
    expect(text).toMatch(
      /\n\n# Not in this text: 2 doc strings, 1 metadata list, 1 denotation\.\n$/,
    );
  });

  it('is not mentioned when there is none', () => {
    expect(printMessage({ graph: { name: 'g', docString: '' } })).toMatch(/\{\n\}\n$/);
  });
});

it('prints a graph that was never in a file', () => {
  const graph = new Graph('made');
  const x = graph.addInput('x', tensorType('float32', ['batch', null, 3]));
  const w = graph.addInitializer('w', float32Tensor([0.1, 2], [2]));
  const node = graph.addNode({ opType: 'Mul', inputs: [x, w], outputs: ['y'] });
  graph.addOutput(node.output);
  expect(printGraph(graph)).toBe(`made (float[batch, ?, 3] x) => (y)
<
  float[2] w = {0.1, 2}
>
{
  y = Mul (x, w)
}
`);
});

it('prints data that do not fit their dimensions as "..."', () => {
  const short = { name: 'w', dataType: 1, dims: [4], rawData: new Uint8Array(5) };
  const many = { name: 'v', dataType: 1, dims: [1], floatData: [1, 2] };
  const text = printMessage({ graph: { name: 'g', initializer: [short, many] } }, [], EVERYTHING);
  expect(text).toContain('float[4] w = ...');
  expect(text).toContain('float[1] v = ...');
});
