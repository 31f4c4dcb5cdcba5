// Values that programs stumble over: the borders of number types, names that mean something to
// JavaScript, paths that lead elsewhere, text that is no text.
import Long from 'long';

const INTEGERS = [
  ['0', 5],
  ['1', 5],
  ['-1', 5],
  ['2', 3],
  ['3', 2],
  ['4', 2],
  ['7', 1],
  ['64', 1],
  ['1000000', 2],
  ['2147483647', 2],
  ['2147483648', 2],
  ['-2147483648', 1],
  ['4294967296', 1],
  ['9007199254740991', 1],
  ['9007199254740993', 1],
  ['9223372036854775807', 4],
  ['-9223372036854775808', 3],
].flatMap(([text, weight]) => Array(weight).fill(text));

export const integer = (choices) => Long.fromString(choices.pick(INTEGERS));
export const smallInteger = (choices) => Number(choices.pick(INTEGERS)) | 0;

export const number = (choices) =>
  choices.pick([
    0,
    -0,
    1,
    -1,
    0.5,
    2,
    3,
    1e9,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e308,
    5e-324,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);

export const PATHS = [
  '../secret.bin',
  './../secret.bin',
  'x/../../secret.bin',
  '..\\secret.bin',
  '/etc/passwd',
  'C:\\secret.bin',
  'C:secret.bin',
  '\\\\server\\share\\secret.bin',
  '//server/share',
  'link.bin',
  'folder-link/secret.bin',
  'file:///etc/passwd',
  '%2e%2e/secret.bin',
  '..%2fsecret.bin',
  'weights.bin\0',
  'weights.bin.',
  'weights.bin ',
  'WEIGHTS.BIN',
  'CON',
  '.',
  '..',
  '',
  '/',
  'in',
  'model.onnx',
];

/** What steers a terminal, turns a line round or ends it: C0, C1, DEL, marks of direction, separators. */
export const CONTROLS = [
  '\x1b[2J',
  '\x1b]0;title\x07',
  '\x9b31m',
  '\u202e',
  '\u2066\u2069',
  '\u200f\u061c',
  '\x08\x08\x7f',
  '\r',
  '\n',
  '\r\nerror ONNX_INVALID: ',
  '\u2028',
  '\x85',
];

const WORDS = [
  ...CONTROLS,
  '',
  ' ',
  '0',
  '-1',
  'x',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  'batch',
  'batch*2',
  '9223372036854775807',
  'a\0b',
  '"quoted"',
  'new\nline',
  '\u202e\ud83d\ude00',
  'Conv',
  'MatMul',
  'If',
  'Loop',
  'Scan',
  'Constant',
  'Reshape',
  'Attention',
  'com.microsoft',
  'ai.onnx',
];

export const word = (choices) =>
  choices.chance(1, 40)
    ? 'long'.repeat(4000)
    : choices.chance(1, 6)
      ? choices.pick(PATHS)
      : choices.pick(WORDS);

export const bytes = (choices) =>
  choices.pick([
    new Uint8Array(0),
    new Uint8Array([0]),
    new Uint8Array(3).fill(255),
    new Uint8Array(64),
    new Uint8Array(5000).fill(127),
    new TextEncoder().encode(word(choices)),
  ]);
