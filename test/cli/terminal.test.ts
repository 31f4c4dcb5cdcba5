/** What is seen on a terminal, and asked for by a shell. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { fitted, fittedTable } from '../../src/cli/width.js';
import { shortLists } from '../../src/evidence/report/format.js';
import { VERSION } from '../../src/version.js';
import { done, MAIN, requireBuild } from './stepfold.js';

beforeAll(requireBuild);

const TTY = { isTTY: true, columns: 30 };

describe('lines on a terminal', () => {
  test('are broken between words, and keep how far they are indented', () => {
    const line = '  one two three four five six seven eight';
    expect(fitted(line, TTY)).toBe('  one two three four five six\n  seven eight');
    expect(fitted(line, { isTTY: false, columns: 30 })).toBe(line);
  });

  test('colours take no place', () => {
    const line = `\x1b[1m${'x'.repeat(28)}\x1b[22m`;
    expect(fitted(line, TTY)).toBe(line);
  });
});

describe('a table that is too wide', () => {
  const width = (rows: readonly (readonly string[])[]) =>
    Math.max(
      ...rows.map((row) =>
        row
          .map((cell) => Math.max(...cell.split('\n').map((line) => line.length)))
          .reduce((sum, cell) => sum + cell + 2, -2),
      ),
    );

  test('is squeezed where it has texts', () => {
    const rows = [['a', 'one two three four five six seven eight nine ten']];
    const parts = fittedTable(['name', 'what it says'], rows, 30);
    expect(parts).toHaveLength(1);
    expect(width([parts[0]!.head, ...parts[0]!.rows])).toBeLessThanOrEqual(30);
    expect(parts[0]!.rows[0]![1]!.replaceAll('\n', ' ')).toBe(rows[0]![1]);
  });

  test('is parted by its columns where it has not, and loses nothing', () => {
    const head = ['site', ...Array.from({ length: 8 }, (_, i) => `column${i}`)];
    const rows = [['a', ...Array.from({ length: 8 }, (_, i) => `${i}00000`)]];
    const parts = fittedTable(head, rows, 30);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      expect(width([part.head, ...part.rows])).toBeLessThanOrEqual(30);
      expect(part.head[0]).toBe('site');
    }
    expect(['site', ...parts.flatMap((part) => part.head.slice(1))]).toEqual(head);
    expect(['a', ...parts.flatMap((part) => part.rows[0]!.slice(1))]).toEqual(rows[0]);
  });
});

test('long lists are cut short, short ones are not', () => {
  expect(shortLists('full=0+1+2+3+4+5+6+7+8+9,order=1')).toBe('full=0+1+2+…+9,order=1');
  expect(shortLists('full=0+5+12')).toBe('full=0+5+12');
  expect(shortLists('window+guidance-share')).toBe('window+guidance-share');
});

test.each([['-v'], ['run', '-v'], ['transform', 'x.onnx', '-v']])('%s %s %s', async (...args) => {
  expect(await done(args)).toBe(`${VERSION}\n`);
});

test.each([['-h'], ['passes', '-h'], ['transform', 'x.onnx', '-h']])(
  '%s %s %s is help',
  async (...args) => {
    const long = args.map((arg) => (arg === '-h' ? '--help' : arg));
    expect(await done(args)).toBe(await done(long));
  },
);

test('bash completes commands, options, choices and passes, and leaves files to itself', () => {
  const script = `
    stepfold() { "$node" "$main" "$@"; }
    eval "$(stepfold completion bash)"
    complete -p stepfold >/dev/null || exit 1
    of() {
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
      _stepfold_yargs_completions 2>&1
      echo "\${COMPREPLY[*]}"
    }
    of stepfold tr
    of stepfold transform --cal
    of stepfold transform unet.onnx --pass dee
    of stepfold run bundle --sampler unip
    of stepfold inspect une`;
  const printed = execFileSync('bash', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, node: process.execPath, main: MAIN },
  });
  expect(printed.split('\n')).toEqual(['transform', '--calls', 'deepcache', 'unipc', '', '']);
});

test('zsh has a script of its own', async () => {
  expect(await done(['completion', 'zsh'])).toMatch(/^#compdef stepfold\n/);
});
