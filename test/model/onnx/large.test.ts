// Models larger than memory or than protobuf allows; what is read is counted, nothing is timed.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../../src/model/ir/tensor.js';
import { modelPieces, readModel } from '../../../src/model/onnx/codec.js';
import { encodeMessage } from '../../../src/model/onnx/descriptor.js';
import { saveModel } from '../../../src/model/onnx/files.js';
import { printModel } from '../../../src/model/onnx/text/index.js';
import { fieldHeader } from '../../../src/model/onnx/wire.js';

/** A model with one inline tensor "w" of `size` bytes that exist only while they are read. */
function modelSource(size: number): { source: ByteSource; read: () => number } {
  const tensor = encodeMessage({
    graph: { initializer: [{ dims: [size], dataType: 2, name: 'w' }] },
  });
  // the bytes of the tensor itself, out of model and graph: two headers of two bytes each
  const inner = tensor.subarray(4);
  const raw = fieldHeader(9, size);
  const inTensor = inner.length + raw.length + size;
  const initializer = fieldHeader(5, inTensor);
  const graph = fieldHeader(7, initializer.length + inTensor);
  const head = Uint8Array.from([...graph, ...initializer, ...inner, ...raw]);
  const tail = encodeMessage({ producerName: 'after the weights' });
  let read = 0;
  const total = head.length + size + tail.length;
  return {
    read: () => read,
    source: {
      label: 'virtual.onnx',
      size: total,
      read(offset, length) {
        expect(offset + length).toBeLessThanOrEqual(total);
        read += length;
        const bytes = new Uint8Array(length).fill(7);
        if (offset < head.length) bytes.set(head.subarray(offset, offset + length));
        const after = offset + length - (total - tail.length);
        if (after > 0)
          bytes.set(
            tail.subarray(
              tail.length - after - (total - offset - length),
              tail.length - (total - offset - length),
            ),
            length - after,
          );
        return bytes;
      },
    },
  };
}

describe.each([300 * 2 ** 20, 3 * 2 ** 30])('an inline tensor of %i bytes', (size) => {
  it('is stepped over when the model is loaded, printed and laid out for writing', () => {
    const { source, read } = modelSource(size);
    const model = readModel(source);
    expect(model.producerName).toBe('after the weights');
    const tensor = model.graph.find('w')?.initializer;
    expect(tensor?.dims).toEqual([size]);
    expect(tensor?.data).toMatchObject({ kind: 'range', length: size });
    expect(printModel(model)).toContain(`uint8[${size}] w = ...`);
    const pieces = modelPieces(model);
    expect(pieces.reduce((sum, p) => sum + p.length, 0)).toBe(source.size);
    expect(read()).toBeLessThan(2 ** 20);
  });
});

it('a model beyond two gigabytes is refused before a byte is written', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-large-'));
  try {
    const { source, read } = modelSource(2 ** 31);
    const model = readModel(source);
    const file = path.join(folder, 'out.onnx');
    expect(() => saveModel(model, file)).toThrow(/a protobuf file ends at 2 GiB/);
    expect(fs.readdirSync(folder)).toEqual([]);
    expect(read()).toBeLessThan(2 ** 20);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

it('a model is written in stretches of bounded length', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-large-'));
  try {
    const { source } = modelSource(200 * 2 ** 20);
    let longest = 0;
    const watched: ByteSource = {
      ...source,
      read(offset, length) {
        longest = Math.max(longest, length);
        return source.read(offset, length);
      },
    };
    const file = path.join(folder, 'out.onnx');
    saveModel(readModel(watched), file);
    expect(fs.statSync(file).size).toBe(source.size);
    expect(longest).toBeLessThanOrEqual(64 * 2 ** 20);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
