/** Which files of a folder may be replaced: those that its schedule or its record lists, and only if it can be believed. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  entriesOf,
  foldersOf,
  formatRecord,
  ownedFiles,
} from '../../../src/compiler/emit/owned-files.js';
import { scratchFolder } from '../../cli/stepfold.js';
import { schedule } from './small-bundle.js';

const root = scratchFolder('owned');
let serial = 0;
let folder: string;
beforeEach(() => {
  folder = path.join(root, `case-${serial++}`);
  fs.mkdirSync(folder);
});

const write = (name: string, text: string) => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), text);
};
const owned = () => [...ownedFiles(folder)];

describe('of a bundle', () => {
  test('are its schedule first, its report, models and weights', () => {
    write('schedule.json', JSON.stringify(schedule));
    expect(owned()).toEqual([
      'schedule.json',
      'report.json',
      'full.onnx',
      'shallow.onnx',
      'weights.bin',
    ]);
  });
  test.each([
    ['no schedule', undefined],
    ['half a schedule', JSON.stringify(schedule).slice(0, 100)],
    [
      'a schedule that names a file elsewhere',
      JSON.stringify(schedule).replace('full.onnx', '../full.onnx'),
    ],
    ['something else', '{}'],
  ])('are none with %s', (_, text) => {
    if (text !== undefined) write('schedule.json', text);
    expect(owned()).toEqual([]);
  });
});

describe('of a pipeline', () => {
  const FILES = ['model_index.json', 'unet/full.onnx'];

  test('are its record first, and what it lists', () => {
    write('stepfold.json', formatRecord('unet', FILES));
    expect(owned()).toEqual(['stepfold.json', 'model_index.json', path.join('unet', 'full.onnx')]);
    expect(JSON.parse(formatRecord('unet', FILES))).toEqual({
      format: 'stepfold.folder',
      version: 1,
      bundle: 'unet',
      files: FILES,
    });
  });
  test.each([
    ['another format', { format: 'stepfold.plan', version: 1, files: FILES }],
    ['a later version', { format: 'stepfold.folder', version: 2, files: FILES }],
    ['no files', { format: 'stepfold.folder', version: 1 }],
    ['files that are no list', { format: 'stepfold.folder', version: 1, files: 'a' }],
    ['a file that is no text', { format: 'stepfold.folder', version: 1, files: ['a', 1] }],
    ['nothing', null],
  ])('are none with a record of %s', (_, record) => {
    write('stepfold.json', JSON.stringify(record));
    expect(owned()).toEqual([]);
  });
  test.each([
    ['/etc/passwd'],
    ['C:\\Windows\\win.ini'],
    ['\\windows\\win.ini'],
    ['\\\\server\\share\\file'],
    ['C:/Windows/win.ini'],
    ['../outside'],
    ['..'],
    ['unet/../../outside'],
    ['unet\\..\\..\\outside'],
    ['unet//model.onnx'],
    ['./model.onnx'],
    ['unet/./model.onnx'],
    ['unet/'],
    [''],
  ])('are none with a record that lists %j', (name) => {
    write('stepfold.json', formatRecord('unet', ['model_index.json', name]));
    expect(owned()).toEqual([]);
  });
  test('are those of the bundle where the folder is one as well', () => {
    write('stepfold.json', formatRecord('unet', FILES));
    write('schedule.json', JSON.stringify(schedule));
    expect(owned()[0]).toBe('schedule.json');
  });
});

describe('what is in a folder', () => {
  beforeEach(() => {
    for (const name of ['a', 'deep/b', 'deep/er/c', 'other/d']) write(name, '');
  });
  const entries = (...ours: string[]) => entriesOf(folder, new Set(ours)).sort();

  test('is its entries, where all of ours lie in it', () => {
    expect(entries('a')).toEqual(['a', 'deep', 'other']);
    expect(entries()).toEqual(['a', 'deep', 'other']);
  });
  test('is everything but the folders of ours, where some lie deeper', () => {
    expect(entries('a', 'deep/b')).toEqual([
      'a',
      'deep/b',
      'deep/er',
      'deep/er/c',
      'other',
      'other/d',
    ]);
    expect(entries('a', 'deep/er/c')).toEqual(['a', 'deep/b', 'deep/er/c', 'other', 'other/d']);
  });
});

test('folders of files, the deepest first', () => {
  expect([...foldersOf(['a', 'b/c', 'b/d/e/f', 'g/h'])]).toEqual(['b/d/e', 'b/d', 'b', 'g']);
  expect([...foldersOf([])]).toEqual([]);
});
