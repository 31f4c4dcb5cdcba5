import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepfoldError } from '../../../../src/errors/index.js';
import { decodeModel } from '../../../../src/model/onnx/codec.js';
import { encodeMessage } from '../../../../src/model/onnx/descriptor.js';
import {
  parseMessage,
  parseModel,
  printMessage,
  printModel,
} from '../../../../src/model/onnx/text/index.js';
import { parseFloat32, printFloat32 } from '../../../../src/model/onnx/text/numbers.js';
import { bytesToText, textToBytes } from '../../../../src/model/onnx/text/strings.js';
import { anyModel } from '../arbitrary.js';
import { canonical } from '../canonical.js';

const EVERYTHING = { maxElements: Number.POSITIVE_INFINITY };

type Json = Record<string, unknown>;

/** A canonical message without what the text has no place for. */
function sayable(message: Json, at = 'model'): Json {
  const kept: Json = {};
  for (const [key, value] of Object.entries(message)) {
    const said =
      key === 'docString'
        ? at === 'model' || at === 'functions'
        : key === 'metadataProps'
          ? at === 'model'
          : !['denotation', 'quantizationAnnotation'].includes(key);
    if (!said || (key === 'dataLocation' && value === 0)) continue;
    const one = (item: unknown) =>
      typeof item === 'object' && item !== null ? sayable(item as Json, key) : item;
    kept[key] = Array.isArray(value) ? value.map(one) : one(value);
  }
  // an element type that nobody knows has no literals
  if (kept.dataType === 99) kept.data = 'none';
  if (at === 'opsetImport') kept.version ??= '0';
  if (at === 'model') kept.irVersion ??= '0';
  return kept;
}

describe('any model', () => {
  it('comes back from its text with all that computes', () => {
    fc.assert(
      fc.property(anyModel(), (message) => {
        const back = parseMessage(printMessage(message, [], EVERYTHING));
        expect(sayable(canonical(back))).toEqual(sayable(canonical(message)));
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  it('prints the same through the graph, and again after it was read', () => {
    fc.assert(
      fc.property(anyModel(), (message) => {
        const model = decodeModel(encodeMessage(message));
        const text = printModel(model, EVERYTHING).replace(/\n# Not in this text.*\n$/, '');
        expect(printMessage(message, [], EVERYTHING).replace(/\n# Not in this text.*\n$/, '')).toBe(
          text,
        );
        expect(printModel(parseModel(text), EVERYTHING)).toBe(text);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it('damaged anywhere, is read or refused with a place', () => {
    fc.assert(
      fc.property(
        anyModel(),
        fc.nat(),
        fc.nat(3),
        fc.constantFrom(
          '',
          '{',
          '}',
          '(',
          ')',
          '<',
          '>',
          '[',
          ']',
          '"',
          ',',
          '=',
          '.',
          '@',
          '-',
          '1',
          'x',
          '#',
          '\n',
        ),
        (message, where, drop, insert) => {
          const text = printMessage(message);
          const at = where % text.length;
          const damaged = text.slice(0, at) + insert + text.slice(at + drop);
          try {
            parseMessage(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(StepfoldError);
            expect((error as StepfoldError).message).toMatch(/^"text", line \d+, column \d+: /);
          }
        },
      ),
      { numRuns: 500, endOnFailure: true },
    );
  });
});

it('any text is read or refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(() => parseMessage(text)).toThrow(StepfoldError);
    }),
  );
});

it('any float32 is printed shortest and read back exactly', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      const text = printFloat32(value);
      expect(Object.is(parseFloat32(text), value)).toBe(true);
      const digits = text
        .replace(/e.*/, '')
        .replace(/\D/g, '')
        .replace(/^0+|0+$/g, '');
      if (Number.isFinite(value) && digits.length > 1) {
        // no decimal of one digit less reads back
        const shorter = Number(value.toPrecision(digits.length - 1));
        expect(Math.fround(shorter)).not.toBe(value);
      }
    }),
    { numRuns: 2000, endOnFailure: true },
  );
});

it('a decimal just beside the middle of two float32 is rounded once', () => {
  // 1 + 2^-24 lies in the middle of 1 and 1 + 2^-23, and no float64 lies closer than 2^-52
  const middle = '1.000000059604644775390625';
  expect(parseFloat32(middle)).toBe(1);
  expect(parseFloat32(`${middle}000000000001`)).toBe(1 + 2 ** -23);
  expect(parseFloat32('1.000000059604644775390624999999999')).toBe(1);
  expect(parseFloat32(`-${middle}000000000001`)).toBe(-(1 + 2 ** -23));
  expect(parseFloat32('1.00000017881393432617187499999999e0')).toBe(1 + 2 ** -23);
});

it('any bytes come back from their text', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string().map((s) => new TextEncoder().encode(s)),
      ),
      (bytes) => {
        expect(textToBytes(bytesToText(bytes))).toEqual(bytes);
      },
    ),
  );
});

it('what is UTF-8 among bytes that are not stays readable', () => {
  const utf8 = new TextEncoder();
  for (const character of ['a', 'é', 'ｗ', '😀']) {
    const bytes = [0xff, ...utf8.encode(character), 0x80];
    expect(bytesToText(Uint8Array.from(bytes))).toBe(`\udcff${character}\udc80`);
  }
});
