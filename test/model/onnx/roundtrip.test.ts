// Loading and saving changes nothing: byte for byte where protobuf's usual order was written.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import Long from 'long';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../../../src/model/onnx/codec.js';
import { decodeMessage, encodeMessage } from '../../../src/model/onnx/descriptor.js';
import { putBack, readThrough, takeOut } from '../../../src/model/onnx/skeleton.js';
import { joinPieces, memorySource } from '../../../src/model/onnx/source.js';
import { anyModel } from './arbitrary.js';
import { canonical } from './canonical.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const files = [
  'test/fixtures/onnx',
  'test/fixtures/text',
  'samples/architectures',
  'samples/digits',
]
  .flatMap((folder) =>
    fs.readdirSync(path.join(ROOT, folder)).map((file) => path.join(folder, file)),
  )
  .filter((file) => file.endsWith('.onnx'));

/** What onnx-proto, an independent reader of ONNX 1.10, sees in the bytes. */
const seenByOnnxProto = (bytes: Uint8Array) =>
  onnxProto.onnx.ModelProto.toObject(onnxProto.onnx.ModelProto.decode(bytes), {
    longs: String,
    bytes: String,
    enums: Number,
  });

describe.each(files)('%s', (file) => {
  const bytes = new Uint8Array(fs.readFileSync(path.join(ROOT, file)));

  it('is written as it was read', () => {
    const written = encodeModel(decodeModel(bytes));
    expect(Buffer.compare(written, bytes)).toBe(0);
  });

  it('is read as onnx-proto reads it', () => {
    const ours = onnxProto.onnx.ModelProto.create(decodeMessage(bytes) as object);
    const reencoded = onnxProto.onnx.ModelProto.encode(ours).finish();
    expect(seenByOnnxProto(reencoded)).toEqual(seenByOnnxProto(bytes));
  });
});

describe('any model', () => {
  it('is written as it was read', () => {
    fc.assert(
      fc.property(anyModel(), (message) => {
        const bytes = encodeMessage(message);
        const written = encodeModel(decodeModel(bytes));
        expect(canonical(decodeMessage(written))).toEqual(canonical(decodeMessage(bytes)));
        expect(Buffer.from(written).equals(bytes)).toBe(true);
        expect(seenByOnnxProto(written)).toEqual(seenByOnnxProto(bytes));
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  it('is put together from its skeleton and its ranges', () => {
    fc.assert(
      fc.property(anyModel(), (message) => {
        const bytes = encodeMessage(message);
        const source = memorySource(bytes);
        const { skeleton, ranges } = readThrough(takeOut(source), source);
        const back = joinPieces(putBack(memorySource(joinPieces(skeleton)), ranges));
        expect(Buffer.from(back).equals(bytes)).toBe(true);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it('leaves large raw data out of its skeleton', () => {
    const rawData = new Uint8Array(5000).fill(7);
    const tensor = { name: 'w', dataType: 2, dims: [5000], rawData };
    const constant = {
      opType: 'Constant',
      output: ['c'],
      attribute: [{ name: 'value', type: 4, t: tensor }],
    };
    const inner = { name: 'inner', node: [constant], initializer: [tensor] };
    const message = {
      graph: {
        initializer: [
          { ...tensor, name: 'v' },
          { ...tensor, name: 'small', rawData: rawData.subarray(0, 1023) },
        ],
        node: [{ opType: 'If', attribute: [{ name: 'then_branch', type: 5, g: inner }] }],
      },
      functions: [{ name: 'f', node: [constant] }],
    };
    const source = memorySource(encodeMessage(message));
    const { skeleton, ranges } = readThrough(takeOut(source), source);
    expect(ranges.map((r) => r.length)).toEqual([5000, 5000, 5000, 5000]);
    expect(joinPieces(skeleton).length).toBeLessThan(1023 + 300);
  });
});

it('sizes beyond 2^53 are written as they were read', () => {
  const dims = [Long.fromString('9007199254740993'), Long.fromString('-9007199254740995')];
  const bytes = encodeMessage({ graph: { initializer: [{ name: 'w', dataType: 1, dims }] } });
  expect(Buffer.from(encodeModel(decodeModel(bytes))).equals(bytes)).toBe(true);
});

it('a sparse tensor keeps its data when its node moves to another model', () => {
  const tensor = (fill: number) => ({
    dataType: 2,
    dims: [5000],
    rawData: new Uint8Array(5000).fill(fill),
  });
  const sparseTensor = { values: tensor(1), indices: tensor(2), dims: [9] };
  const message = {
    graph: {
      initializer: [{ ...tensor(3), name: 'w' }],
      node: [
        {
          opType: 'Constant',
          output: ['c'],
          attribute: [{ name: 'sparse_value', type: 11, sparseTensor }],
        },
      ],
    },
  };
  const { graph } = decodeModel(encodeMessage(message));
  const empty = decodeModel(encodeMessage({ graph: {} }));
  const moved = decodeMessage(encodeModel({ ...empty, graph }));
  const found = moved.graph?.node?.[0]?.attribute?.[0]?.sparseTensor;
  expect([found?.values?.rawData?.[0], found?.indices?.rawData?.[0]]).toEqual([1, 2]);
});
