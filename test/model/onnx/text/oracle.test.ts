// What ONNX's own printer and parser made of models and texts, recorded by scripts/text-oracle.py.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { StepfoldError } from '../../../../src/errors/index.js';
import { encodeModel } from '../../../../src/model/onnx/codec.js';
import { decodeMessage } from '../../../../src/model/onnx/descriptor.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import {
  parseMessage,
  parseModel,
  printMessage,
  printModel,
} from '../../../../src/model/onnx/text/index.js';
import { canonical } from '../canonical.js';

const FOLDER = new URL('../../../fixtures/text/', import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, FOLDER));
const bytes = (name: string) => fs.readFileSync(path(name));
const MODELS = ['header', 'control', 'types', 'tensors', 'attributes', 'functions', 'names'];
const EVERYTHING = { maxElements: Number.POSITIVE_INFINITY };

describe.each(MODELS)('model %s', (name) => {
  it('is read from the text of onnx.printer as onnx.parser reads it', () => {
    const message = parseMessage(bytes(`${name}.printed.txt`).toString());
    expect(canonical(message)).toEqual(canonical(decodeMessage(bytes(`${name}.parsed.onnx`))));
  });

  it('is printed as text that onnx.parser reads back equal', () => {
    const text = printMessage(decodeMessage(bytes(`${name}.onnx`)), [], EVERYTHING);
    if (process.env.UPDATE_GOLDEN) fs.writeFileSync(path(`${name}.stepfold.txt`), text);
    expect(text).toBe(bytes(`${name}.stepfold.txt`).toString());
    const back = canonical(decodeMessage(bytes(`${name}.back.onnx`)));
    expect(back).toEqual(canonical(decodeMessage(bytes(`${name}.onnx`))));
  });

  it('comes back equal from its own text', () => {
    const message = decodeMessage(bytes(`${name}.onnx`));
    expect(canonical(parseMessage(printMessage(message, [], EVERYTHING)))).toEqual(
      canonical(message),
    );
  });
});

it.each(MODELS)('model %s survives the graph', (name) => {
  const model = loadModel(path(`${name}.onnx`));
  const back = parseModel(printModel(model, EVERYTHING));
  expect(canonical(decodeMessage(encodeModel(back)))).toEqual(
    canonical(decodeMessage(bytes(`${name}.onnx`))),
  );
});

interface Case {
  readonly text: string;
  /** The message in base64, or null where onnx.parser refuses the text. */
  readonly onnx: string | null;
}

const CASES: Case[] = JSON.parse(bytes('cases.json').toString());

describe('texts that onnx.parser takes', () => {
  it.each(CASES.filter((c) => c.onnx !== null))('$text', ({ text, onnx }) => {
    const reference = decodeMessage(Buffer.from(onnx as string, 'base64'));
    expect(canonical(parseMessage(text))).toEqual(canonical(reference));
  });
});

describe('texts that onnx.parser refuses', () => {
  it.each(CASES.filter((c) => c.onnx === null))('$text', ({ text }) => {
    const read = () => parseMessage(text, 'model.txt');
    expect(read).toThrow(StepfoldError);
    expect(read).toThrow(/^"model\.txt", line \d+, column \d+: /);
  });
});
