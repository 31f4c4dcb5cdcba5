/** How a file comes into a folder: the first way that the file system has, and what is noted of it. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { placeFile } from '../../../src/compiler/emit/place-file.js';
import { placeWeights, recordWeights } from '../../../src/compiler/emit/place-weights.js';
import type { WeightsFile } from '../../../src/compiler/emit/weights.js';
import { isCheapToHash } from '../../../src/compiler/emit/weights-record.js';
import type { ByteSource } from '../../../src/model/ir/tensor.js';
import { scratchFolder } from '../../cli/stepfold.js';
import { failing } from './failing.js';

const root = scratchFolder('placing');
let serial = 0;
let folder: string;
let source: string;
const target = () => path.join(folder, 'placed');

beforeEach(() => {
  folder = path.join(root, `case-${serial++}`);
  fs.mkdirSync(folder);
  source = path.join(folder, 'source');
  fs.writeFileSync(source, 'the weights');
});

const always = () => true;
/** No file system clones here, whichever it is. */
const withoutClones = <T>(code: string, act: () => T) =>
  failing('copyFileSync', code, (_from, _to, flags) => flags !== undefined, act);

describe('placing a file', () => {
  test.each([
    'EXDEV',
    'EPERM',
    'EACCES',
    'EMLINK',
    'ENOTSUP',
    'EOPNOTSUPP',
    'ENOSYS',
    'ENOTTY',
    'EINVAL',
    'EBADF',
  ])('where links and clones cannot be made (%s), it is copied', (code) => {
    const place = (mode: 'link' | 'reflink') => () => placeFile(source, target(), mode);
    expect(failing('linkSync', code, always, () => withoutClones(code, place('link')))).toBe(
      'copied',
    );
    expect(fs.readFileSync(target(), 'utf8')).toBe('the weights');
    expect(fs.statSync(target()).nlink).toBe(1);
    expect(withoutClones(code, place('reflink'))).toBe('copied');
  });

  test.each(['EIO', 'ENOSPC', 'EROFS', 'ENOENT'])(
    'where the disk fails (%s), nothing else is tried',
    (code) => {
      const refused = expect.objectContaining({ code });
      const place = (mode: 'link' | 'reflink') => () =>
        expect(() => placeFile(source, target(), mode)).toThrow(refused);
      failing('linkSync', code, always, place('link'));
      withoutClones(code, place('reflink'));
      expect(fs.existsSync(target())).toBe(false);
    },
  );

  test('a copy that cannot be made is the end of it', () => {
    const act = () =>
      expect(() => placeFile(source, target(), 'copy')).toThrow(
        expect.objectContaining({ code: 'EPERM' }),
      );
    failing('copyFileSync', 'EPERM', always, act);
  });

  test('links, clones and copies are what they are called', () => {
    expect(placeFile(source, target(), 'link')).toBe('linked');
    expect(fs.statSync(target()).ino).toBe(fs.statSync(source).ino);
    for (const mode of ['reflink', 'copy'] as const) {
      const file = path.join(folder, mode);
      expect(['cloned', 'copied']).toContain(placeFile(source, file, mode));
      expect(fs.statSync(file).ino).not.toBe(fs.statSync(source).ino);
    }
  });

  test('of a symbolic link the file behind it is placed', () => {
    const link = path.join(folder, 'link');
    fs.symlinkSync(source, link);
    expect(placeFile(link, target(), 'link')).toBe('linked');
    expect(fs.lstatSync(target()).isSymbolicLink()).toBe(false);
  });
});

const onDisk = (): ByteSource => ({
  label: source,
  path: source,
  size: 11,
  read: (offset, length) =>
    new Uint8Array(fs.readFileSync(source).subarray(offset, offset + length)),
});
const inMemory: ByteSource = {
  label: 'a tab',
  size: 4,
  read: (_, length) => new Uint8Array(length),
};
const fileOf = (from: WeightsFile['from'], linkable = true): WeightsFile => ({
  name: 'weights.bin',
  bytes: 11,
  used: 4,
  from,
  linkable,
});
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

describe('placing weights', () => {
  const placed = (file: WeightsFile, mode: 'link' | 'reflink' | 'copy' | 'prune') =>
    withoutClones('ENOTSUP', () => placeWeights([file], folder, mode)).get('weights.bin');
  const weights = () => path.join(folder, 'weights.bin');

  test.each([
    ['link', true, 'linked'],
    ['link', false, 'copied'],
    ['reflink', true, 'copied'],
    ['copy', true, 'copied'],
    ['prune', true, 'copied'],
  ] as const)('a whole file by %s (a link may be made: %s) is %s', (mode, linkable, by) => {
    expect(placed(fileOf(onDisk(), linkable), mode)).toBe(by);
    expect(fs.readFileSync(weights(), 'utf8')).toBe('the weights');
  });

  test.each([
    ['link', fs.constants.COPYFILE_FICLONE_FORCE],
    ['copy', undefined],
  ] as const)(
    'one that may not be linked, by %s, is cloned only in place of a link',
    (mode, first) => {
      const flags: unknown[] = [];
      const note = (_from: string, _to: string, how: unknown) => flags.push(how) === 0;
      failing('copyFileSync', '', note, () =>
        placeWeights([fileOf(onDisk(), false)], folder, mode),
      );
      expect(flags[0]).toBe(first);
    },
  );

  test('pieces are gathered in order', () => {
    const pieces = [
      { source: onDisk(), offset: 4, length: 7 },
      Uint8Array.of(33, 32),
      { source: onDisk(), offset: 0, length: 3 },
    ];
    expect(placed(fileOf(pieces), 'prune')).toBe('gathered');
    expect(fs.readFileSync(weights(), 'utf8')).toBe('weights! the');
  });

  test.each([
    ['as a whole', fileOf(inMemory)],
    ['in pieces', fileOf([Uint8Array.of(1), { source: inMemory, offset: 0, length: 1 }])],
  ])('of a model that lies in no file of this machine are refused, %s', (_, file) => {
    expect(() => placeWeights([file], folder, 'prune')).toThrow(
      expect.objectContaining({ code: 'WEIGHTS_ELSEWHERE' }),
    );
    expect(fs.existsSync(weights())).toBe(false);
  });
});

describe('what is noted of weights', () => {
  const known = { path: '/elsewhere', sha256: 'known' };
  function noted(
    file: WeightsFile,
    by: 'linked' | 'copied' | 'gathered',
    options: Partial<Parameters<typeof recordWeights>[3]> = {},
  ) {
    fs.writeFileSync(path.join(folder, 'weights.bin'), 'the weights');
    return recordWeights([file], folder, new Map([['weights.bin', by]]), {
      hashWeights: false,
      known,
      ...options,
    }).get('weights.bin')!;
  }
  const large = (from: WeightsFile['from']) => ({ ...fileOf(from), bytes: 2 ** 26 + 1 });

  test('the hash of a small file, and which file a link is', () => {
    const { samples, ...rest } = noted(fileOf(onDisk()), 'linked');
    const stat = fs.statSync(path.join(folder, 'weights.bin'), { bigint: true });
    expect(samples).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toEqual({
      by: 'linked',
      sha256: digest('the weights'),
      link: { modified: stat.mtime.toISOString(), inode: String(stat.ino) },
    });
  });

  test('no more than samples of a large one, unless that is asked for', () => {
    expect(Object.keys(noted(large(onDisk()), 'copied')).sort()).toEqual(['by', 'samples']);
    expect(noted(large(onDisk()), 'copied', { hashWeights: true }).sha256).toBe(
      digest('the weights'),
    );
  });

  test('a hash that is known is taken, by whatever link', () => {
    const hash = { known: { path: fs.realpathSync(source), sha256: 'known' } };
    expect(noted(fileOf(onDisk()), 'copied', hash).sha256).toBe('known');
    expect(noted(large(onDisk()), 'copied', hash).sha256).toBe('known');
    const link = path.join(folder, 'link');
    fs.symlinkSync(source, link);
    expect(noted(fileOf({ ...onDisk(), path: link }), 'copied', hash).sha256).toBe('known');
    // pieces of the file are another
    expect(
      noted(fileOf([{ source: onDisk(), offset: 0, length: 4 }]), 'gathered', hash).sha256,
    ).toBe(digest('the weights'));
  });

  test.each([
    [2 ** 26, true],
    [2 ** 26 + 1, false],
  ])('%i bytes are hashed without being asked: %s', (bytes, cheap) => {
    expect(isCheapToHash(bytes)).toBe(cheap);
  });
});
