/** The folder of a search: results as they were, whoever is at it, and what is broken. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { imageDecibels } from '../../../src/evidence/tune/distance.js';
import { TuningFolder } from '../../../src/evidence/tune/folder.js';
import { readErrorGoal } from '../../../src/evidence/tune/goal.js';
import { idOf, jobOf } from '../../../src/evidence/tune/job.js';

let place: string;
beforeEach(() => {
  place = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-')), 'bundle.tuning');
});
afterEach(() => fs.rmSync(path.dirname(place), { recursive: true }));

const ENDED = {
  latent: Float32Array.of(0.1, -2.5, 3, 1e-30),
  dims: [2, 2],
  images: 2,
  work: 12.5,
  madeUp: ['label'],
};

test('a result comes back bit for bit, in another process too', () => {
  new TuningFolder(place).keep('a1', ENDED);
  expect(new TuningFolder(place).result('a1')).toEqual(ENDED);
  expect(new TuningFolder(place).result('a2')).toBeUndefined();
});

test('so does a failure', () => {
  const failed = { failed: { code: 'PLAN_CONFLICT', message: 'both' } };
  new TuningFolder(place).keep('a1', failed);
  expect(new TuningFolder(place).result('a1')).toEqual(failed);
});

test('a result whose latents are gone is broken, and so is one of other content', () => {
  const folder = new TuningFolder(place);
  folder.keep('a1', ENDED);
  fs.rmSync(path.join(place, 'results/a1.npy'));
  expect(() => folder.result('a1')).toThrow(expect.objectContaining({ code: 'TUNE_FOLDER' }));
  fs.writeFileSync(path.join(place, 'results/a2.json'), '{"images": "two"}');
  expect(() => folder.result('a2')).toThrow(/a2\.json.*no result/);
  fs.writeFileSync(path.join(place, 'results/a3.json'), '{');
  expect(() => folder.result('a3')).toThrow(/a3\.json.*cannot be read/);
});

test('a cost is measured once', async () => {
  let times = 0;
  const measure = async () => ({ full: ++times, between: 0.1 });
  await new TuningFolder(place).measured('a', measure);
  expect(await new TuningFolder(place).measured('a', measure)).toEqual({ full: 1, between: 0.1 });
  expect(await new TuningFolder(place).measured('b', measure)).toEqual({ full: 2, between: 0.1 });
});

test('one search at a time; what a process that is no more has left is taken over', () => {
  const folder = new TuningFolder(place);
  const mark = path.join(place, 'in-use');
  const inUse = expect.objectContaining({ code: 'TUNE_IN_USE' });
  // the parent of this process lives
  fs.writeFileSync(mark, `${os.hostname()} ${process.ppid}\n`);
  expect(() => folder.take()).toThrow(inUse);
  fs.writeFileSync(mark, 'another-machine 12\n');
  expect(() => folder.take()).toThrow(inUse);
  fs.writeFileSync(mark, `${os.hostname()} 4194304\n`);
  folder.take();
  folder.leave();
  expect(fs.existsSync(mark)).toBe(false);
});

test('the name of a job is all that it depends on, in whatever order it is written', () => {
  const sampler = { name: 'ddim', steps: 4 } as const;
  const of = (options: object, search = 'x', batch = 0) =>
    idOf(jobOf(search, { passes: [{ pass: 'p', options: { ...options } }], sampler }, batch));
  expect(of({ a: 1, b: 2 })).toBe(of({ b: 2, a: 1 }));
  expect(new Set([of({ a: 1 }), of({ a: 2 }), of({ a: 1 }, 'y'), of({ a: 1 }, 'x', 1)]).size).toBe(
    4,
  );
});

test('decibels of each image by itself', () => {
  const wanted = Float32Array.of(0, 1, 0, 4);
  const found = Float32Array.of(0.1, 1, 0, 4);
  const [first, second] = imageDecibels(found, wanted, 2);
  // a range of 1, and a mean square of 0.01 / 2
  expect(first).toBeCloseTo(10 * Math.log10(1 / 0.005), 4);
  expect(second).toBe(150);
});

test.each([
  ['40dB', 40],
  ['37.5', 37.5],
  [' 30 db ', 30],
])('an error of %s', (text, decibels) => {
  expect(readErrorGoal(text)).toEqual({ kind: 'error', decibels });
});

test.each(['', 'low', '-3dB', '40%'])('no error: "%s"', (text) => {
  expect(() => readErrorGoal(text)).toThrow(expect.objectContaining({ code: 'TUNE_GOAL' }));
});
