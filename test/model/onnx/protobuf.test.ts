// Messages by tables of their fields, held against protobufjs's reflection, which makes code of its own tables.
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs/light.js';
import { describe, expect, it, test } from 'vitest';
import {
  decodeMessage,
  encodeMessage,
  fieldsOf,
  MESSAGES,
} from '../../../src/model/onnx/descriptor.js';
import type { ModelMessage } from '../../../src/model/onnx/messages.js';
import { anyModel } from './arbitrary.js';

const reflected = reflection();

function reflection(): protobuf.Type {
  const root = new protobuf.Root();
  for (const message of Object.keys(MESSAGES)) {
    const type = new protobuf.Type(message);
    for (const { name, id, type: of, repeated, packed } of fieldsOf(message)) {
      const options = {
        ...(repeated ? { packed } : {}),
        features: { utf8_validation: 'VERIFY' },
      };
      const rule = repeated ? 'repeated' : 'optional';
      type.add(new protobuf.Field(name, id, of, rule, undefined, options));
    }
    root.add(type);
  }
  root.resolveAll();
  return root.lookupType('Model');
}

/** What protobufjs makes of the bytes: written again, or its words. */
function byReflection(bytes: Uint8Array): string {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  return told(() => reflected.encode(reflected.decode(reader)).finish());
}

const byTables = (bytes: Uint8Array) => told(() => encodeMessage(decodeMessage(bytes)));

function told(written: () => Uint8Array): string {
  try {
    return Buffer.from(written()).toString('hex');
  } catch (error) {
    return String(error);
  }
}

const MODELS = ['samples/corpus', 'test/fixtures/onnx', 'test/fixtures/text']
  .flatMap((folder) => fs.readdirSync(folder).map((file) => path.join(folder, file)))
  .filter((file) => file.endsWith('.onnx') && fs.statSync(file).size < 2 ** 20);

describe('as protobufjs has it', () => {
  it('are the files at hand', () => {
    expect(MODELS.length).toBeGreaterThan(30);
    for (const file of MODELS) {
      const bytes = new Uint8Array(fs.readFileSync(file));
      expect(byTables(bytes) === byReflection(bytes), file).toBe(true);
    }
  });

  it('is any message', () => {
    fc.assert(
      fc.property(anyModel(), (message) => {
        const bytes = encodeMessage(message);
        const theirs = reflected.encode(message as Record<string, unknown>).finish();
        expect(Buffer.from(bytes).equals(theirs)).toBe(true);
        expect(byTables(bytes)).toBe(byReflection(bytes));
      }),
      { numRuns: 100 },
    );
  });

  it('is damaged input, refused in the same words', () => {
    let refused = 0;
    fc.assert(
      fc.property(
        anyModel(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (message, changes, end) => {
          const bytes = encodeMessage(message).slice();
          if (bytes.length === 0) return;
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          for (const part of [bytes, bytes.subarray(0, end % bytes.length)]) {
            const theirs = byReflection(part);
            if (theirs.includes('rror')) refused++;
            expect(byTables(part)).toBe(theirs);
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

test('a message in two parts is one, numbers come packed or not, and what has another kind is kept', () => {
  const part = (graph: ModelMessage['graph']) => encodeMessage({ graph: graph! });
  const bytes = Uint8Array.from([...part({ name: 'a' }), ...part({ docString: 'b' })]);
  expect(decodeMessage(bytes)).toEqual({ graph: { name: 'a', docString: 'b' } });
  // dims 2 and 3 of a tensor: packed, then not; a name that is a number is no name
  const tensor = [0x0a, 2, 2, 3, 0x08, 4, 0x40, 5];
  const initializer = [0x3a, 2 + tensor.length, 0x2a, tensor.length, ...tensor];
  const read = decodeMessage(Uint8Array.from(initializer)).graph!.initializer![0]!;
  expect(read.dims!.map(Number)).toEqual([2, 3, 4]);
  expect(Object.keys(read)).toEqual(['dims']);
  expect(read.$unknowns?.map((bytes) => [...bytes])).toEqual([[0x40, 5]]);
  expect(byTables(Uint8Array.from(initializer))).toBe(byReflection(Uint8Array.from(initializer)));
});
