/**
 * What was said of a loop when its bundle was made need not be said again: runs without options end as runs of a bundle
 * that keeps nothing end with them, to the bit.
 */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/io/npy.js';
import { DIGITS, done, expectRefusal, requireBuild, scratchFolder, stepfold } from './stepfold.js';

const folder = scratchFolder('kept');
const at = (...names: string[]) => path.join(folder, ...names);
const run = (...args: string[]) => done(args, { cwd: folder });

const PASS = ['--pass', 'deepcache:branch=2,interval=2', '--calls', '4', '--sampler', 'ddim'];
const GUIDED = ['--guidance', 'uncond-first', '--guidance-scale', '2'];
const INPUTS = ['--feed', 'class_labels=labels.npy', '--unconditional', 'class_labels=null.npy'];

const labels = (file: string, ...values: number[]) =>
  fs.writeFileSync(
    at(file),
    writeNpy({
      type: 'int64',
      data: BigInt64Array.from(values, BigInt),
      dims: [values.length],
    }),
  );

const files = (bundle: string) => fs.readdirSync(at(bundle)).sort();
const defaults = (bundle: string) =>
  JSON.parse(fs.readFileSync(at(bundle, 'defaults.json'), 'utf8'));

let count = 0;
async function endOf(bundle: string, ...how: string[]) {
  const to = `out-${count++}`;
  const said = await run('run', bundle, '--seed', '3', ...how, '-o', to);
  return { end: fs.readFileSync(at(to, 'samples.npy'), 'hex'), said };
}

const copy = (bundle: string) => fs.cpSync(at('kept'), at(bundle), { recursive: true });

beforeAll(async () => {
  requireBuild();
  labels('labels.npy', 7, 1, 4);
  labels('null.npy', 10, 10, 10);
  labels('two.npy', 7, 1);
  labels('five.npy', 7, 1, 4, 7, 1);
  labels('null-5.npy', 10, 10, 10, 10, 10);
  // pairs are in both, so that they are the same models and schedule
  await run('transform', DIGITS, ...PASS, '--guidance', 'uncond-first', '-o', 'plain');
  await run('transform', DIGITS, ...PASS, ...GUIDED, ...INPUTS, '-o', 'kept');
}, 60_000);

describe('a bundle', () => {
  test('keeps what was said, with files of its own, and its schedule is as without', () => {
    expect(fs.readFileSync(at('kept', 'schedule.json'))).toEqual(
      fs.readFileSync(at('plain', 'schedule.json')),
    );
    const { guidance, feeds, unconditional } = defaults('kept');
    expect(guidance).toEqual({ order: 'uncond-first', mode: 'batch', scale: 2 });
    expect(fs.readFileSync(at('kept', feeds.class_labels))).toEqual(
      fs.readFileSync(at('labels.npy')),
    );
    expect(fs.readFileSync(at('kept', unconditional.class_labels))).toEqual(
      fs.readFileSync(at('null.npy')),
    );
    expect(files('plain')).not.toContain('defaults.json');
  });

  test('is run with it, and says so', async () => {
    const kept = await endOf('kept');
    const plain = await endOf('plain', ...GUIDED, ...INPUTS);
    expect(kept.end).toBe(plain.end);
    expect(kept.said).toContain('Kept in the bundle: --guidance uncond-first ');
    expect(kept.said).toContain('--guidance-scale 2 --feed class_labels=kept/feed-class_labels-');
    expect(plain.said).not.toContain('Kept in the bundle');
  });

  test.each<[string, string[], string[]]>([
    ['another scale', ['--guidance-scale', '3'], ['--guidance-scale', '3']],
    ['no guidance', ['--guidance', 'none'], []],
  ])('is run with %s where that is asked for', async (_, asked, said) => {
    const inputs = said.length > 0 ? [...INPUTS, ...GUIDED.slice(0, 2)] : INPUTS.slice(0, 2);
    const kept = await endOf('kept', ...asked);
    expect(kept.end).toBe((await endOf('plain', ...said, ...inputs)).end);
  });

  test('takes its rows in turn for another number of images', async () => {
    const kept = await endOf('kept', '--samples', '5');
    const all = ['--feed', 'class_labels=five.npy', '--unconditional', 'class_labels=null-5.npy'];
    expect(kept.end).toBe((await endOf('plain', ...GUIDED, ...all)).end);
    const few = await endOf('kept', '--feed', 'class_labels=two.npy');
    expect(few.end).toBe((await endOf('kept', '--samples', '2')).end);
  });

  test('keeps what a run is told to keep, in place of what it kept', async () => {
    copy('again');
    const before = files('again');
    await run('run', 'again', '--feed', 'class_labels=7', '--keep', '-o', 'again-out');
    expect(defaults('again').feeds).toEqual({ class_labels: [7] });
    const gone = before.filter((name) => !files('again').includes(name));
    expect(gone).toEqual([expect.stringMatching(/^feed-class_labels-.*\.npy$/)]);
    expect((await endOf('again')).end).toBe(
      (await endOf('plain', ...GUIDED, '--feed', 'class_labels=7', ...INPUTS.slice(2))).end,
    );
  });

  test('is replaced with all that it kept', async () => {
    copy('replaced');
    await run(
      'transform',
      DIGITS,
      ...PASS,
      '--guidance',
      'uncond-first',
      '-o',
      'replaced',
      '--force',
    );
    expect(files('replaced')).toEqual(files('plain'));
  });
});

describe('is refused', () => {
  const refused = async (code: string, named: string, ...args: string[]) =>
    expectRefusal(await stepfold(args, { cwd: folder }), code, named);
  const edited = (bundle: string, change: (file: Record<string, unknown>) => void) => {
    copy(bundle);
    const file = defaults(bundle);
    change(file);
    fs.writeFileSync(at(bundle, 'defaults.json'), JSON.stringify(file));
  };
  const made = ['transform', DIGITS, ...PASS, '-o', 'never'];

  test.each<[string, string, string, string[]]>([
    ['a scale without an order', 'CLI_ARGUMENT', '--guidance', ['--guidance-scale', '2']],
    ['a scale without inputs', 'CLI_ARGUMENT', '--unconditional', GUIDED],
    ['an input that is none', 'FEED_UNKNOWN', '"labels"', ['--feed', 'labels=3']],
    ['a missing file', 'FILE_NOT_FOUND', 'none.npy', ['--feed', 'class_labels=none.npy']],
  ])('%s', async (_, code, named, args) => {
    await refused(code, named, ...made, ...args);
    expect(fs.existsSync(at('never'))).toBe(false);
  });

  test('what is not JSON, another version, a name outside of the folder, a backward interval', async () => {
    copy('text');
    fs.writeFileSync(at('text', 'defaults.json'), 'x');
    await refused('DEFAULTS_NOT_JSON', 'defaults.json', 'run', 'text', '-o', 'o');
    edited('new', (file) => {
      file['version'] = 2;
    });
    await refused('DEFAULTS_VERSION', 'version 2', 'run', 'new', '-o', 'o');
    edited('outside', (file) => {
      file['feeds'] = { class_labels: '../labels.npy' };
    });
    await refused('DEFAULTS_INVALID', '/feeds/class_labels', 'run', 'outside', '-o', 'o');
    edited('back', (file) => {
      (file['guidance'] as Record<string, unknown>)['interval'] = [0.8, 0.1];
    });
    await refused('DEFAULTS_INVALID', '/guidance/interval', 'run', 'back', '-o', 'o');
  });

  test('by verify: an input that is none, and an array of another type', async () => {
    const verify = (bundle: string) => ['verify', bundle, '--against', DIGITS];
    edited('other', (file) => {
      file['feeds'] = { label: [3] };
    });
    await refused('FEED_UNKNOWN', '"label"', ...verify('other'));
    copy('typed');
    const array = { type: 'float32', data: Float32Array.of(1), dims: [1] } as const;
    fs.writeFileSync(at('typed', defaults('typed').feeds.class_labels), writeNpy(array));
    await refused('FEED_TYPE', 'int64', ...verify('typed'));
  });

  test('--keep for a model', async () => {
    await refused('CLI_ARGUMENT', '--keep', 'run', DIGITS, '--keep', '-o', 'o');
  });
});
