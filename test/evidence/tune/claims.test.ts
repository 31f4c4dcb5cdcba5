/** Who is at which trial, by marks of processes that live, are no more, or are on other machines. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Claim } from '../../../src/evidence/tune/claims.js';
import { readMark } from '../../../src/io/mark.js';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const put = (text: string, secondsAgo = 0) => {
  const file = path.join(folder, 'a1');
  fs.writeFileSync(file, text);
  const then = new Date(Date.now() - 1000 * secondsAgo);
  fs.utimesSync(file, then, then);
};
const take = () => {
  const claim = Claim.take(folder, 'a1');
  claim?.release();
  return claim !== undefined;
};
/** One that has ended. */
const { pid: dead } = spawnSync('true');

test('a claim is one process at a time', () => {
  const claim = Claim.take(folder, 'a1')!;
  expect(Claim.take(folder, 'a1')).toBeUndefined();
  expect(readMark(claim.file)?.owner).toEqual({
    host: os.hostname(),
    pid: process.pid,
    alive: true,
  });
  claim.release();
  expect(take()).toBe(true);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test.each([
  ['of a process that lives', `${os.hostname()} ${process.ppid}\n`, 1000, false],
  ['of one that is no more', `${os.hostname()} ${dead}\n`, 0, true],
  ['of another machine, touched lately', `elsewhere ${dead}\n`, 60, false],
  ['of another machine that is silent', `elsewhere ${dead}\n`, 600, true],
  ['that is being written', '', 0, false],
  ['that was never written', '', 600, true],
])('one %s', (_, text, age, taken) => {
  put(text, age);
  expect(take()).toBe(taken);
});
