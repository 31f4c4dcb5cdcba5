import fs from 'node:fs';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../../../src/model/onnx/codec.js';
import { decodeMessage } from '../../../src/model/onnx/descriptor.js';
import { fromOnnxProto, toOnnxProto } from '../../../src/model/onnx/interchange.js';
import { canonical } from './canonical.js';

const { ModelProto } = onnxProto.onnx;
const fixture = (name: string) =>
  new Uint8Array(fs.readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));
const plain = (message: InstanceType<typeof ModelProto>) =>
  ModelProto.toObject(message, { longs: String, bytes: String, enums: Number });

describe.each([
  'onnx/everything.onnx',
  'text/header.onnx',
  'text/control.onnx',
  'text/tensors.onnx',
])('%s', (name) => {
  const bytes = fixture(name);

  it('reaches onnx-proto with every field that it knows', () => {
    const encoded = ModelProto.encode(toOnnxProto(decodeModel(bytes))).finish();
    expect(plain(ModelProto.decode(encoded))).toEqual(plain(ModelProto.decode(bytes)));
  });

  it('comes from onnx-proto with every field that it knew', () => {
    const known = ModelProto.decode(bytes);
    const reencoded = ModelProto.encode(known).finish();
    const written = encodeModel(fromOnnxProto(known));
    expect(canonical(decodeMessage(written))).toEqual(canonical(decodeMessage(reencoded)));
  });

  it('loses nothing when it only passes through the object', () => {
    const there = toOnnxProto(decodeModel(bytes));
    expect(Buffer.from(encodeModel(fromOnnxProto(there))).equals(bytes)).toBe(true);
  });
});

it('what onnx-proto does not know is dropped when it encodes', () => {
  const bytes = fixture('onnx/everything.onnx');
  const encoded = ModelProto.encode(toOnnxProto(decodeModel(bytes))).finish();
  const node = decodeMessage(encoded).graph?.node?.[0];
  expect(decodeMessage(bytes).graph?.node?.[0]?.overload).toBe('second');
  expect(node?.overload ?? '').toBe('');
});

it('takes plain objects, with nulls for what is left out', () => {
  const model = fromOnnxProto({
    irVersion: 8,
    producerName: null,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'g',
      node: [{ opType: 'Relu', input: ['x'], output: ['y'], attribute: null }],
      input: [
        { name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'N' }] } } } },
      ],
      output: [{ name: 'y' }],
    },
  });
  expect(model.irVersion).toBe(8);
  expect(model.opsets.get('')).toBe(17);
  expect(model.graph.inputs[0]?.type).toMatchObject({
    kind: 'tensor',
    elem: 'float32',
    shape: ['N'],
  });
});

it('a model without a graph is refused', () => {
  expect(() => fromOnnxProto({ irVersion: 8 })).toThrow(/holds no graph/);
});
