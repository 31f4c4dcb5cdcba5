import { describe, expect, it } from 'vitest';
import { StepfoldError } from '../../../../src/errors/index.js';
import { parseModel } from '../../../../src/model/onnx/text/index.js';

function refusal(text: string): StepfoldError {
  try {
    parseModel(text, 'model.txt');
  } catch (error) {
    if (error instanceof StepfoldError) return error;
    throw error;
  }
  throw new Error('the text was accepted');
}

const AT = (line: number, column: number) => `"model.txt", line ${line}, column ${column}: `;

describe('an error names the place and what was expected', () => {
  it.each([
    [
      'g (float[N] x) => (float[N] y) {\n  y = Relu (x\n}',
      'TEXT_SYNTAX',
      3,
      1,
      'expected "," or ")", found "}".',
    ],
    ['g (float x) -> (float y) { }', 'TEXT_SYNTAX', 1, 13, 'expected "=>", found "-".'],
    [
      'g (float x) => (float y) {\n  y Relu (x)\n}',
      'TEXT_SYNTAX',
      2,
      5,
      'expected "=" or ",", found "Relu".',
    ],
    ['g (seq(thing) x) => () { }', 'TEXT_SYNTAX', 1, 8, 'expected a type, found "thing".'],
    [
      'g () => () {\n  # a comment\n  y = Op <a = > ()\n}',
      'TEXT_SYNTAX',
      3,
      15,
      `expected an attribute's value, found ">".`,
    ],
    [
      '<\n  ir_version: 8,\n  colour: 1\n>',
      'TEXT_SYNTAX',
      3,
      3,
      'expected one of ir_version, opset_import',
    ],
    ['<ir_version: "8"> g () => () { }', 'TEXT_SYNTAX', 1, 14, 'expected an integer, found "8".'],
    [
      'g () => () { y = Op ("x) }',
      'TEXT_SYNTAX',
      1,
      22,
      "expected a value's name, found a string without its closing quote.",
    ],
    [
      'g () => () { y = Op (',
      'TEXT_SYNTAX',
      1,
      22,
      'expected "," or ")", found the end of the text.',
    ],
    ['', 'TEXT_SYNTAX', 1, 1, "expected a graph's name, found the end of the text."],
    [
      'g () => () <int64[1] w = {9223372036854775808}> { }',
      'TEXT_RANGE',
      1,
      27,
      '9223372036854775808 does not fit int64.',
    ],
    ['g () => () <uint64[1] w = {-1}> { }', 'TEXT_RANGE', 1, 28, '-1 does not fit uint64.'],
    [
      'g () => ()\n<float[2, 2] w = {1, 2, 3}> { }',
      'TEXT_ELEMENTS',
      2,
      18,
      'a tensor float[2, 2] takes 4 numbers, found 3.',
    ],
    [
      'g () => () { y = Op <a: ints = 1> () }',
      'TEXT_ATTRIBUTE_TYPE',
      1,
      23,
      'attribute "a" is declared ints, but its value is int.',
    ],
    [
      'g () => () { y = Op <a = [1, "b"]> () }',
      'TEXT_LIST_TYPE',
      1,
      30,
      'expected another int in the list, found string.',
    ],
    [
      'g () => () <float[N] w = {1}> { }',
      'TEXT_SYNTAX',
      1,
      26,
      'expected a tensor type with numeric dimensions first',
    ],
  ] as const)('%j', (text, code, line, column, message) => {
    const error = refusal(text);
    expect(error.code).toBe(code);
    expect(error.message.slice(0, AT(line, column).length)).toBe(AT(line, column));
    expect(error.message.slice(AT(line, column).length)).toContain(message);
    expect(error.details.file).toBe('model.txt');
    expect(error.details.data).toMatchObject({ line, column });
    expect(error.details.hint).toBeTruthy();
  });
});

describe('nesting that would exhaust the stack is refused', () => {
  it.each([
    ['types', `g (${'seq('.repeat(100_000)}`],
    ['graphs', `g () => () {${' = Op <a = g () => () {'.repeat(100_000)}`],
    ['lists of graphs', `g () => () {${' = Op <a = [g () => () {'.repeat(100_000)}`],
  ])('%s', (_, text) => {
    expect(refusal(text).code).toBe('TEXT_NESTING');
  });
});

describe('a graph that is not well formed is refused by name', () => {
  it.each([
    ['g (float x) => (float y) { y = Relu (z) }', 'GRAPH_UNDEFINED_VALUE', 'z'],
    ['g (float x) => (float y) { }', 'GRAPH_UNDEFINED_VALUE', 'y'],
    ['g (float x, float x) => (float x) { }', 'GRAPH_DUPLICATE_NAME', 'x'],
    ['g (float x) => (float x) { x = Relu (x) }', 'GRAPH_DUPLICATE_NAME', 'x'],
    ['g (float x) => (float a) { a = Relu (x) a = Relu (x) }', 'GRAPH_DUPLICATE_NAME', 'a'],
    ['g (float x) => (float a) { a = Relu (b) b = Relu (x) }', 'GRAPH_NOT_SORTED', 'b'],
    ['g (float x) => (float a) { a = Add (x, b) b = Relu (a) }', 'GRAPH_CYCLE', undefined],
    [
      'g (float x) => (float a) { a = If (x) <then_branch = t () => (q) { q = Relu (nowhere) }> }',
      'GRAPH_UNDEFINED_VALUE',
      'nowhere',
    ],
    [
      'g (float x) => (float a) { a = If (x) <then_branch = t () => (q) { q = Relu (late) }> late = Relu (x) }',
      'GRAPH_UNDEFINED_VALUE',
      'late',
    ],
    ['g () => (float w) <float w = {1}, float w = {2}> { }', 'GRAPH_DUPLICATE_NAME', 'w'],
  ] as const)('%s', (text, code, value) => {
    const error = refusal(text);
    expect([error.code, error.details.value]).toEqual([code, value]);
  });
});

it('an attribute given twice is refused', () => {
  expect(refusal('g (x) => (y) { y = Op <a = 1, a = 2> (x) }').code).toBe('ONNX_INVALID');
});
