/** Folders and files that appear when they are complete, or not at all; what is not ours stays. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  checkTarget,
  openFolder,
  refuseSpecial,
  writeFile,
  writeFolder,
} from '../../../src/compiler/emit/folder.js';
import { formatRecord } from '../../../src/compiler/emit/owned-files.js';
import { scratchFolder } from '../../cli/stepfold.js';
import { failing } from './failing.js';
import { BUNDLE_FILES, fillBundle } from './small-bundle.js';

const root = scratchFolder('folders');
let serial = 0;
let place: string;
let target: string;
beforeEach(() => {
  place = path.join(root, `case-${serial++}`);
  target = path.join(place, 'out');
  fs.mkdirSync(place);
});

const coded = (code: string) => expect.objectContaining({ code });
const bundle = (text: string) => {
  fs.mkdirSync(target, { recursive: true });
  fillBundle(target, text);
};
const replace = (text = 'new', force = true) =>
  writeFolder(target, force, (staging) => fillBundle(staging, text));
const textOf = (name: string) => fs.readFileSync(path.join(target, name), 'utf8');
/** Everything of the place, folders behind what is in them. */
const all = () => (fs.readdirSync(place, { recursive: true }) as string[]).sort();
const inTarget = (...names: string[]) =>
  ['out', ...names.map((name) => path.join('out', name))].sort();

describe('checking where a folder is to be', () => {
  const check =
    (force = false, source?: string) =>
    () =>
      checkTarget(target, force, source);

  test('nothing or an empty folder will do', () => {
    expect(check()).not.toThrow();
    fs.mkdirSync(target);
    expect(check()).not.toThrow();
  });
  test('a name of nothing will not', () => {
    expect(() => checkTarget('', true)).toThrow(coded('OUTPUT_UNNAMED'));
  });
  test('nor a file', () => {
    fs.writeFileSync(target, '');
    expect(check(true)).toThrow(coded('OUTPUT_IS_A_FILE'));
  });
  test('a bundle will do if it may be replaced, and nothing else is in it', () => {
    bundle('old');
    expect(check()).toThrow(coded('OUTPUT_NOT_EMPTY'));
    expect(check(true)).not.toThrow();
    fs.writeFileSync(path.join(target, 'mine.txt'), '');
    expect(check(true)).toThrow(
      expect.objectContaining({
        code: 'OUTPUT_NOT_A_BUNDLE',
        message: expect.stringContaining('mine.txt'),
      }),
    );
  });
  test('the source may not lie among the files', () => {
    bundle('old');
    const link = path.join(place, 'link');
    fs.symlinkSync(path.join(target, 'weights.bin'), link);
    for (const source of [path.join(target, 'full.onnx'), link])
      expect(check(true, source)).toThrow(coded('OUTPUT_HOLDS_SOURCE'));
    const other = path.join(place, 'source.onnx');
    expect(check(true, other)).not.toThrow();
    fs.writeFileSync(other, '');
    expect(check(true, other)).not.toThrow();
  });
  test('what an interrupted replacement left is put back first', () => {
    bundle('old');
    fs.renameSync(target, `${target}.old-${os.hostname()}-${process.pid}`);
    expect(check()).toThrow(coded('OUTPUT_NOT_EMPTY'));
    expect(textOf('full.onnx')).toBe('old');
  });
  test('what the disk refuses is said of the folder', () => {
    bundle('old');
    const act = () => expect(check(true)).toThrow(coded('WRITE_FAILED'));
    failing('readdirSync', 'EIO', (folder) => folder === target, act);
  });
});

describe('writing a folder', () => {
  test('gives what its writing gives, in a place of its own', () => {
    const given = writeFolder(path.join(target, 'deep', 'er'), false, (staging) => {
      expect(fs.readdirSync(staging)).toEqual([]);
      fs.writeFileSync(path.join(staging, 'a'), 'x');
      expect(fs.existsSync(path.join(target, 'deep', 'er'))).toBe(false);
      return 7;
    });
    expect(given).toBe(7);
    expect(all()).toEqual(['out', 'out/deep', 'out/deep/er', 'out/deep/er/a']);
  });
  test('fills one that is empty, and replaces a bundle as a whole', () => {
    fs.mkdirSync(target);
    replace('first', false);
    expect(textOf('full.onnx')).toBe('first');
    expect(() => replace('second', false)).toThrow(coded('OUTPUT_NOT_EMPTY'));
    expect(textOf('full.onnx')).toBe('first');
    replace('second');
    expect(textOf('full.onnx')).toBe('second');
    expect(all()).toEqual(inTarget(...BUNDLE_FILES));
  });
  test('replaces a pipeline, of which folders may be left that hold something else', () => {
    const files = ['model_index.json', 'unet/full.onnx', 'unet/deep/weights.bin'];
    for (const name of files) {
      fs.mkdirSync(path.dirname(path.join(target, name)), { recursive: true });
      fs.writeFileSync(path.join(target, name), 'old');
    }
    fs.writeFileSync(path.join(target, 'stepfold.json'), formatRecord('unet', files));
    replace();
    expect(all()).toEqual(inTarget(...BUNDLE_FILES));
  });
  test('leaves nothing where it fails, and the old bundle as it was', () => {
    bundle('old');
    const before = all();
    const fail = (error: Error) => () =>
      writeFolder(target, true, (staging) => {
        fillBundle(staging, 'new');
        throw error;
      });
    expect(fail(new TypeError('a bug'))).toThrow(TypeError);
    expect(fail(Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' }))).toThrow(
      coded('WRITE_FAILED'),
    );
    let thrown: unknown;
    try {
      writeFolder(target, true, () => {
        throw 'a word';
      });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe('a word');
    expect(all()).toEqual(before);
    expect(textOf('full.onnx')).toBe('old');
  });
  test('puts the old one back where the new one cannot take its place', () => {
    bundle('old');
    const act = () => expect(() => replace()).toThrow(coded('WRITE_FAILED'));
    failing('renameSync', 'EIO', (from, to) => from.includes('.partial-') && to === target, act);
    expect(textOf('full.onnx')).toBe('old');
    expect(all()).toEqual(inTarget(...BUNDLE_FILES));
  });
  test('has every file on the disk before it takes its place', () => {
    const done: string[] = [];
    const open = fs.openSync;
    const opened = new Map<number, string>();
    const spies = [
      vi.spyOn(fs, 'openSync').mockImplementation((file, ...rest) => {
        const fd = open(file, ...rest);
        opened.set(fd, String(file));
        return fd;
      }),
      vi.spyOn(fs, 'fsyncSync').mockImplementation((fd) => void done.push(opened.get(fd)!)),
    ];
    const renamed: string[][] = [];
    const note = (_from: string, to: string) => to === target && void renamed.push([...done]);
    try {
      failing(
        'renameSync',
        '',
        (...args) => Boolean(note(args[0], args[1])),
        () =>
          writeFolder(target, false, (staging) => {
            fs.mkdirSync(path.join(staging, 'deep'));
            for (const name of ['a', 'deep/b']) fs.writeFileSync(path.join(staging, name), '');
          }),
      );
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    const staging = `${target}.partial-${os.hostname()}-${process.pid}`;
    const places = ['', '/a', '/deep', '/deep/b'].map((name) => staging + name);
    expect(renamed.map((files) => files.sort())).toEqual([places]);
    // and the list of the folder above after it
    expect(done.at(-1)).toBe(place);
  });
  test('does not wait for what cannot be tidied up', () => {
    bundle('old');
    failing(
      'rmSync',
      'EBUSY',
      (file) => file.includes('.old-') && file.endsWith('full.onnx'),
      () => replace(),
    );
    expect(textOf('full.onnx')).toBe('new');
    // what lists the files goes last, so that the rest is cleared away the next time
    const old = `out.old-${os.hostname()}-${process.pid}`;
    expect(fs.readdirSync(path.join(place, old))).toContain('schedule.json');
    replace('newer');
    expect(all()).toEqual(inTarget(...BUNDLE_FILES));
  });

  describe('clears away what processes that are no more have left,', () => {
    const left = (kind: string, pid: number | string = process.pid, host = os.hostname()) => {
      const folder = `${target}.${kind}-${host}-${pid}`;
      fs.mkdirSync(folder);
      fillBundle(folder, 'left');
      return folder;
    };
    test('new ones whatever is in them, old ones file by file', () => {
      fs.writeFileSync(path.join(left('partial'), 'half'), '');
      bundle('old');
      left('old');
      replace();
      expect(all()).toEqual(inTarget(...BUNDLE_FILES));
    });
    test('and old ones of which all but the folder is gone', () => {
      bundle('old');
      fs.mkdirSync(`${target}.old-${os.hostname()}-999999999`);
      replace();
      expect(all()).toEqual(inTarget(...BUNDLE_FILES));
    });
    test('but of an old one not what somebody else put there', () => {
      bundle('old');
      const folder = left('old', 999999999);
      fs.writeFileSync(path.join(folder, 'mine.txt'), 'mine');
      replace();
      expect(fs.readdirSync(folder)).toEqual(['mine.txt']);
    });
    test('but nothing of a living one or of another machine', () => {
      bundle('old');
      const others = [left('partial', process.ppid), left('partial', process.pid, 'elsewhere')];
      replace();
      for (const folder of others) expect(fs.readdirSync(folder).sort()).toEqual(BUNDLE_FILES);
    });
  });
});

describe('opening a folder', () => {
  test('makes it, and those above', () => {
    openFolder(path.join(target, 'deep'));
    expect(all()).toEqual(['out', 'out/deep']);
    expect(() => openFolder(target)).not.toThrow();
  });
  test('is refused of no name, of a file and where nothing can be made', () => {
    expect(() => openFolder('')).toThrow(coded('OUTPUT_UNNAMED'));
    fs.writeFileSync(target, '');
    expect(() => openFolder(target)).toThrow(coded('OUTPUT_IS_A_FILE'));
    expect(() => openFolder(path.join(target, 'below'))).toThrow(coded('WRITE_FAILED'));
  });
});

describe('writing a file', () => {
  const bytes = new TextEncoder().encode('text');
  const left = (kind: string, pid: number) => {
    const file = `${target}.${kind}-${os.hostname()}-${pid}`;
    fs.writeFileSync(file, '');
    return path.basename(file);
  };
  test('replaces it, and clears away what was left of it', () => {
    fs.writeFileSync(target, 'old');
    left('partial', 999999999);
    const kept = [left('old', 999999999), left('partial', process.ppid)];
    writeFile(target, bytes);
    expect(fs.readFileSync(target, 'utf8')).toBe('text');
    expect(all()).toEqual(['out', ...kept].sort());
  });
  test('is refused where something else than a file is', () => {
    fs.mkdirSync(target);
    expect(() => writeFile(target, bytes)).toThrow(coded('WRITE_FAILED'));
    expect(() => refuseSpecial(target)).toThrow(/a folder/);
    expect(() => refuseSpecial('/dev/null')).toThrow(/a device/);
    expect(() => refuseSpecial(path.join(place, 'none'))).not.toThrow();
  });
  test('what the disk refuses is said of it', () => {
    expect(() => writeFile(path.join(place, 'none', 'file'), bytes)).toThrow(coded('WRITE_FAILED'));
  });
});
