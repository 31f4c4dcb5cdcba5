/** Passes that somebody else wrote: everything that ours can do, and what is wrong with a module said in one line. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Schedule } from '../../src/runtime/schedule/index.js';
import { done, expectRefusal, ROOT, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const DIT = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
const PLUGIN = path.join(ROOT, 'samples/plugins/feed-forward-cache.mjs');
const OURS = fs.readFileSync(PLUGIN, 'utf8');
const REQUEST = ['--pass', 'feed-forward-cache:interval=2', '--calls', '4'] as const;

const folder = scratchFolder('plugins');
const cli = (...args: string[]) => stepfold(args, { cwd: folder });
const write = (name: string, text: string): string => {
  fs.writeFileSync(path.join(folder, name), text);
  return name;
};

beforeAll(async () => {
  requireBuild();
  await done(['transform', DIT, '--plugin', PLUGIN, ...REQUEST, '-o', 'bundle'], { cwd: folder });
});

describe('a pass from a plugin', () => {
  test('is proved from what it states, and not without it', async () => {
    const verify = ['verify', 'bundle', '--against', DIT, '--optimization', 'disabled'];
    const proved = await cli(...verify, '--plugin', PLUGIN, '--json');
    expect(proved).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(proved.stdout)).toMatchObject({ passed: true, unproved: [], statements: [] });
    const unknown = await cli(...verify);
    expect(unknown.status).toBe(1);
    expect(unknown.stdout).toContain('"keep-feed-forward" has no reference');
  });

  test('is not believed: what it states is what it must compute', async () => {
    const lying = OURS.replace("{ result: 'kept' }", "{ result: 'zeros' }");
    const plugin = write('lying.mjs', lying);
    const { status, stdout } = await cli('verify', 'bundle', '--against', DIT, '--plugin', plugin);
    expect(status).toBe(1);
    expect(stdout).toContain('A check failed.');
  });

  test('shows by the letter that it asks for, and in the colour of what it does', async () => {
    const shown = ['plan', 'bundle', '--plugin', PLUGIN, '--svg', 'plan.svg'];
    expect(await done(shown, { cwd: folder })).toMatch(/^f +keep-feed-forward +12 /m);
    // that of what is kept, as `reuse` has it
    expect(fs.readFileSync(path.join(folder, 'plan.svg'), 'utf8')).toContain('#fdf0ae');
  });

  test('has its choices tried by a report', async () => {
    const report = ['report', 'bundle', '--against', DIT, '--plugin', PLUGIN, '--no-yardstick'];
    const loop = ['--rounds', '1', '-o', 'page.html'];
    await done([...report, ...loop], { cwd: folder });
    const page = fs.readFileSync(path.join(folder, 'page.html'), 'utf8');
    expect(page).toContain('<h3>Intervals of the feed-forwards</h3>');
    expect(page).toContain('interval 2 (this one)');
    expect(page).toContain('interval 4');
  });

  test('is listed with its options', async () => {
    const text = await done(['passes', 'feed-forward-cache', '--plugin', PLUGIN]);
    expect(text).toContain('interval: integer [2]');
  });

  test('is loaded by a pipeline file, from where that lies', async () => {
    fs.mkdirSync(path.join(folder, 'config'));
    fs.copyFileSync(PLUGIN, path.join(folder, 'config/pass.mjs'));
    const config = {
      plugins: ['pass.mjs'],
      passes: [{ pass: 'feed-forward-cache', options: { interval: 2 } }],
      calls: 4,
    };
    write('config/pipeline.json', JSON.stringify(config));
    await done(['transform', DIT, '--config', 'config/pipeline.json', '-o', 'configured'], {
      cwd: folder,
    });
    const read = (name: string): Schedule =>
      JSON.parse(fs.readFileSync(path.join(folder, name, 'schedule.json'), 'utf8'));
    expect(read('configured')).toEqual(read('bundle'));
  });
});

describe('a plugin is refused', () => {
  const pass = (change: string) =>
    `export default { name: 'mine', description: 'd', example: 'mine',
      options: { type: 'object', properties: {} }, propose: () => ({ sites: [], entries: {} }), ${change} };`;

  test.each<[what: string, text: string, code: string, mention: string]>([
    ['that throws', "throw new Error('not today');", 'PLUGIN_FAILED', 'not today'],
    ['that is no JavaScript', 'export default {', 'PLUGIN_FAILED', 'Unexpected'],
    ['that imports what is not there', "import './gone.mjs';", 'PLUGIN_FAILED', 'gone.mjs'],
    ['without a default export', 'export const a = 1;', 'PLUGIN_NO_PASS', 'is no object'],
    ['of no passes', 'export default [];', 'PLUGIN_NO_PASS', 'empty array'],
    ['that cannot propose', pass('propose: 1'), 'PLUGIN_NO_PASS', 'no function "propose"'],
    [
      'with options that cannot be checked',
      pass("options: { type: 'object', properties: { x: { oneOf: [] } } }"),
      'PLUGIN_NO_PASS',
      '"/properties/x/oneOf"',
    ],
    ['of an array with another thing', 'export default [null];', 'PLUGIN_NO_PASS', 'item 0'],
    [
      'with a meaning that there is none of',
      pass("strategies: { a: { meaning: { result: 'guessed' } } }"),
      'PLUGIN_NO_PASS',
      '"a"',
    ],
    ['with a name of ours', pass("name: 'deepcache'"), 'PASS_NAME_TAKEN', '"deepcache"'],
    [
      'with another meaning for a strategy of ours',
      pass("strategies: { zero: { meaning: { result: 'kept' } } }"),
      'PASS_STRATEGY_TAKEN',
      '"zero"',
    ],
  ])('%s', async (what, text, code, mention) => {
    const plugin = write(`${what.replaceAll(' ', '-')}.mjs`, text);
    expectRefusal(await cli('plan', 'bundle', '--plugin', plugin), code, mention);
  });

  test('that is not there', async () => {
    const outcome = await cli('plan', 'bundle', '--plugin', 'none.mjs');
    expectRefusal(outcome, 'FILE_NOT_FOUND', 'none.mjs');
  });

  test('that is given twice', async () => {
    const outcome = await cli('plan', 'bundle', '--plugin', PLUGIN, '--plugin', PLUGIN);
    expectRefusal(outcome, 'PASS_NAME_TAKEN', 'feed-forward-cache');
  });

  test('by its pass, in one line', async () => {
    const plugin = write('gives-up.mjs', pass("propose() { throw new Error('no such layer'); }"));
    const outcome = await cli(
      'transform',
      DIT,
      '--plugin',
      plugin,
      '--pass',
      'mine',
      '--calls',
      '2',
      '-o',
      'x',
    );
    expectRefusal(outcome, 'PASS_THREW', '"mine"', 'no such layer');
  });
});
