/**
 * Where tensors lie in the weights files of a bundle: whatever ranges of whatever files some models read,
 * what is read of the bundle's files are the same bytes.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WeightsMode } from '../../../src/compiler/emit/modes.js';
import {
  checkWeights,
  shareWeights,
  type WeightsFile,
  weightsFilesOf,
} from '../../../src/compiler/emit/weights.js';
import { subgraphs, tensor as tensorAttribute } from '../../../src/model/ir/attribute.js';
import type { Model } from '../../../src/model/ir/model.js';
import {
  type ByteSource,
  type ExternalFiles,
  elementCount,
  type Tensor,
  type TensorData,
} from '../../../src/model/ir/tensor.js';
import { modelOf } from '../../helpers/text.js';

const SIZE = 300;

/** Files whose every byte says where it is from. */
const sourceOf = (index: number): ByteSource => {
  const bytes = Uint8Array.from({ length: SIZE }, (_, i) => (i * 7 + index * 31 + 1) % 256);
  return {
    label: `${index}`,
    path: `/files/${index}.bin`,
    size: SIZE,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
};

const external = (source: ByteSource, offset: number, length: number | undefined): TensorData => ({
  kind: 'external',
  location: source.label,
  offset,
  length,
  files: { open: () => source },
});

const bytes = (count: number, data: TensorData): Tensor => ({
  dtype: 'uint8',
  dims: [count],
  data,
});

const BRANCHED = `g (bool flag, float[2] x) => (float[2] y) {
  c = Constant <value = uint8[1] {1}> ()
  y = If (flag) <
    then_branch = yes () => (float[2] a) { a = Neg (x) },
    else_branch = no () => (float[2] b) { b = Abs (x) }
  >
}`;

/** A model with tensors as initializers, and others in a branch of an If. */
function modelWith(tensors: readonly Tensor[], inBranch: readonly Tensor[] = []): Model {
  const model = modelOf(BRANCHED);
  tensors.forEach((tensor, i) => void model.graph.addInitializer(`w${i}`, tensor));
  const branch = [...model.graph.nodes].flatMap((node) => [...subgraphs(node)])[0]!;
  inBranch.forEach((tensor, i) => void branch.addInitializer(`v${i}`, tensor));
  return model;
}

const initializers = ({ graph }: Model): Tensor[] =>
  [graph, ...[...graph.nodes].flatMap((node) => [...subgraphs(node)])].flatMap((g) =>
    [...g.initializers].map((value) => value.initializer!),
  );

/** The bytes of a file of the bundle, as placing it would make them. */
function contentOf({ from }: WeightsFile): Uint8Array {
  if ('label' in from) return from.read(0, from.size);
  const parts = from.map((piece) =>
    piece instanceof Uint8Array ? piece : piece.source.read(piece.offset, piece.length),
  );
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const ranges = fc.array(
  fc.record({
    file: fc.nat(3),
    offset: fc.nat(SIZE - 80),
    length: fc.integer({ min: 1, max: 80 }),
    how: fc.constantFrom('range', 'external', 'bare'),
    model: fc.nat(1),
    inBranch: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

test.each<WeightsMode>(['link', 'reflink', 'copy', 'prune'])(
  '%s: every tensor reads the bytes it read',
  (mode) => {
    fc.assert(
      fc.property(ranges, (cases) => {
        const sources = [0, 1, 2, 3].map(sourceOf);
        const tensors = cases.map(({ file, offset, length, how }) =>
          bytes(
            length,
            how === 'range'
              ? { kind: 'range', source: sources[file]!, offset, length }
              : external(sources[file]!, offset, how === 'bare' ? undefined : length),
          ),
        );
        const of = (model: number, inBranch: boolean) =>
          cases.flatMap((c, i) => (c.model === model && c.inBranch === inBranch ? [i] : []));
        const order = [0, 1].map((m) => [...of(m, false), ...of(m, true)]);
        const models = [0, 1].map((m) =>
          modelWith(
            of(m, false).map((i) => tensors[i]!),
            of(m, true).map((i) => tensors[i]!),
          ),
        );
        const plan = shareWeights(models, mode);
        const files = new Map(
          plan.map((file) => [file.name, { ...file, content: contentOf(file) }]),
        );
        expect(files.size).toBe(plan.length);

        // what is read of each file, each range once
        const read = new Map<string, number>();
        for (const [m, model] of models.entries())
          for (const [at, { data }] of initializers(model).entries()) {
            const { file, offset, length } = cases[order[m]![at]!]!;
            if (data.kind !== 'external') throw new Error(`a tensor is ${data.kind}`);
            expect(data.files).toBeUndefined();
            expect(data.length).toBe(length);
            const { content } = files.get(data.location)!;
            expect([...content.slice(data.offset, data.offset + length)]).toEqual([
              ...sources[file]!.read(offset, length),
            ]);
            read.set(`${data.location} ${data.offset} ${length}`, length);
          }
        const used = [...read.values()].reduce((a, b) => a + b, 0);
        expect(plan.reduce((sum, file) => sum + file.used, 0)).toBe(used);

        const readFiles = new Set(cases.map(({ file }) => file)).size;
        const isGathered = mode === 'prune' || (mode === 'copy' && readFiles > 1);
        expect(plan).toHaveLength(isGathered ? 1 : readFiles);
        for (const { bytes: size, content, linkable, from } of files.values()) {
          expect(size).toBe(content.length);
          expect('label' in from).toBe(!isGathered);
          if (isGathered) expect(linkable).toBe(false);
        }
        if (isGathered) {
          const starts = [...read.keys()].map((key) => Number(key.split(' ')[1]));
          expect(starts.every((start) => start % 64 === 0)).toBe(true);
          // each range once: as many beginnings, and nothing beside but what fills up to them
          const distinct = new Set(
            cases.map(({ file, offset, length }) => `${file} ${offset} ${length}`),
          );
          expect(new Set(starts).size).toBe(distinct.size);
          expect(plan[0]!.bytes).toBeLessThan(used + 64 * distinct.size);
          expect(contentOf(plan[0]!).length).toBe(
            Math.max(
              ...[...read.keys()].map((key) =>
                key
                  .split(' ')
                  .slice(1)
                  .reduce((a, b) => a + Number(b), 0),
              ),
            ),
          );
        }
        // only a file of one name may hold what branches read
        else
          for (const { from, linkable } of plan)
            expect(linkable).toBe(!cases.some((c) => c.inBranch && sources[c.file] === from));
      }),
      { numRuns: 60 },
    );
  },
);

test.each([
  [1, ['weights.bin']],
  [2, ['weights.0.bin', 'weights.1.bin']],
  [10, Array.from({ length: 10 }, (_, i) => `weights.${i}.bin`)],
  [11, Array.from({ length: 11 }, (_, i) => `weights.${i < 10 ? '0' : ''}${i}.bin`)],
])('names of %i files are in order', (count, names) => {
  const tensors = Array.from({ length: count }, (_, i) => bytes(4, external(sourceOf(i), 0, 4)));
  const model = modelWith(tensors);
  expect(shareWeights([model]).map(({ name }) => name)).toEqual(names);
  expect(initializers(model).map(({ data }) => (data as { location: string }).location)).toEqual(
    names,
  );
});

describe('what may be linked', () => {
  const source = sourceOf(0);
  const inside: TensorData = { kind: 'range', source, offset: 0, length: 4 };
  const outside = external(source, 0, 4);

  test.each<[string, { bundle: Tensor[][]; source?: Tensor[][] }, boolean]>([
    ['weights of the graph itself', { bundle: [[bytes(4, outside)], []] }, true],
    ['weights in a branch of a bundle', { bundle: [[], [bytes(4, outside)]] }, false],
    [
      'weights in a branch of a bundle, that lay in the model',
      { bundle: [[], [bytes(4, inside)]] },
      false,
    ],
    [
      'weights in a branch of the source alone',
      { bundle: [[bytes(4, outside)], []], source: [[], [bytes(4, outside)]] },
      false,
    ],
    [
      'weights that the source holds itself, in a branch',
      { bundle: [[bytes(4, inside)], []], source: [[], [bytes(4, inside)]] },
      true,
    ],
    [
      'weights of the source in its graph',
      { bundle: [[bytes(4, outside)], []], source: [[bytes(4, outside)], []] },
      true,
    ],
  ])('%s', (_, { bundle, source }, linkable) => {
    const [graph, branch] = bundle;
    const model = source && modelWith(source[0]!, source[1]);
    const plan = shareWeights([modelWith(graph!, branch)], 'link', model);
    expect(plan.map((file) => file.linkable)).toEqual([linkable]);
    // the source itself stays as it is
    if (model)
      expect(initializers(model).map(({ data }) => data)).toEqual(
        source!.flat().map(({ data }) => data),
      );
  });
});

test('what a Constant node holds outside is found, what it holds inside stays there', () => {
  const set = (data: TensorData) => {
    const model = modelWith([]);
    const [constant] = model.graph.nodes;
    constant!.attributes.set('value', tensorAttribute(bytes(4, data)));
    return model;
  };
  expect(shareWeights([set(external(sourceOf(0), 8, 4))])).toHaveLength(1);
  expect(shareWeights([set({ kind: 'bytes', bytes: new Uint8Array(4) })])).toEqual([]);
});

test('bytes in memory stay in their model', () => {
  const memory: ByteSource = { label: 'memory', size: SIZE, read: sourceOf(0).read };
  const tensors = [
    bytes(4, { kind: 'bytes', bytes: Uint8Array.of(1, 2, 3, 4) }),
    bytes(4, { kind: 'range', source: memory, offset: 4, length: 4 }),
  ];
  const model = modelWith(tensors);
  for (const mode of ['link', 'prune'] as const) expect(shareWeights([model], mode)).toEqual([]);
  expect(initializers(model)).toEqual(tensors);
  const mixed = modelWith([...tensors, bytes(4, external(sourceOf(0), 0, 4))]);
  expect(shareWeights([mixed], 'prune')).toMatchObject([{ used: 4, bytes: 4 }]);
  expect(initializers(mixed).slice(0, 2)).toEqual(tensors);
});

test('files without a path are told apart by what they are read from', () => {
  const access = (name: string) => ({
    name,
    size: SIZE,
    read: () => Promise.reject(new Error('not read')),
  });
  const of = (name: string): ByteSource => ({
    label: name,
    file: access(name),
    size: SIZE,
    read: sourceOf(0).read,
  });
  const [a, b] = [of('a'), of('b')];
  const model = modelWith([
    bytes(4, external(a, 0, 4)),
    bytes(4, external(b, 0, 4)),
    bytes(8, external({ ...a }, 0, 8)),
  ]);
  expect(shareWeights([model], 'link').map(({ used }) => used)).toEqual([12, 4]);
});

describe('weights that are not there', () => {
  const source = sourceOf(0);
  const missing: ExternalFiles | undefined = undefined;
  const sized = (count: number, data: TensorData): Tensor => ({
    dtype: 'float32',
    dims: [count, 1],
    data,
  });

  test.each<[string, Tensor, string]>([
    ['too few bytes', sized(2, { kind: 'bytes', bytes: new Uint8Array(7) }), 'TENSOR_DATA_SIZE'],
    [
      'too many bytes in the model',
      sized(2, { kind: 'range', source, offset: 0, length: 9 }),
      'TENSOR_DATA_SIZE',
    ],
    ['too few bytes outside', sized(2, external(source, 0, 4)), 'TENSOR_DATA_SIZE'],
    [
      'no file',
      sized(2, { kind: 'external', location: 'gone', offset: 0, length: 8, files: missing }),
      'TENSOR_DATA_MISSING',
    ],
    ['behind the end', sized(2, external(source, SIZE - 7, 8)), 'EXTERNAL_DATA_SHORT'],
    [
      'behind the end, by the sizes alone',
      sized(2, external(source, SIZE - 7, undefined)),
      'EXTERNAL_DATA_SHORT',
    ],
  ])('%s', (_, tensor, code) => {
    expect(() => checkWeights(modelWith([tensor]))).toThrow(expect.objectContaining({ code }));
    expect(() => checkWeights(modelWith([], [tensor]))).toThrow(expect.objectContaining({ code }));
    expect(() => shareWeights([modelWith([tensor])])).toThrow(expect.objectContaining({ code }));
  });

  test.each<[string, Tensor]>([
    ['up to the end', sized(2, external(source, SIZE - 8, 8))],
    ['up to the end, by the sizes alone', sized(2, external(source, SIZE - 8, undefined))],
    [
      'texts, of no known size',
      { dtype: 'string', dims: [3], data: { kind: 'bytes', bytes: new Uint8Array(5) } },
    ],
    ['numbers one by one', sized(2, { kind: 'typed', field: 'floatData', values: [1, 2] })],
  ])('but not: %s', (_, tensor) => {
    expect(elementCount(tensor.dims)).toBeGreaterThan(0);
    expect(() => checkWeights(modelWith([tensor]))).not.toThrow();
  });
});

test('how far a file that is too short would have to go is said', () => {
  const model = modelWith([bytes(8, external(sourceOf(0), SIZE - 7, 8))]);
  expect(() => checkWeights(model)).toThrow(
    `ends at byte ${SIZE}, but tensor "w0" lies up to byte ${SIZE + 1}.`,
  );
});

test('the files that hold weights, each once', () => {
  const [a, b] = [sourceOf(1), sourceOf(2)];
  const memory: ByteSource = { label: 'memory', size: SIZE, read: a.read };
  const model = modelWith(
    [
      bytes(4, external(a, 0, 4)),
      bytes(4, external(a, 8, 4)),
      bytes(4, { kind: 'range', source: memory, offset: 0, length: 4 }),
    ],
    [bytes(4, { kind: 'range', source: b, offset: 0, length: 4 })],
  );
  expect([...weightsFilesOf(model)].sort()).toEqual(['/files/1.bin', '/files/2.bin']);
});
