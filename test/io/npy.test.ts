import { describe, expect, it } from 'vitest';
import { decodeFloat16 } from '../../src/io/float16.js';
import { type NumericArray, readNpy, writeNpy } from '../../src/io/npy.js';
import reference from './npy-reference.json' with { type: 'json' };

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

/** The elements as Python prints them: booleans as words, float16 decoded. */
function text({ type, data }: NumericArray): string[] {
  if (type === 'bool') return [...data].map((value) => (value ? 'True' : 'False'));
  if (type === 'float16') return [...decodeFloat16(data)].map(String);
  return Array.from<number | bigint, string>(data, String);
}

const numbers = (words: string[]) => words.map((word) => (/^[\d.e+-]+$/.test(word) ? +word : word));

describe('readNpy', () => {
  it.each(reference.cases)('reads what numpy.save wrote: $name', (recorded) => {
    const found = readNpy(bytesOf(recorded.base64), 'array.npy');
    expect(found.type).toBe(recorded.type);
    expect(found.dims).toEqual(recorded.dims);
    if (/^u?int/.test(recorded.type)) expect(text(found)).toEqual(recorded.values);
    else expect(numbers(text(found))).toEqual(numbers(recorded.values));
  });

  it('reads Node Buffers, which share memory with others, and leaves them as they are', () => {
    for (const { base64 } of reference.cases) {
      const file = Buffer.from(base64, 'base64');
      expect(readNpy(file, 'a')).toEqual(readNpy(bytesOf(base64), 'a'));
      expect(file.toString('base64')).toBe(base64);
    }
  });

  it('reads from the middle of a buffer', () => {
    const { base64 } = reference.cases.find((recorded) => recorded.name === 'float64')!;
    const bytes = bytesOf(base64);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readNpy(shifted.subarray(3), 'a')).toEqual(readNpy(bytes, 'a'));
  });

  const sample = bytesOf(reference.cases.find((recorded) => recorded.name === 'float32')!.base64);
  const withHeader = (from: string, to: string) => {
    const changed = Buffer.from(sample).toString('latin1').replace(from, to);
    return new Uint8Array(Buffer.from(changed, 'latin1'));
  };

  it('says so when the file ends early, wherever it ends', () => {
    for (let length = 6; length < sample.length; length++) {
      expect(() => readNpy(sample.subarray(0, length), 'cut.npy')).toThrow(
        expect.objectContaining({ code: 'NPY_TRUNCATED' }),
      );
    }
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['another file', new Uint8Array(Buffer.from('PK\x03\x04 and more of it'))],
    ['an unknown version', withHeader('\x93NUMPY\x01', '\x93NUMPY\x09')],
    ['a header without a shape', withHeader("'shape'", "'shale'")],
  ])('refuses %s', (_, bytes) => {
    expect(() => readNpy(bytes, 'x.npy')).toThrow(
      expect.objectContaining({
        code: 'NPY_INVALID',
        details: expect.objectContaining({ file: 'x.npy' }),
      }),
    );
  });

  it.each(Object.entries(reference.refused))('refuses elements that are %s', (_, base64) => {
    expect(() => readNpy(bytesOf(base64), 'x.npy')).toThrow(
      expect.objectContaining({ code: 'NPY_TYPE' }),
    );
  });
});

describe('writeNpy', () => {
  const canonical = reference.cases.filter((recorded) => recorded.canonical);

  it.each(canonical)('writes the bytes that numpy.save writes: $name', (recorded) => {
    const bytes = bytesOf(recorded.base64);
    expect(writeNpy(readNpy(bytes, 'a'))).toEqual(bytes);
  });

  it('writes a part of a larger array', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const back = readNpy(writeNpy({ type: 'float32', data, dims: [2] }), 'a');
    expect([...back.data]).toEqual([2, 3]);
  });

  it('refuses data that does not fill its shape', () => {
    expect(() => writeNpy({ type: 'float32', data: new Float32Array(5), dims: [2, 3] })).toThrow(
      expect.objectContaining({ code: 'NPY_LENGTH' }),
    );
  });
});
