// Whatever the bytes, loading gives a model or a StepfoldError, never a raw exception.
import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepfoldError } from '../../../src/errors/index.js';
import { readBytes } from '../../../src/model/ir/tensor.js';
import { decodeModel, encodeModel } from '../../../src/model/onnx/codec.js';
import { encodeMessage } from '../../../src/model/onnx/descriptor.js';
import { printModel } from '../../../src/model/onnx/text/index.js';
import { fieldHeader } from '../../../src/model/onnx/wire.js';
import { anyModel } from './arbitrary.js';

const fixture = (name: string) =>
  new Uint8Array(fs.readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Loads and, when that works, writes and prints; returns the error's code, or "model". */
function outcome(bytes: Uint8Array): string {
  try {
    const model = decodeModel(bytes, 'broken.onnx');
    encodeModel(model);
    printModel(model, { maxElements: Number.POSITIVE_INFINITY });
    for (const { initializer } of model.graph.initializers)
      if (['range', 'bytes', 'typed'].includes(initializer!.data.kind)) readBytes(initializer!);
    return 'model';
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    expect(error.details.hint).toBeTruthy();
    return error.code;
  }
}

describe('a truncated file', () => {
  it('is refused, or a shorter model, at every byte', () => {
    const whole = fixture('onnx/everything.onnx');
    const outcomes = new Map<string, number>();
    for (let length = 0; length < whole.length; length++) {
      const code = outcome(whole.subarray(0, length));
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
    }
    expect([...outcomes.keys()].sort()).toEqual(['ONNX_INVALID', 'ONNX_TRUNCATED', 'model']);
    // only where a field of the model itself ends can the rest be missed without notice
    expect(outcomes.get('model')).toBeLessThan(20);
  });

  it('is named, with the byte at which the unfinished field starts', () => {
    const bytes = encodeMessage({ producerName: 'someone', graph: { name: 'g' } });
    expect(() => decodeModel(bytes.subarray(0, 5), 'part.onnx')).toThrow(
      '"part.onnx" ends in the middle of a field that starts at byte 0.',
    );
  });
});

describe('random bytes', () => {
  it('are refused or read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        outcome(bytes);
      }),
      { numRuns: 2000, endOnFailure: true },
    );
  });

  it('in the place of a graph are refused or read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        outcome(Uint8Array.from([...fieldHeader(7, bytes.length), ...bytes]));
      }),
      { numRuns: 2000, endOnFailure: true },
    );
  });

  it('in the middle of a model are refused or read', () => {
    fc.assert(
      fc.property(
        anyModel(),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 4 }),
        (message, at, garbage) => {
          const bytes = encodeMessage(message);
          bytes.set(garbage, at % (bytes.length - garbage.length));
          outcome(bytes);
        },
      ),
      { numRuns: 1000, endOnFailure: true },
    );
  });
});

describe('a file that is something else', () => {
  it.each([
    ['a zip archive', bytesOf('PK\x03\x04 and so on'), 'a zip archive'],
    ['a page', bytesOf('<!DOCTYPE html><html></html>'), 'an HTML or XML page'],
    ['JSON', bytesOf('{"irVersion": 8}'), 'it is JSON'],
    [
      'a Git LFS pointer',
      bytesOf('version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n'),
      'a Git LFS pointer',
    ],
    ['empty', new Uint8Array(0), 'it is empty'],
    ['text', bytesOf('This is no model at all.'), 'byte 0'],
    ['a model without a graph', encodeMessage({ irVersion: 8 }), 'it holds no graph'],
    [
      'a model with names that are not UTF-8',
      modelNamed(Uint8Array.of(0xff, 0xfe)),
      'cannot be decoded',
    ],
  ])('%s is refused', (_, bytes, why) => {
    expect(outcome(bytes)).toBe('ONNX_INVALID');
    expect(() => decodeModel(bytes, 'thing.onnx')).toThrow(why);
  });
});

function modelNamed(name: Uint8Array): Uint8Array {
  const field = [...fieldHeader(2, name.length), ...name];
  return Uint8Array.from([...fieldHeader(7, field.length), ...field]);
}

/** A message in a message in a message, `depth` times through all of `ids`, the innermost first. */
function nested(ids: readonly number[], depth: number, around: readonly number[]): Uint8Array {
  const headers: Uint8Array[] = [];
  let length = 0;
  const wrap = (id: number) => {
    const header = fieldHeader(id, length);
    headers.push(header);
    length += header.length;
  };
  for (let i = 0; i < depth; i++) ids.forEach(wrap);
  around.forEach(wrap);
  return Uint8Array.from(Buffer.concat(headers.reverse()));
}

describe('nesting that would exhaust the stack is refused', () => {
  it('of graphs in attributes of nodes', () => {
    expect(outcome(nested([6, 5, 1], 30_000, [7]))).toBe('ONNX_INVALID');
  });

  it('of sequence types', () => {
    expect(outcome(nested([1, 4], 30_000, [2, 11, 7]))).toBe('ONNX_INVALID');
  });

  it('and the deepest that is taken can be written again', () => {
    const depths = Array.from({ length: 60 }, (_, depth) => outcome(nested([6, 5, 1], depth, [7])));
    expect(depths.lastIndexOf('model')).toBeGreaterThan(20);
    expect(new Set(depths)).toEqual(new Set(['model', 'ONNX_INVALID']));
  });
});

it('the number of our own placeholder is refused in a file', () => {
  const bytes = encodeMessage({
    functions: [{ node: [{ attribute: [{ type: 4, t: { rawRange: 3 } }] }] }],
    graph: {},
  });
  expect(outcome(bytes)).toBe('ONNX_INVALID');
});

describe('a tensor whose data do not fit is refused when it is read', () => {
  it.each([
    ['raw data too short', { dataType: 1, dims: [4], rawData: new Uint8Array(15) }],
    ['raw data too long', { dataType: 7, dims: [1], rawData: new Uint8Array(16) }],
    ['large raw data too short', { dataType: 1, dims: [1000], rawData: new Uint8Array(3999) }],
    ['typed data too few', { dataType: 1, dims: [4], floatData: [1, 2] }],
  ])('%s', (_, tensor) => {
    const model = decodeModel(
      encodeMessage({ graph: { initializer: [{ name: 'w', ...tensor }] } }),
    );
    const [value] = [...model.graph.initializers];
    expect(() => readBytes(value!.initializer!)).toThrow(StepfoldError);
    expect(() => readBytes(value!.initializer!)).toThrow(/"w"/);
  });
});
