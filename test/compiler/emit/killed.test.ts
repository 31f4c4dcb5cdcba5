/**
 * A bundle that is replaced is the old one or the new one, whenever the process that does it is killed:
 * at calls that change the disk, and at moments of chance. `STEPFOLD_KILLS=40` tries every such call, and so
 * many moments.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { writeFolder } from '../../../src/compiler/emit/folder.js';
import { checkFiles, readSchedule } from '../../../src/runtime/node/index.js';
import { DIGITS, done, MAIN, ROOT, requireBuild, scratchFolder } from '../../cli/stepfold.js';

const KILLS = Number(process.env.STEPFOLD_KILLS ?? 3);
const ALL = process.env.STEPFOLD_KILLS !== undefined;

const root = scratchFolder('killed');
const HOOK = pathToFileURL(path.join(ROOT, 'test/compiler/emit/die-at.mjs')).href;
const REPLACE = path.join(ROOT, 'test/compiler/emit/replace.mjs');

/** The hashes of a folder's files, by name. */
const contents = (folder: string): Record<string, string> =>
  Object.fromEntries(
    fs
      .readdirSync(folder)
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(fs.readFileSync(path.join(folder, name)))
          .digest('hex'),
      ]),
  );

/** A folder of a test's own with a copy of a bundle in it, under the name `bundle`. */
function placed(name: string, bundle: string): string {
  const folder = path.join(root, name);
  fs.mkdirSync(folder);
  fs.cpSync(bundle, path.join(folder, 'bundle'), { recursive: true });
  return folder;
}

/** What whoever opens the bundle next finds, which must be whole. */
async function opened(folder: string): Promise<Record<string, string>> {
  const bundle = path.join(folder, 'bundle');
  await checkFiles(bundle, await readSchedule(bundle));
  return contents(bundle);
}

/** The digits U-Net cut at two places: bundles that differ in every file but the weights. */
const OLD = path.join(root, 'old');
const NEW = path.join(root, 'new');
const cut = (bundle: string, branch: number, ...args: string[]) => {
  const pass = ['--pass', `deepcache:branch=${branch},interval=2`, '--calls', '4'];
  return ['transform', DIGITS, ...pass, '--weights', 'copy', '-o', bundle, ...args];
};
let before: Record<string, string>;
let after: Record<string, string>;
let milliseconds: number;

beforeAll(async () => {
  requireBuild();
  await done(cut(OLD, 1, '--emit', 'chain'));
  const start = performance.now();
  await done(cut(NEW, 2));
  milliseconds = performance.now() - start;
  [before, after] = [contents(OLD), contents(NEW)];
});

/** Everything is at its end: the new bundle, and nothing beside it. */
function expectReplaced(folder: string): void {
  expect(fs.readdirSync(folder)).toEqual(['bundle']);
  expect(contents(path.join(folder, 'bundle'))).toEqual(after);
}

test('killed at any call that changes the disk', async () => {
  const replace = (bundle: string, hook: string) => {
    const args = ['--import', `${HOOK}?${hook}`, REPLACE, bundle, NEW];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    return new Promise((resolve) =>
      child.on('close', (status, signal) => resolve(signal ?? status)),
    );
  };
  const log = path.join(root, 'calls.json');
  const whole = placed('whole', OLD);
  expect(await replace(path.join(whole, 'bundle'), `log=${log}`)).toBe(0);
  expectReplaced(whole);
  const calls = JSON.parse(fs.readFileSync(log, 'utf8')) as string[];
  // the folder, the files, the two renames and the removals are all among them
  expect(new Set(calls)).toEqual(
    new Set([
      'mkdirSync',
      'openSync',
      'writeSync',
      'fsyncSync',
      'renameSync',
      'rmSync',
      'rmdirSync',
    ]),
  );
  const points = [...calls.keys()].filter(
    (call) => ALL || /^(mkdir|rename|rm)/.test(calls[call]!) || call % 8 === 0,
  );
  const seen = new Set<string>();
  const next = async (): Promise<void> => {
    const call = points.shift();
    if (call === undefined) return;
    const folder = placed(`at-${call}`, OLD);
    const bundle = path.join(folder, 'bundle');
    expect([call, await replace(bundle, `call=${call}`)]).toEqual([call, 'SIGKILL']);
    const found = await opened(folder);
    expect([before, after]).toContainEqual(found);
    seen.add(JSON.stringify(found));
    writeFolder(bundle, true, (staging) => fs.cpSync(NEW, staging, { recursive: true }));
    expectReplaced(folder);
    fs.rmSync(folder, { recursive: true });
    return next();
  };
  await Promise.all([next(), next()]);
  expect(seen.size).toBe(2);
});

test(
  'the command, ended by signals at moments of chance',
  async () => {
    const signals = ['SIGKILL', 'SIGTERM', 'SIGINT'] as const;
    const folder = path.join(root, 'chance');
    for (let i = 0; i < KILLS; i++) {
      fs.rmSync(folder, { recursive: true, force: true });
      const bundle = path.join(placed('chance', OLD), 'bundle');
      const child = spawn(process.execPath, [MAIN, ...cut(bundle, 2, '--force')], {
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.on('close', resolve));
      // the writing is the last part of the way
      const share = 0.6 + (0.5 * (i + Math.random())) / KILLS;
      await new Promise((resolve) => setTimeout(resolve, milliseconds * share));
      child.kill(signals[i % signals.length]);
      await ended;
      expect([before, after]).toContainEqual(await opened(folder));
    }
    await done(cut(path.join(folder, 'bundle'), 2, '--force'));
    expectReplaced(folder);
  },
  60_000 + KILLS * 10_000,
);

test('what another machine moved aside is not touched, and the message says where it is', async () => {
  const folder = path.join(root, 'elsewhere');
  const aside = 'bundle.old-another-machine-1';
  fs.mkdirSync(path.join(folder, aside), { recursive: true });
  await expect(readSchedule(path.join(folder, 'bundle'))).rejects.toMatchObject({
    code: 'BUNDLE_INTERRUPTED',
    message: expect.stringContaining(aside),
  });
  expect(fs.readdirSync(folder)).toEqual([aside]);
});
