/** Which tensors in external files are read into memory: vectors below a kilobyte whose file is there. */
import { describe, expect, test } from 'vitest';
import { readSmallTensors } from '../../../src/compiler/canonicalize/small-tensors.js';
import { externalDataMissing } from '../../../src/errors/index.js';
import type { ExternalFiles, Tensor } from '../../../src/model/ir/tensor.js';
import { modelOf, named } from '../../helpers/text.js';

/** A file in which every byte is its own place. */
const FILE: ExternalFiles = {
  open: () => ({
    label: 'numbers.bin',
    size: 1 << 16,
    read: (offset, length) => Uint8Array.from({ length }, (_, i) => offset + i),
  }),
};
const failing = (error: unknown): ExternalFiles => ({
  open: () => {
    throw error;
  },
});

const tensor = (dims: number[], files: ExternalFiles | undefined = FILE): Tensor => {
  const length = 4 * dims.reduce((a, b) => a * b, 1);
  const data = { kind: 'external', location: 'numbers.bin', offset: 3, length, files } as const;
  return { dtype: 'float32', dims, data };
};

/** What becomes of it as an initializer. */
function read(given: Tensor): Tensor {
  const model = modelOf('test (float[n] x) => (y) <float w = {1}> { y = Add (x, w) }');
  named(model, 'w').initializer = given;
  readSmallTensors(model);
  return named(model, 'w').initializer!;
}

describe('read', () => {
  test.each([[[]], [[1]], [[255]]])('of sizes %j', (dims) => {
    const { data, ...rest } = read(tensor(dims));
    expect(rest).toEqual({ dtype: 'float32', dims });
    const length = 4 * dims.reduce((a: number, b) => a * b, 1);
    expect(data).toEqual({
      kind: 'bytes',
      bytes: Uint8Array.from({ length }, (_, i) => 3 + i),
    });
  });
});

describe('left', () => {
  test.each<[string, Tensor]>([
    ['of a kilobyte', tensor([256])],
    ['of two axes', tensor([2, 2])],
    ['without files', { ...tensor([2]), data: { ...tensor([2]).data, files: undefined } as never }],
    [
      'whose file is missing',
      tensor([2], failing(externalDataMissing('w', 'numbers.bin', 'here'))),
    ],
    [
      'in memory',
      { dtype: 'float32', dims: [1], data: { kind: 'bytes', bytes: new Uint8Array(4) } },
    ],
    ['without data', { dtype: 'float32', dims: [1], data: { kind: 'none' } }],
  ])('%s', (_, given) => {
    expect(read(given)).toBe(given);
  });
});

test('what goes wrong otherwise is not passed over', () => {
  expect(() => read(tensor([2], failing(new TypeError('a fault'))))).toThrow('a fault');
});
