/** `--json`: one JSON value on stdout and nothing else, whatever happens; and what colours do. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { DIGITS, done, MAIN, requireBuild, scratchFolder, stepfold, UNET } from './stepfold.js';

const folder = scratchFolder('json');
const bundle = path.join(folder, 'bundle');
const build = ['transform', DIGITS, ...UNET, '--calls', '4'];

beforeAll(async () => {
  requireBuild();
  await done([...build, '-o', bundle]);
});

describe.concurrent('prints exactly one JSON value', () => {
  test.each<[string, string[], string[]]>([
    ['inspect', [DIGITS], ['branches', 'inputs', 'macs', 'roles', 'sizes']],
    [
      'transform',
      [DIGITS, ...UNET, '--calls', '4', '-o', path.join(folder, 'other')],
      ['schedule'],
    ],
    ['verify', [bundle, '--against', DIGITS], ['passed', 'checks']],
    ['bench', [bundle, '--against', DIGITS, '--rounds', '1'], ['programs', 'loop', 'memory']],
    ['run', [bundle, '--steps', '4', '-o', path.join(folder, 'out')], ['files', 'calls']],
    ['print', [DIGITS], ['text']],
    ['passes', [], ['0']],
  ])('%s', async (command, args, keys) => {
    const stdout = await done([command, ...args, '--json']);
    const value = JSON.parse(stdout);
    for (const key of keys) expect(value).toHaveProperty(key);
    expect(stdout.endsWith('}\n') || stdout.endsWith(']\n')).toBe(true);
    // nothing that a number could not say
    expect(stdout).not.toMatch(/NaN|Infinity/);
  });

  test.each([
    ['inspect absent.onnx', 'FILE_NOT_FOUND'],
    ['inspct', 'CLI_USAGE'],
    ['run absent -o x', 'FILE_NOT_FOUND'],
    ['transform absent.onnx --calls 0 -o x', 'CLI_ARGUMENT'],
  ])('also when it fails: %s', async (args, code) => {
    const { status, stdout, stderr } = await stepfold([...args.split(' '), '--json']);
    expect(status).toBe(2);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code, hint: expect.any(String) });
    expect(stderr).toBe(`error ${code}: ${error.message} ${error.hint}\n`);
  });
});

describe.concurrent('what people read', () => {
  const COLOR = '\x1b[';

  test('has no colours unless a terminal or FORCE_COLOR asks for them', async () => {
    const args = ['inspect', DIGITS];
    expect(await done(args)).not.toContain(COLOR);
    expect(await done(args, { env: { FORCE_COLOR: '1' } })).toContain(COLOR);
    expect(await done(args, { env: { FORCE_COLOR: '', NO_COLOR: '1' } })).not.toContain(COLOR);
  });

  test('fits 120 columns, where names are short', async () => {
    // a line that names a file is as long as its path, which is not ours to say
    const near = { cwd: path.dirname(DIGITS) };
    const model = path.basename(DIGITS);
    for (const args of [
      ['inspect', model],
      ['verify', path.relative(near.cwd, bundle), '--against', model],
      ['passes', 'deepcache'],
    ]) {
      const lines = (await done(args, near)).split('\n');
      expect(lines.filter((line) => line.length > 120)).toEqual([]);
    }
  });

  test('names the commands to go on with, which work as they stand', async () => {
    const name = "a name with spaces, l'été";
    const output = await done([...build, '-o', name], { cwd: folder });
    const [, command = ''] = /\nNext: (stepfold verify .*)\n$/.exec(output) ?? [];
    // as a shell reads it
    const shell = `stepfold() { "$node" "$main" "$@"; }; ${command}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', shell], {
      cwd: folder,
      env: { ...process.env, node: process.execPath, main: MAIN },
    });
    expect(stdout).toContain('All checks passed.');
  });
});
