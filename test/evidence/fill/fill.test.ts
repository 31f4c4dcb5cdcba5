/**
 * Random weights for a model whose weights file is missing. The models and the reading back are
 * onnx-proto's and plain reads; the distributions are held against the fan-in of each operator.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import onnxProto from 'onnx-proto';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type FillOptions, fillWeights } from '../../../src/evidence/fill/fill.js';
import { halfToNumber } from '../../../src/model/ir/tensor.js';

const { onnx } = onnxProto;
const { FLOAT, FLOAT16, DOUBLE, INT64 } = onnx.TensorProto.DataType;

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-fill-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

let folder: string;
let serial = 0;
beforeEach(() => {
  folder = path.join(root, String(serial++));
  fs.mkdirSync(folder);
});

interface Weight {
  readonly name: string;
  readonly type?: number;
  readonly dims: number[];
  /** Bytes from the start of its file. */
  readonly offset: number;
  readonly location?: string;
}

const WIDTH: Record<number, number> = { [FLOAT]: 4, [FLOAT16]: 2, [DOUBLE]: 8, [INT64]: 8 };
const count = ({ dims }: Weight) => dims.reduce((a, b) => a * b, 1);

/** A model of nodes that each use weights by name; nothing of it but names and shapes matters. */
function writeModel(
  weights: readonly Weight[],
  nodes: readonly onnxProto.onnx.INodeProto[],
): string {
  const external = (w: Weight) => ({
    name: w.name,
    dataType: w.type ?? FLOAT,
    dims: w.dims,
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: Object.entries({
      location: w.location ?? 'weights.bin',
      offset: `${w.offset}`,
      length: `${count(w) * WIDTH[w.type ?? FLOAT]!}`,
    }).map(([key, value]) => ({ key, value })),
  });
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'g',
      input: [{ name: 'x', type: { tensorType: { elemType: FLOAT } } }],
      output: nodes.map((n) => ({
        name: n.output![0]!,
        type: { tensorType: { elemType: FLOAT } },
      })),
      node: [...nodes],
      initializer: weights.map(external),
    },
  });
  const file = path.join(folder, 'model.onnx');
  fs.writeFileSync(file, onnx.ModelProto.encode(model).finish());
  return file;
}

const node = (
  opType: string,
  input: string[],
  attribute: onnxProto.onnx.IAttributeProto[] = [],
) => ({
  opType,
  input,
  output: [`${opType}-${input.join('-')}`],
  attribute,
});
const transB = { name: 'transB', type: onnx.AttributeProto.AttributeType.INT, i: 1 };

const fill = (model: string, options: Partial<FillOptions> = {}) =>
  fillWeights({ model, folder: path.join(folder, 'out'), ...options });

function read(weight: Weight): number[] {
  const file = fs.readFileSync(path.join(folder, 'out', weight.location ?? 'weights.bin'));
  const view = new DataView(file.buffer, file.byteOffset + weight.offset);
  const type = weight.type ?? FLOAT;
  return Array.from({ length: count(weight) }, (_, i) =>
    type === FLOAT
      ? view.getFloat32(4 * i, true)
      : type === FLOAT16
        ? halfToNumber(view.getUint16(2 * i, true))
        : type === DOUBLE
          ? view.getFloat64(8 * i, true)
          : Number(view.getBigInt64(8 * i, true)),
  );
}

/** Mean and deviation within four standard errors, or both exactly zero. */
function expectNormal(values: number[], mean: number, deviation: number): void {
  const n = values.length;
  const found = values.reduce((a, b) => a + b, 0) / n;
  const spread = Math.sqrt(values.reduce((a, b) => a + (b - found) ** 2, 0) / n);
  expect(Math.abs(found - mean)).toBeLessThanOrEqual((4 * deviation) / Math.sqrt(n));
  expect(Math.abs(spread - deviation)).toBeLessThanOrEqual((4 * deviation) / Math.sqrt(2 * n));
}

describe('values', () => {
  const weights: Weight[] = [
    { name: 'conv', dims: [32, 16, 3, 3], offset: 0 },
    { name: 'up', dims: [16, 32, 4, 4], offset: 20_000 },
    { name: 'matmul', dims: [64, 100], offset: 60_000 },
    { name: 'gemm', dims: [100, 64], offset: 100_000, type: FLOAT16 },
    { name: 'bias', dims: [5000], offset: 120_000, type: DOUBLE },
    { name: 'scale', dims: [5000], offset: 160_000 },
    { name: 'index', dims: [7], offset: 180_000, type: INT64 },
  ];
  const nodes = [
    node('Conv', ['x', 'conv']),
    node('ConvTranspose', ['x', 'up']),
    node('MatMul', ['x', 'matmul']),
    node('Gemm', ['x', 'gemm'], [transB]),
    node('Add', ['x', 'bias']),
    node('Mul', ['x', 'scale']),
    node('Gather', ['x', 'index']),
  ];

  test('keep the variance of what they multiply, by fan-in; integers are zero', () => {
    const report = fill(writeModel(weights, nodes));
    const [conv, up, matmul, gemm, bias, scale, index] = weights.map(read);
    expectNormal(conv!, 0, 1 / Math.sqrt(16 * 9));
    expectNormal(up!, 0, 1 / Math.sqrt(16 * 16));
    expectNormal(matmul!, 0, 1 / Math.sqrt(64));
    expectNormal(gemm!, 0, 1 / Math.sqrt(64));
    expectNormal(bias!, 0, 0.1);
    expectNormal(scale!, 1, 0.1);
    expect(index).toEqual(Array(7).fill(0));
    expect(report).toEqual({
      model: path.join(folder, 'out', 'model.onnx'),
      files: { 'weights.bin': 180_056 },
      tensors: 7,
      elements: weights.reduce((sum, w) => sum + count(w), 0),
    });
    const copied = fs.readFileSync(report.model);
    expect(copied.equals(fs.readFileSync(path.join(folder, 'model.onnx')))).toBe(true);
  });

  test('depend on the seed alone; no two tensors are alike', () => {
    const model = writeModel(weights, nodes);
    const filled = (seed: number) => {
      const to = path.join(folder, `seed-${seed}-${serial++}`);
      fill(model, { folder: to, seed });
      return fs.readFileSync(path.join(to, 'weights.bin')).toString('base64');
    };
    expect(filled(1)).toBe(filled(1));
    expect(filled(1)).not.toBe(filled(2));
    fill(model);
    const [conv, up] = weights.map(read);
    expect(conv!.slice(0, 100).map((v) => v * 12)).not.toEqual(
      up!.slice(0, 100).map((v) => v * 16),
    );
  });

  test('longer than the period of the noise are written whole', () => {
    const long: Weight = { name: 'long', dims: [2 ** 22 + 3], offset: 8 };
    const seen: number[] = [];
    fill(writeModel([long], [node('Add', ['x', 'long'])]), {
      onProgress: (done, total) => seen.push(done / total),
    });
    const file = path.join(folder, 'out', 'weights.bin');
    expect(fs.statSync(file).size).toBe(8 + 4 * (2 ** 22 + 3));
    expectNormal(read(long), 0, 0.1);
    expect(seen.at(-1)).toBe(1);
  });

  test('lie in the files and folders that the model names', () => {
    const apart: Weight[] = [
      { name: 'a', dims: [4], offset: 16, location: 'a.bin' },
      { name: 'b', dims: [4], offset: 0, location: 'deep/b.bin' },
    ];
    const { files } = fill(writeModel(apart, [node('Add', ['a', 'b'])]));
    expect(files).toEqual({ 'a.bin': 32, 'deep/b.bin': 16 });
    for (const weight of apart) expect(read(weight).every((v) => v !== 0)).toBe(true);
  });
});

describe('refused, with nothing written', () => {
  const refusal = (act: () => unknown): string | undefined => {
    try {
      act();
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return undefined;
  };

  test.each([
    ['../weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['/tmp/weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['a/../../weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['..\\weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['.. /weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['C:\\weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['C:weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['\\\\server\\share\\weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['//server/weights.bin', 'EXTERNAL_DATA_ESCAPES'],
    ['a\0b', 'EXTERNAL_DATA_ESCAPES'],
    ['.', 'WRITE_FAILED'],
    ['', 'WRITE_FAILED'],
    ['model.onnx', 'FILL_ITSELF'],
    ['./model.onnx', 'FILL_ITSELF'],
  ])('weights in "%s"', (location, code) => {
    const model = writeModel(
      [{ name: 'w', dims: [4], offset: 0, location }],
      [node('Add', ['x', 'w'])],
    );
    const before = fs.readFileSync(model);
    expect(refusal(() => fill(model))).toBe(code);
    expect(fs.readdirSync(folder)).toEqual(['model.onnx']);
    expect(fs.readFileSync(model).equals(before)).toBe(true);
  });

  test.each([
    ['more than a disk holds', [2 ** 25, 2 ** 25], 0, 'WRITE_FAILED'],
    ['behind the end of any disk', [4], 2 ** 52, 'WRITE_FAILED'],
    ['less than nothing', [-4, -1], 0, 'TENSOR_DIMENSION'],
  ])('weights of %s', (_, dims, offset, code) => {
    const model = writeModel([{ name: 'w', dims, offset }], [node('Add', ['x', 'w'])]);
    expect(refusal(() => fill(model))).toBe(code);
    expect(fs.readdirSync(folder)).toEqual(['model.onnx']);
  });

  test('a model that has all its weights', () => {
    expect(refusal(() => fill('samples/digits/digits-unet.onnx'))).toBe('FILL_NOTHING');
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test('a folder that holds something', () => {
    const model = writeModel([{ name: 'w', dims: [4], offset: 0 }], [node('Add', ['x', 'w'])]);
    expect(refusal(() => fill(model, { folder }))).toBe('OUTPUT_NOT_EMPTY');
    expect(fs.readdirSync(folder)).toEqual(['model.onnx']);
  });
});
