/** What the operating system refuses, in words of our own that say what to do, for reading and for writing. */
import { describe, expect, test } from 'vitest';
import {
  readFailed,
  StepfoldError,
  systemError,
  visible,
  visibleJson,
  visibleLines,
  writeFailed,
} from '../../src/errors/index.js';

const failure = (code: string) => ({
  code,
  message: `${code}: in the system's words, open '/work/file'`,
});

describe.each([
  ['EACCES', 'permission denied', /Check the path/, /another place/],
  ['EROFS', 'read-only', /Check the path/, /another place/],
  ['ENOSPC', 'disk is full', /Free space/, /Free space/],
  ['EMFILE', 'this process may not open more files', /ulimit -n 1024/, /ulimit -n 1024/],
  ['ENFILE', 'the system may not open more files', /End other programs/, /End other programs/],
  ['ENOMEM', 'out of memory', /End other programs/, /End other programs/],
  ['EIO', 'the disk or the network failed', /Check the disk/, /Check the disk/],
  ['ELOOP', 'round in a circle', /Check the path/, /another place/],
])('%s', (code, why, toRead, toWrite) => {
  test('on reading', () => {
    const { code: stable, message, details } = readFailed('model.onnx', failure(code));
    expect([stable, details.file]).toEqual(['FILE_UNREADABLE', 'model.onnx']);
    expect(message).toContain(why);
    expect(message).not.toContain(code);
    expect(details.hint).toMatch(toRead);
  });

  test('on writing', () => {
    const { code: stable, message, details } = writeFailed('bundle', failure(code));
    expect([stable, details.file]).toEqual(['WRITE_FAILED', 'bundle']);
    expect(message).toContain(why);
    expect(details.hint).toMatch(toWrite);
  });
});

test('what is not known is said in the words of the system', () => {
  expect(readFailed('model.onnx', failure('EWHAT')).message).toContain("EWHAT: in the system's");
  expect(readFailed('model.onnx', failure('constructor')).details.hint).toMatch(/Check the path/);
  expect(systemError(failure('EMFILE')).details.hint).toContain('ulimit -n 1024');
  expect(systemError(failure('EWHAT')).details.hint).toContain('Check that the file is there');
});

describe('control characters', () => {
  // each shown by hand, not by the code's own list
  const SHOWN: readonly (readonly [number, string])[] = [
    [0x00, '\\x00'],
    [0x07, '\\x07'],
    [0x09, '\\x09'],
    [0x0a, '\\x0a'],
    [0x0d, '\\x0d'],
    [0x1b, '\\x1b'],
    [0x7f, '\\x7f'],
    [0x80, '\\x80'],
    [0x9b, '\\x9b'],
    [0x9f, '\\x9f'],
    [0x061c, '\\u061c'],
    [0x200e, '\\u200e'],
    [0x200f, '\\u200f'],
    [0x2028, '\\u2028'],
    [0x2029, '\\u2029'],
    ...[0x202a, 0x202b, 0x202c, 0x202d, 0x202e].map((c) => [c, `\\u${c.toString(16)}`] as const),
    ...[0x2066, 0x2067, 0x2068, 0x2069].map((c) => [c, `\\u${c.toString(16)}`] as const),
  ];

  test('are shown as what they are, and nothing else is', () => {
    const special = new Map(SHOWN);
    for (let code = 0; code < 0x3000; code++) {
      const character = String.fromCharCode(code);
      const expected =
        code < 0x20 || (code >= 0x7f && code < 0xa0)
          ? `\\x${code.toString(16).padStart(2, '0')}`
          : (special.get(code) ?? character);
      expect(visible(character)).toBe(expected);
    }
    expect(visible('näme 😀 שלום')).toBe('näme 😀 שלום');
  });

  test('but ends of lines where there are several', () => {
    expect(visibleLines('a\r\nb\x1b\n')).toBe('a\\x0d\nb\\x1b\n');
  });

  test('in JSON are escaped so that the value is the same', () => {
    const value = { [String.fromCharCode(...SHOWN.map(([code]) => code))]: ['\u202e', 1] };
    const text = visibleJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(text)).toEqual(value);
    expect(visibleLines(text)).toBe(text);
  });

  test('of a message are shown, those of its details are not touched', () => {
    const name = 'a\x1b[31m\u202e';
    const error = new StepfoldError('CODE', `"${name}" is\nwrong.`, {
      value: name,
      hint: `Rename ${name}.`,
    });
    expect(error.message).toBe('"a\\x1b[31m\\u202e" is\nwrong.');
    expect(error.fullMessage).toContain('Rename a\\x1b[31m\\u202e.');
    expect(error.details.value).toBe(name);
  });
});
