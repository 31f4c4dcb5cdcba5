/**
 * Where results go: nothing of the user's is lost, and nothing half-written looks finished, whatever
 * is in the place already and whatever happens on the way.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSchedule } from '../../src/runtime/node/index.js';
import {
  DIGITS,
  done,
  expectRefusal,
  MAIN,
  type Outcome,
  ROOT,
  type RunOptions,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const root = scratchFolder('output');
const STRIPPED = path.join(ROOT, 'samples/architectures/ddpm-lsun256.onnx');

let folder: string;
let serial = 0;
beforeAll(requireBuild);
beforeEach(() => {
  folder = path.join(root, String(serial++));
  fs.mkdirSync(folder);
});

const at = (...names: string[]) => path.join(folder, ...names);
const transform = (
  output: string,
  args: string[] = [],
  options: RunOptions = {},
): Promise<Outcome> =>
  stepfold(['transform', DIGITS, ...UNET, '--calls', '4', '-o', output, ...args], {
    cwd: folder,
    ...options,
  });
const succeed = async (outcome: Promise<Outcome>) =>
  expect(await outcome).toMatchObject({ status: 0, stderr: '' });

/** Every file under a folder with its content. */
const contents = (of: string): Record<string, string> =>
  Object.fromEntries(
    fs
      .readdirSync(of, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(of, file), fs.readFileSync(file, 'base64')]),
  );

describe('what is in the place already', () => {
  test('a bundle is replaced only by --force, and as a whole', async () => {
    await succeed(transform('out', ['--emit', 'chain']));
    const before = contents(folder);
    expectRefusal(await transform('out'), 'OUTPUT_NOT_EMPTY', '"out"', '--force');
    expect(contents(folder)).toEqual(before);
    await succeed(transform('out', ['--force']));
    expect(fs.readdirSync(folder)).toEqual(['out']);
    expect(fs.readdirSync(at('out')).sort()).toEqual([
      'full.onnx',
      'report.json',
      'schedule.json',
      'shallow.onnx',
      'weights.bin',
    ]);
  });

  test('an empty folder is filled', async () => {
    fs.mkdirSync(at('out'));
    await succeed(transform('out'));
    expect((await readSchedule(at('out'))).calls).toHaveLength(4);
  });

  test.each([
    ['a file of somebody', (to: string) => fs.writeFileSync(path.join(to, 'thesis.txt'), 'x')],
    ['a model of somebody', (to: string) => fs.copyFileSync(DIGITS, path.join(to, 'mine.onnx'))],
    ['a folder', (to: string) => fs.mkdirSync(path.join(to, 'more'))],
    [
      'a schedule that is damaged',
      (to: string) => fs.writeFileSync(path.join(to, 'schedule.json'), '{'),
    ],
  ])('--force leaves a bundle alone that holds %s', async (_, add) => {
    await succeed(transform('out'));
    add(at('out'));
    const before = contents(folder);
    expectRefusal(await transform('out', ['--force']), 'OUTPUT_NOT_A_BUNDLE', '"out"');
    expect(contents(folder)).toEqual(before);
    expect(fs.readdirSync(folder)).toEqual(['out']);
  });

  test('--force does not delete the model that it reads', async () => {
    await succeed(transform('out'));
    const before = contents(folder);
    const args = ['transform', 'out/full.onnx', '--pass', 'deepcache:branch=1,interval=2'];
    expectRefusal(
      await stepfold([...args, '--calls', '2', '-o', 'out', '--force'], { cwd: folder }),
      'OUTPUT_HOLDS_SOURCE',
      'out/full.onnx',
    );
    expect(contents(folder)).toEqual(before);
  });

  test('the folder in which everything lies is not taken for one', async () => {
    fs.writeFileSync(at('thesis.txt'), 'x');
    expectRefusal(await transform('.'), 'OUTPUT_NOT_EMPTY');
    expectRefusal(await transform('.', ['--force']), 'OUTPUT_NOT_A_BUNDLE', 'thesis.txt');
    expectRefusal(await transform('', ['--force']), 'CLI_ARGUMENT');
    expect(contents(folder)).toEqual({ 'thesis.txt': Buffer.from('x').toString('base64') });
  });

  test('a file, and a path through a file', async () => {
    fs.writeFileSync(at('file'), 'x');
    expectRefusal(await transform('file'), 'OUTPUT_IS_A_FILE', '"file"');
    expectRefusal(await transform('file/out'), 'WRITE_FAILED', '"file/out"', 'is a file');
    const run = (...args: string[]) =>
      stepfold(['run', DIGITS, '--steps', '1', ...args], { cwd: folder });
    expectRefusal(await run('-o', 'file'), 'OUTPUT_IS_A_FILE', '"file"');
    expectRefusal(await run('-o', 'file/out'), 'WRITE_FAILED', '"file/out"');
    expect(contents(folder)).toEqual({ file: Buffer.from('x').toString('base64') });
  });
});

describe('what happens on the way', () => {
  // a limit on the size of files fails in the middle of a write, as a full disk does
  test('no room for the weights: nothing is left', async () => {
    const outcome = await transform('out', ['--weights', 'copy'], { fileLimit: 2000 });
    expectRefusal(outcome, 'WRITE_FAILED', '"out"');
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test('no room for a model: the bundle that was to be replaced is as before', async () => {
    await succeed(transform('out', ['--weights', 'copy', '--emit', 'merged']));
    const before = contents(folder);
    expectRefusal(await transform('out', ['--force'], { fileLimit: 50 }), 'WRITE_FAILED', '"out"');
    expect(contents(folder)).toEqual(before);
  });

  test('no room for samples', async () => {
    const args = ['run', DIGITS, '--steps', '1', '--latent-shape', '16x1x16x16', '-o', 'out'];
    const outcome = await stepfold(args, { cwd: folder, fileLimit: 4 });
    expectRefusal(outcome, 'WRITE_FAILED', 'samples.npy');
    expect(contents(folder)).toEqual({});
  });

  test('what a killed process left is no bundle, and the next one clears it away', async () => {
    const child = spawn(process.execPath, [MAIN, 'fill', STRIPPED, '-o', 'out'], { cwd: folder });
    const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
    while (fs.readdirSync(folder).length === 0) await new Promise((next) => setTimeout(next, 2));
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const left = fs.readdirSync(folder);
    expect(left).toEqual([`out.partial-${os.hostname()}-${child.pid}`]);
    await succeed(transform('out'));
    expect(fs.readdirSync(folder)).toEqual(['out']);
  });

  test('an interrupted replacement is undone: the old bundle comes back', async () => {
    await succeed(transform('out'));
    const before = contents(at('out'));
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    fs.renameSync(at('out'), at(`out.old-${os.hostname()}-${pid}`));
    expectRefusal(await transform('out'), 'OUTPUT_NOT_EMPTY', '"out"');
    expect(fs.readdirSync(folder)).toEqual(['out']);
    expect(contents(at('out'))).toEqual(before);
  });

  test('what a living process, another machine or a person put beside it stays', async () => {
    const others = [
      `out.partial-${os.hostname()}-${process.pid}`,
      `out.partial-elsewhere-${spawnSync(process.execPath, ['-e', '']).pid}`,
      'out.partial-notes',
      'out.partial',
    ];
    for (const name of others) fs.mkdirSync(at(name));
    await succeed(transform('out'));
    expect(fs.readdirSync(folder).sort()).toEqual(['out', ...others].sort());
  });
});

describe('weights', () => {
  test('are linked, or copied when asked', async () => {
    fs.copyFileSync(DIGITS, at('model.onnx'));
    const build = (output: string, ...args: string[]) =>
      done(['transform', 'model.onnx', ...UNET, '--calls', '4', '-o', output, ...args], {
        cwd: folder,
      });
    await build('linked');
    await build('copied', '--weights', 'copy');
    const inode = (...names: string[]) => fs.statSync(at(...names)).ino;
    expect(inode('linked', 'weights.bin')).toBe(inode('model.onnx'));
    expect(inode('copied', 'weights.bin')).not.toBe(inode('model.onnx'));
    expect(contents(at('copied'))['weights.bin']).toBe(contents(at('linked'))['weights.bin']);
  });
});
