// Files on disk: external data, folders that must not be left, writing all or nothing.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StepfoldError } from '../../../src/errors/index.js';
import { readBytes, readNumbers, type TensorData } from '../../../src/model/ir/tensor.js';
import { decodeModel, encodeModel } from '../../../src/model/onnx/codec.js';
import { decodeMessage, encodeMessage } from '../../../src/model/onnx/descriptor.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import type { StringStringEntry } from '../../../src/model/onnx/messages.js';
import { parseModel, printModel } from '../../../src/model/onnx/text/index.js';

let folder = '';
let outside = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-files-'));
  outside = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-outside-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.rmSync(outside, { recursive: true, force: true });
});

const at = (name: string) => path.join(folder, name);

/** Writes model.onnx with one float tensor "w" of 4 elements in external data. */
function writeModel(entries: Record<string, string>): string {
  const externalData: StringStringEntry[] = Object.entries(entries).map(([key, value]) => ({
    key,
    value,
  }));
  const tensor = { name: 'w', dataType: 1, dims: [4], dataLocation: 1, externalData };
  fs.writeFileSync(
    at('model.onnx'),
    encodeMessage({ irVersion: 8, graph: { initializer: [tensor] } }),
  );
  return at('model.onnx');
}

const weights = (file: string) => [...loadModel(file).graph.initializers][0]!.initializer!;

function refusal(action: () => unknown): StepfoldError {
  try {
    action();
  } catch (error) {
    return error as StepfoldError;
  }
  throw new Error('nothing was refused');
}

describe('external data', () => {
  const four = new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer);

  it('are read from their place', () => {
    fs.mkdirSync(at('deep'));
    fs.writeFileSync(at('deep/w.bin'), Buffer.concat([Buffer.alloc(8), four]));
    expect(
      readNumbers(weights(writeModel({ location: 'deep/w.bin', offset: '8', length: '16' }))),
    ).toEqual([1, 2, 3, 4]);
    expect(readNumbers(weights(writeModel({ location: 'deep/w.bin', offset: '8' })))).toEqual([
      1, 2, 3, 4,
    ]);
    expect(readNumbers(weights(writeModel({ location: 'deep/w.bin' })))).toEqual([0, 0, 1, 2]);
    // a length of 0 says nothing of it, as onnxruntime reads it
    expect(
      readNumbers(weights(writeModel({ location: 'deep/w.bin', offset: '8', length: '0' }))),
    ).toEqual([1, 2, 3, 4]);
  });

  it('keep their entries, of which some say nothing', () => {
    const entries = { location: 'w.bin', checksum: 'abc', offset: '0', length: '0' };
    const saved = decodeMessage(encodeModel(loadModel(writeModel(entries))));
    expect(saved.graph?.initializer?.[0]?.externalData).toEqual(
      Object.entries(entries).map(([key, value]) => ({ key, value })),
    );
    // but not where they no longer say what is so
    const model = loadModel(writeModel({ ...entries, length: '16' }));
    const [w] = model.graph.initializers;
    const data = w!.initializer!.data as TensorData & { kind: 'external' };
    const again = (length: number | undefined) => {
      model.graph.setInitializer(w!, { ...w!.initializer!, data: { ...data, length } });
      const message = decodeMessage(encodeModel(model));
      return message.graph?.initializer?.[0]?.externalData?.map(({ key, value }) => [key, value]);
    };
    expect(again(8)).toEqual([
      ['location', 'w.bin'],
      ['length', '8'],
    ]);
    expect(again(undefined)).toEqual([['location', 'w.bin']]);
  });

  it('inputs whose type was changed are written with it', () => {
    const model = parseModel('g (float[batch,2] x) => (float[batch,2] y) { y = Relu (x) }');
    const read = decodeModel(encodeModel(model));
    const [x] = read.graph.inputs;
    x!.type = { kind: 'tensor', elem: 'float32', shape: [7, 2] };
    const { input, output } = decodeMessage(encodeModel(read)).graph!;
    const sizes = (of: typeof input) =>
      of![0]!.type!.tensorType!.shape!.dim!.map((d) => d.dimParam ?? Number(d.dimValue));
    expect([sizes(input), sizes(output)]).toEqual([
      [7, 2],
      ['batch', 2],
    ]);
  });

  it('may lie behind a link that stays inside the folder', () => {
    fs.writeFileSync(at('real.bin'), four);
    fs.symlinkSync('real.bin', at('w.bin'));
    expect(readNumbers(weights(writeModel({ location: 'w.bin' })))).toEqual([1, 2, 3, 4]);
  });

  it('are not looked at when the model is loaded', () => {
    expect(weights(writeModel({ location: 'nowhere.bin' })).data.kind).toBe('external');
  });

  it.each([
    ['missing', { location: 'nowhere.bin' }, 'EXTERNAL_DATA_MISSING', 'nowhere.bin'],
    ['short', { location: 'short.bin' }, 'EXTERNAL_DATA_SHORT', 'up to byte 16'],
    [
      'short after their offset',
      { location: 'four.bin', offset: '4' },
      'EXTERNAL_DATA_SHORT',
      'up to byte 20',
    ],
    [
      'far after the end',
      { location: 'four.bin', offset: '9007199254740991' },
      'EXTERNAL_DATA_SHORT',
      'four.bin',
    ],
    ['a folder', { location: 'sub' }, 'EXTERNAL_DATA_MISSING', 'sub'],
    ['behind a file', { location: 'four.bin/w' }, 'EXTERNAL_DATA_MISSING', 'four.bin/w'],
    ['at no path at all', { location: 'w\0.bin' }, 'EXTERNAL_DATA_ESCAPES', 'zero byte'],
    ['without a location', {}, 'EXTERNAL_DATA_MISSING', '""'],
    [
      'at an absolute path',
      { location: path.join(os.tmpdir(), 'w.bin') },
      'EXTERNAL_DATA_ESCAPES',
      'absolute',
    ],
    ['at a Windows path', { location: 'C:\\weights.bin' }, 'EXTERNAL_DATA_ESCAPES', 'absolute'],
    ['on another drive', { location: 'C:weights.bin' }, 'EXTERNAL_DATA_ESCAPES', 'a drive'],
    ['on a server', { location: '\\\\server\\share\\w.bin' }, 'EXTERNAL_DATA_ESCAPES', 'absolute'],
    [
      'on a server, by slashes',
      { location: '//server/w.bin' },
      'EXTERNAL_DATA_ESCAPES',
      'absolute',
    ],
    ['above by dots and a space', { location: '.. /w.bin' }, 'EXTERNAL_DATA_ESCAPES', '".."'],
    ['above by a last part', { location: 'sub/..' }, 'EXTERNAL_DATA_ESCAPES', '".."'],
    // names like any other, and not there
    ['percent-encoded', { location: '%2e%2e%2fw.bin' }, 'EXTERNAL_DATA_MISSING', '%2e'],
    ['at an address', { location: 'file:w.bin' }, 'EXTERNAL_DATA_MISSING', 'file:'],
    ['in another case', { location: 'FOUR.BIN.' }, 'EXTERNAL_DATA_MISSING', 'FOUR'],
    ['in the folder itself', { location: '.' }, 'EXTERNAL_DATA_MISSING', '"."'],
    ['above the folder', { location: '../w.bin' }, 'EXTERNAL_DATA_ESCAPES', '".."'],
    ['above the folder and back', { location: 'sub/../../w.bin' }, 'EXTERNAL_DATA_ESCAPES', '".."'],
    ['above by backslashes', { location: '..\\w.bin' }, 'EXTERNAL_DATA_ESCAPES', '".."'],
    [
      'behind a link out of the folder',
      { location: 'link.bin' },
      'EXTERNAL_DATA_ESCAPES',
      'link out',
    ],
    ['in a linked folder', { location: 'linked/secret' }, 'EXTERNAL_DATA_ESCAPES', 'link out'],
    [
      'longer than their tensor',
      { location: 'four.bin', length: '12' },
      'TENSOR_DATA_SIZE',
      '12 bytes',
    ],
    [
      'at an offset that is no number',
      { location: 'four.bin', offset: 'x' },
      'ONNX_INVALID',
      'offset "x"',
    ],
    ['at a negative offset', { location: 'four.bin', offset: '-4' }, 'ONNX_INVALID', 'offset "-4"'],
    [
      'of a length beyond 2^53',
      { location: 'four.bin', length: '9007199254740993' },
      'ONNX_INVALID',
      'length',
    ],
  ])('%s are refused by name', (_, entries, code, what) => {
    fs.mkdirSync(at('sub'));
    fs.writeFileSync(at('short.bin'), four.subarray(0, 15));
    fs.writeFileSync(at('four.bin'), four);
    fs.writeFileSync(path.join(outside, 'secret'), four);
    fs.symlinkSync(path.join(outside, 'secret'), at('link.bin'));
    fs.symlinkSync(outside, at('linked'));
    const file = writeModel(entries);
    const error = refusal(() => readBytes(weights(file)));
    expect(error.code).toBe(code);
    expect(error.message).toContain(what);
    expect(error.details.hint).toBeTruthy();
  });

  it('of five gigabytes cost nothing until they are asked for', () => {
    const size = 5 * 2 ** 30;
    fs.writeFileSync(at('huge.bin'), '');
    fs.truncateSync(at('huge.bin'), size);
    const end = fs.openSync(at('huge.bin'), 'r+');
    fs.writeSync(end, four, 0, 16, size - 16);
    fs.closeSync(end);
    const file = writeModel({ location: 'huge.bin', offset: String(size - 16), length: '16' });
    const before = process.memoryUsage().arrayBuffers;
    const model = loadModel(file);
    expect(printModel(model)).toContain(`"offset": "${size - 16}"`);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
    expect(readNumbers([...model.graph.initializers][0]!.initializer!)).toEqual([1, 2, 3, 4]);
  });
});

describe('a model on disk', () => {
  it('that is not there is refused by name', () => {
    expect(refusal(() => loadModel(at('none.onnx'))).code).toBe('FILE_NOT_FOUND');
    expect(refusal(() => loadModel(folder)).code).toBe('FILE_IS_A_FOLDER');
    fs.writeFileSync(at('file'), '');
    expect(refusal(() => loadModel(at('file/model.onnx'))).code).toBe('FILE_NOT_FOUND');
  });

  it('is copied byte for byte, large tensors included', () => {
    const rawData = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
    const bytes = encodeMessage({
      graph: { initializer: [{ dims: [100_000], dataType: 2, name: 'w', rawData }] },
    });
    fs.writeFileSync(at('a.onnx'), bytes);
    saveModel(loadModel(at('a.onnx')), at('b.onnx'));
    expect(fs.readFileSync(at('b.onnx')).equals(bytes)).toBe(true);
    // over itself, while its weights are still in it
    saveModel(loadModel(at('a.onnx')), at('a.onnx'));
    expect(fs.readFileSync(at('a.onnx')).equals(bytes)).toBe(true);
  });

  it('is written complete or not at all', () => {
    const rawData = new Uint8Array(5000).fill(1);
    fs.writeFileSync(
      at('a.onnx'),
      encodeMessage({
        graph: { initializer: [{ dims: [5000], dataType: 2, name: 'w', rawData }] },
      }),
    );
    const model = loadModel(at('a.onnx'));
    fs.writeFileSync(at('b.onnx'), 'what was there before');
    fs.truncateSync(at('a.onnx'), 100);
    expect(refusal(() => saveModel(model, at('b.onnx'))).code).toBe('ONNX_TRUNCATED');
    expect(fs.readFileSync(at('b.onnx'), 'utf8')).toBe('what was there before');
    expect(fs.readdirSync(folder).sort()).toEqual(['a.onnx', 'b.onnx']);
  });
});
