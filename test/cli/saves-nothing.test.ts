/** A bundle that computes as much as its source says so, with the command that helps; any other does not. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  DIGITS as DIGITS_FILE,
  done,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const folder = scratchFolder('saves-nothing');
// beside the bundles, so that commands hold plain words wherever the tests lie
const DIT = 'dit-digits.onnx';
const DIGITS = 'digits-unet.onnx';
const LOUD = 'THIS BUNDLE SAVES NOTHING';

beforeAll(() => {
  requireBuild();
  fs.copyFileSync(path.join(ROOT, 'samples/dit-digits', DIT), path.join(folder, DIT));
  fs.copyFileSync(DIGITS_FILE, path.join(folder, DIGITS));
});

const transform = (name: string, ...args: string[]) => ['transform', ...args, '-o', name];
const json = async (args: string[]) =>
  JSON.parse(await done([...args, '--json'], { cwd: folder })) as {
    savesNothing?: { why: string; next: string };
  };

describe('a plan of nothing but compute', () => {
  const guided = ['--guidance', 'cond-first', '--guidance-mode', 'two-calls'];
  test.each<[string, string[], RegExp, RegExp]>([
    [
      'that was not searched',
      [DIT, '--pass', 'ditfastattn:threshold=D3', '--calls', '4'],
      /search/,
      /^stepfold calibrate dit-digits\.onnx --pass ditfastattn:threshold=D3 --calls 4 -o plan\.json$/,
    ],
    [
      'that was not searched, for pairs',
      [DIT, '--pass', 'ditfastattn:threshold=D3', '--calls', '4', ...guided],
      /search/,
      /--guidance cond-first --guidance-mode two-calls --guidance-scale 4 --unconditional/,
    ],
    [
      'since every call is a full one',
      [DIGITS, '--pass', 'deepcache:branch=2,interval=1', '--calls', '4'],
      /computes everything/,
      /^stepfold passes deepcache$/,
    ],
    [
      'since there is one call',
      [DIGITS, ...UNET, '--calls', '1'],
      /one call/,
      /^stepfold transform \S+ --pass deepcache:branch=\d,interval=\d --calls 20 -o \S+ --force$/,
    ],
  ])('%s', async (name, args, why, next) => {
    const { status, stdout } = await stepfold(transform(name.replaceAll(/\W/g, '-'), ...args), {
      cwd: folder,
    });
    expect(status).toBe(0);
    expect(stdout).toContain(LOUD);
    const { savesNothing } = await json(transform(`${name.replaceAll(/\W/g, '-')}-json`, ...args));
    expect(savesNothing!.why).toMatch(why);
    expect(savesNothing!.next).toMatch(next);
    expect(stdout).toContain(`${LOUD}: ${savesNothing!.why}.`);
  });
});

test('the command that is named goes on from there', async () => {
  const args = [DIT, '--pass', 'ditfastattn:threshold=1', '--calls', '2'];
  const { savesNothing } = await json(transform('unsearched', ...args));
  await done([...savesNothing!.next.split(' ').slice(1), '--samples', '1'], { cwd: folder });
  const searched = await json(transform('searched', DIT, '--plan', 'plan.json'));
  expect(searched.savesNothing).toBeUndefined();
});

test('strategies that cost as much as computing', async () => {
  // every token is in the window
  const args = [DIT, '--pass', 'ditfastattn:strategy=window,window=1/1', '--calls', '3'];
  const { savesNothing } = await json(transform('wide', ...args));
  expect(savesNothing!.next).toMatch(/^stepfold inspect /);
});

test('nothing is said of a bundle that saves something, or was not meant to', async () => {
  const saves = await done(transform('saves', DIGITS, ...UNET, '--calls', '4'), { cwd: folder });
  expect(saves).not.toContain(LOUD);
  const target = ['--target', 'onnxruntime-cpu', '--calls', '2'];
  const rewritten = await json(transform('target', DIGITS, ...target));
  expect(rewritten).not.toHaveProperty('savesNothing');
});
