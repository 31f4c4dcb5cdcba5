// Fields that Stepfold does not know survive in every message, wherever it can stand in a model.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../../../src/model/onnx/codec.js';
import { decodeMessage, fieldsOf, MESSAGES } from '../../../src/model/onnx/descriptor.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { encodeVarint, fieldHeader } from '../../../src/model/onnx/wire.js';
import { canonical } from './canonical.js';

const varint = (id: number, value: number) => [...encodeVarint(id * 8), ...encodeVarint(value)];
const delimited = (id: number, bytes: readonly number[]) => [
  ...fieldHeader(id, bytes.length),
  ...bytes,
];
const text = (id: number, value: string) => delimited(id, [...new TextEncoder().encode(value)]);

/** One unknown field of each wire type, in a number that ONNX has not given away. */
const UNKNOWN = [
  ...varint(1000, 300),
  ...encodeVarint(1001 * 8 + 1),
  ...[1, 2, 3, 4, 5, 6, 7, 8],
  ...text(1002, 'unknown'),
  ...encodeVarint(1003 * 8 + 5),
  ...[9, 8, 7, 6],
];
const MARK = Buffer.from(UNKNOWN).toString('hex');

/** What a message needs beside its child so that the model is well formed and the child is looked into. */
function companions(type: string, field: string): number[] {
  if (type === 'Attribute') {
    const names = [
      't',
      'g',
      '',
      '',
      '',
      'tensors',
      'graphs',
      'sparseTensor',
      'sparseTensors',
      'tp',
      'typeProtos',
    ];
    const code = names.indexOf(field);
    return [...text(1, 'a'), ...(code < 0 ? [] : varint(20, code + 4))];
  }
  if (type === 'ValueInfo') return text(1, 'x');
  if (type === 'Graph' && field === 'output') return delimited(11, text(1, 'x'));
  if (type === 'SparseTensor' && field !== 'values') return delimited(1, text(8, 's'));
  if (type === 'Node') return text(4, 'Op');
  return [];
}

/** Each way from the model to a message: the shortest to its parent, then the field. */
function ways(): string[][] {
  const shortest = new Map<string, string[]>([['Model', []]]);
  const all: string[][] = [[]];
  for (const [type, way] of shortest)
    for (const field of fieldsOf(type))
      if (field.type in MESSAGES) {
        all.push([...way, field.name]);
        if (!shortest.has(field.type)) shortest.set(field.type, [...way, field.name]);
      }
  return all;
}

function modelWithUnknownAt(way: readonly string[]): Uint8Array {
  const build = (type: string, rest: readonly string[]): number[] => {
    const [name, ...deeper] = rest;
    if (name === undefined) return [...companions(type, ''), ...UNKNOWN];
    const field = fieldsOf(type).find((f) => f.name === name)!;
    return [...companions(type, name), ...delimited(field.id, build(field.type, deeper))];
  };
  const hasGraph = way[0] === 'graph' ? [] : delimited(7, []);
  return Uint8Array.from([...hasGraph, ...build('Model', way)]);
}

describe('unknown fields', () => {
  it.each(ways().map((way) => [way.join('.') || 'model', way] as const))(
    'of %s are kept',
    (_, way) => {
      const bytes = modelWithUnknownAt(way);
      const before = canonical(decodeMessage(bytes));
      const written = encodeModel(decodeModel(bytes));
      expect(JSON.stringify(before)).toContain('unknowns');
      expect(canonical(decodeMessage(written))).toEqual(before);
      expect(Buffer.from(written).toString('hex')).toContain(MARK);
    },
  );

  it('of an edited node are kept', () => {
    const model = decodeModel(modelWithUnknownAt(['graph', 'node']));
    const [node] = [...model.graph.nodes];
    node!.name = 'renamed';
    expect(Buffer.from(encodeModel(model)).toString('hex')).toContain(MARK);
  });

  it('of an initializer are kept when it is renamed', () => {
    const way = modelWithUnknownAt(['graph', 'initializer']);
    const model = decodeModel(way);
    const [value] = [...model.graph.initializers];
    model.graph.rename(value!, 'renamed');
    const written = Buffer.from(encodeModel(model)).toString('hex');
    expect(written).toContain(MARK);
    expect(written).toContain(Buffer.from('renamed').toString('hex'));
  });
});

it('every message of the descriptor is reached', () => {
  const model = loadModel(
    fileURLToPath(new URL('../../fixtures/onnx/everything.onnx', import.meta.url)),
  );
  expect(model.graph.nodes.size).toBe(1);
  const reached = new Set(['Model']);
  for (const way of ways()) {
    let type = 'Model';
    for (const name of way) {
      type = fieldsOf(type).find((f) => f.name === name)!.type;
      reached.add(type);
    }
  }
  expect([...reached].sort()).toEqual(Object.keys(MESSAGES).sort());
});
