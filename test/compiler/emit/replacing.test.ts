/**
 * What can come between while a bundle is replaced: the second rename fails, somebody adds a file, an earlier
 * process had the same number. The old bundle stays, or the new one is there whole; no file of anybody else's is lost.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import { checkTarget, writeFolder } from '../../../src/compiler/emit/folder.js';
import { writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { readSchedule } from '../../../src/runtime/node/index.js';
import { DIGITS, scratchFolder } from '../../cli/stepfold.js';
import { failing } from './failing.js';

const root = scratchFolder('replacing');
const OLD = path.join(root, 'old');
const NEW = path.join(root, 'new');

let folder: string;
let bundle: string;
let serial = 0;

beforeAll(async () => {
  for (const [emit, target] of [
    ['chain', OLD],
    ['split', NEW],
  ] as const) {
    const compilation = await Pipeline.create({ calls: 4, emit })
      .use(deepcache, { branch: 2, interval: 2 })
      .compile(loadModel(DIGITS));
    writeBundle(compilation, target, { sourceFile: DIGITS });
  }
});

beforeEach(() => {
  folder = path.join(root, `case-${serial++}`);
  bundle = path.join(folder, 'bundle');
  fs.mkdirSync(folder);
  fs.cpSync(OLD, bundle, { recursive: true });
});

const sorted = (of: string) => fs.readdirSync(of).sort();
const replace = () =>
  writeFolder(bundle, true, (staging) => fs.cpSync(NEW, staging, { recursive: true }));

test('the second of the two renames fails: the old bundle is put back', () => {
  const second = (from: string, to: string) => from.includes('.partial-') && to === bundle;
  failing('renameSync', 'EIO', second, () =>
    expect(replace).toThrow(expect.objectContaining({ code: 'WRITE_FAILED' })),
  );
  expect(sorted(bundle)).toEqual(sorted(OLD));
  expect(fs.readdirSync(folder)).toEqual(['bundle']);
});

test('a file is added while the new one is written: nothing is replaced', () => {
  const act = () =>
    writeFolder(bundle, true, (staging) => {
      fs.cpSync(NEW, staging, { recursive: true });
      fs.writeFileSync(path.join(bundle, 'notes.txt'), 'mine');
    });
  expect(act).toThrow(expect.objectContaining({ code: 'OUTPUT_NOT_A_BUNDLE' }));
  expect(sorted(bundle)).toEqual([...sorted(OLD), 'notes.txt'].sort());
  expect(fs.readdirSync(folder)).toEqual(['bundle']);
});

test('the source is one of the files that would be replaced', () => {
  const source = path.join(bundle, fs.readdirSync(bundle).find((name) => name.endsWith('.onnx'))!);
  const check = (file: string) => () => checkTarget(bundle, true, file);
  expect(check(source)).toThrow(expect.objectContaining({ code: 'OUTPUT_HOLDS_SOURCE' }));
  fs.symlinkSync(source, path.join(folder, 'link.onnx'));
  expect(check(path.join(folder, 'link.onnx'))).toThrow(
    expect.objectContaining({ code: 'OUTPUT_HOLDS_SOURCE' }),
  );
  expect(check(DIGITS)).not.toThrow();
});

describe('left by a process of the same number, as in a container that starts anew', () => {
  const sibling = (kind: string, pid = process.pid) => `${bundle}.${kind}-${os.hostname()}-${pid}`;

  test('the old bundle, moved aside: put back', async () => {
    fs.renameSync(bundle, sibling('old'));
    await readSchedule(bundle);
    expect(sorted(bundle)).toEqual(sorted(OLD));
    expect(fs.readdirSync(folder)).toEqual(['bundle']);
  });

  test('half of a new one: cleared away, and no part of the next', () => {
    fs.mkdirSync(sibling('partial'));
    fs.writeFileSync(path.join(sibling('partial'), 'half.onnx'), 'half');
    replace();
    expect(sorted(bundle)).toEqual(sorted(NEW));
    expect(fs.readdirSync(folder)).toEqual(['bundle']);
  });

  test('half of a new one that cannot be cleared away: said, and no part of the next', () => {
    fs.mkdirSync(sibling('partial'));
    fs.writeFileSync(path.join(sibling('partial'), 'half.onnx'), 'half');
    const spy = vi.spyOn(fs, 'rmSync').mockImplementation(() => {
      throw Object.assign(new Error('EBUSY: on purpose'), { code: 'EBUSY', syscall: 'rm' });
    });
    try {
      expect(replace).toThrow(expect.objectContaining({ code: 'WRITE_FAILED' }));
    } finally {
      spy.mockRestore();
    }
    expect(sorted(bundle)).toEqual(sorted(OLD));
  });

  test('but what a living process is at is left to it', async () => {
    fs.renameSync(bundle, sibling('old', process.ppid));
    await expect(readSchedule(bundle)).rejects.toMatchObject({
      code: 'BUNDLE_INTERRUPTED',
      message: expect.stringContaining(`process ${process.ppid} `),
    });
  });
});
