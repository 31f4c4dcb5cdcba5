/** Plan files on the command line: made, shown, used, and refused where they do not fit. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  DIGITS,
  done,
  expectRefusal,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const folder = scratchFolder('plan');
const inFolder = (...names: string[]) => path.join(folder, ...names);
const cli = (...args: string[]) => stepfold(args, { cwd: folder });
const json = async (...args: string[]) =>
  JSON.parse(await done([...args, '--json'], { cwd: folder }));

const DEEP = ['compute', 'reuse', 'zero', 'reuse'];
const PASSES = [{ pass: 'deepcache', options: { branch: 2, interval: 2 } }];
const BARE = { format: 'stepfold.plan', version: 1, calls: 4, sites: { deep: DEEP } };

/** Writes a plan and returns its name. */
function plan(name: string, more: object = {}): string {
  fs.writeFileSync(inFolder(name), JSON.stringify({ ...BARE, ...more }));
  return name;
}

const sha256 = createHash('sha256').update(fs.readFileSync(DIGITS)).digest('hex');

beforeAll(async () => {
  requireBuild();
  await done(['transform', DIGITS, ...UNET, '--calls', '4', '-o', 'bundle'], { cwd: folder });
});

describe.concurrent('transform --plan', () => {
  const transform = (name: string, ...more: string[]) =>
    json('transform', DIGITS, '--plan', name, '-o', `${name}-bundle`, ...more);
  const refuse = (name: string, ...more: string[]) =>
    cli('transform', DIGITS, '--plan', name, '-o', 'refused', ...more);

  test('needs nothing else when the plan has passes', async () => {
    const name = plan('whole.json', {
      passes: PASSES,
      model: { file: 'was-called-otherwise.onnx', sha256 },
      guidance: { order: 'none', mode: 'batch' },
    });
    const { schedule } = await transform(name);
    expect(schedule.sites.deep.strategies).toEqual(DEEP);
    expect(new Set(schedule.calls).size).toBe(3);
  });

  test('takes passes from the command line or the config instead', async () => {
    const name = plan('branch.json', {
      passes: [{ pass: 'deepcache', options: { branch: 99, interval: 2 } }],
    });
    expectRefusal(await refuse(name), 'UNET_BRANCH', '99');
    const { schedule } = await transform(name, '--pass', 'deepcache:branch=3,interval=2');
    expect(schedule.sites.deep.description).toContain('branch 3');
    expect(schedule.sites.deep.strategies).toEqual(DEEP);
    const config = { passes: [{ pass: 'deepcache', options: { branch: 1, interval: 2 } }] };
    fs.writeFileSync(inFolder('pipeline.json'), JSON.stringify({ ...config, calls: 4 }));
    const { schedule: other } = await transform(name, '--config', 'pipeline.json', '--force');
    expect(other.sites.deep.description).toContain('branch 1');
  });

  test('groups calls into fewer programs, none less exact', async () => {
    const name = plan('grouped.json', { passes: PASSES });
    const programs = async (most: number) => {
      const { schedule } = await transform(name, '--max-programs', `${most}`, '--force');
      return [schedule.sites.deep.strategies, Object.keys(schedule.programs).length];
    };
    expect((await programs(3))[0]).toEqual(DEEP);
    // zeros cost nothing and reuse neither, but a zero is nothing's better: one of them is computed
    expect((await programs(2))[0]).toEqual(['compute', 'reuse', 'compute', 'reuse']);
    expect(await programs(1)).toEqual([Array(4).fill('compute'), 1]);
  });

  test.each<[string, object, string[], string, string[]]>([
    [
      'another model',
      { passes: PASSES, model: { file: 'dit.onnx', sha256: '0'.repeat(64) } },
      [],
      'PLAN_OTHER_MODEL',
      ['"dit.onnx"', 'digits-unet.onnx', 'remove "model"'],
    ],
    [
      'other calls, where the loop is fixed',
      { passes: PASSES },
      ['--calls', '6', '--fixed-loop'],
      'PLAN_LENGTH',
      ['4 calls', 'has 6'],
    ],
    ['no passes', {}, [], 'CLI_ARGUMENT', ['--pass', '"passes"']],
    [
      'another site',
      { passes: PASSES, sites: { deep: DEEP, 'attention.0': DEEP } },
      [],
      'PLAN_UNKNOWN_SITE',
      ['/sites/attention.0', '"attention.0"', 'deep'],
    ],
    [
      'fewer sites than were searched',
      { passes: PASSES, sites: {}, calibration: {} },
      [],
      'PLAN_MISSING_SITES',
      ['/sites', '"deep"'],
    ],
    [
      'a strategy that is not there',
      { passes: PASSES, sites: { deep: ['compute', 'window', 'reuse', 'reuse'] } },
      [],
      'PLAN_UNKNOWN_STRATEGY',
      ['/sites/deep/1', '"window"', 'compute, reuse, zero'],
    ],
    [
      'reading what was never written',
      { passes: PASSES, sites: { deep: ['zero', 'reuse', 'compute', 'reuse'] } },
      [],
      'PLAN_UNASSIGNED',
      ['/sites/deep/1', 'Call 1', '"deep.0"'],
    ],
    [
      'a pass that is not there',
      { passes: [{ pass: 'deepcach' }] },
      [],
      'PASS_UNKNOWN',
      ['/passes/0/pass'],
    ],
    [
      'a bad option of a pass',
      { passes: [{ pass: 'deepcache', options: { branch: 2, intervl: 3 } }] },
      [],
      'PASS_OPTION',
      ['/passes/0/options/intervl'],
    ],
    [
      'a wrong word',
      { guidance: { order: 'both', mode: 'batch' } },
      [],
      'PLAN_INVALID',
      ['/guidance/order', '"uncond-first"'],
    ],
  ])('refuses %s', async (what, content, args, code, mentions) => {
    const name = plan(`${what.replaceAll(' ', '-')}.json`, content);
    expectRefusal(await refuse(name, ...args), code, name, ...mentions);
    expect(fs.existsSync(inFolder('refused'))).toBe(false);
  });

  test('refuses no program at all', async () => {
    const name = plan('none.json', { passes: PASSES });
    expectRefusal(await refuse(name, '--max-programs', '0'), 'CLI_ARGUMENT', '--max-programs');
  });
});

describe.concurrent('stepfold plan', () => {
  test('shows a plan file with what it records', async () => {
    const name = plan('shown.json', {
      passes: PASSES,
      guidance: { order: 'cond-first', mode: 'two-calls' },
      model: { file: 'unet.onnx', sha256 },
      calibration: { threshold: 0.05, samples: 8, seed: 3, search: 'plain', evaluations: 99.6 },
    });
    const output = await done(['plan', name], { cwd: folder });
    expect(output).toContain('unet.onnx: 4 calls, threshold 0.05\n');
    expect(output).toContain('\ndeep  C r z r\n');
    expect(output).toMatch(/^r {2}reuse +2 +50\.0 %$/m);
    expect(output).toContain('Distinct rows: 3\n');
    expect(output).toContain('Pass: deepcache:branch=2,interval=2\n');
    expect(output).toContain('Guidance: cond-first, two-calls\n');
    expect(output).toContain('Found by: plain search, 8 samples, seed 3, 100 evaluations\n');
  });

  test('shows what a bundle was made from', async () => {
    const shown = await json('plan', 'bundle');
    expect(shown).toMatchObject({
      file: 'bundle',
      plan: {
        calls: 4,
        model: { file: 'digits-unet.onnx', sha256 },
        sites: { deep: ['compute', 'reuse', 'reuse', 'compute'] },
      },
      strategies: [
        { name: 'compute', count: 2, share: 0.5 },
        { name: 'reuse', count: 2, share: 0.5 },
      ],
      distinctRows: 2,
    });
    const schedule = path.join('bundle', 'schedule.json');
    expect(await json('plan', schedule)).toEqual({ ...shown, file: schedule });
  });

  test('what it prints as a plan can be used as one', async () => {
    const { plan: shown } = await json('plan', 'bundle');
    fs.writeFileSync(inFolder('again.json'), JSON.stringify({ ...shown, passes: PASSES }));
    const again = await json('transform', DIGITS, '--plan', 'again.json', '-o', 'again');
    const original = JSON.parse(fs.readFileSync(inFolder('bundle', 'schedule.json'), 'utf8'));
    expect(again.schedule.calls).toEqual(original.calls);
  });

  test('writes a picture', async () => {
    const output = await done(['plan', 'bundle', '--svg', 'plan.svg'], { cwd: folder });
    expect(output).toContain('Written: plan.svg\n');
    expect(fs.readFileSync(inFolder('plan.svg'), 'utf8')).toMatch(/^<svg [\s\S]+<\/svg>\n$/);
    const again = ['plan', 'bundle', '--svg', 'plan.svg'];
    expectRefusal(await cli(...again), 'OUTPUT_EXISTS', 'plan.svg', '--force');
    expect((await json(...again, '--force')).svg).toBe('plan.svg');
    expectRefusal(
      await cli('plan', 'bundle', '--svg', 'no/such/plan.svg'),
      'WRITE_FAILED',
      'plan.svg',
    );
  });

  test('has colours where they are asked for', async () => {
    const options = { cwd: folder, env: { FORCE_COLOR: '1' } };
    expect(await done(['plan', 'bundle'], options)).toContain('\x1b[48;5;');
    expect(await done(['plan', 'bundle'], { cwd: folder })).not.toContain('\x1b[');
  });

  test('refuses what is no plan', async () => {
    expectRefusal(await cli('plan', 'absent.json'), 'FILE_NOT_FOUND', '"absent.json"');
    expectRefusal(await cli('plan', folder), 'NOT_A_BUNDLE', folder);
    expectRefusal(await cli('plan', DIGITS), 'PLAN_NOT_JSON', DIGITS);
    fs.writeFileSync(inFolder('other.json'), '{"calls": 3}');
    expectRefusal(await cli('plan', 'other.json'), 'PLAN_INVALID', 'other.json', '"format"');
    const schedule = JSON.parse(fs.readFileSync(inFolder('bundle', 'schedule.json'), 'utf8'));
    fs.writeFileSync(inFolder('silent.json'), JSON.stringify({ ...schedule, sites: undefined }));
    expectRefusal(await cli('plan', 'silent.json'), 'PLAN_WITHOUT_SITES', 'silent.json');
    expectRefusal(await cli('plan'), 'CLI_USAGE', '<plan>');
  });
});
