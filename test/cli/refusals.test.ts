/** Passes, bundles and inputs that do not fit: each is refused by name, with what would fit. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type NumericArray, writeNpy } from '../../src/io/npy.js';
import {
  DIGITS,
  done,
  expectRefusal,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const folder = scratchFolder('refusals');
const inFolder = (...names: string[]) => path.join(folder, ...names);
const cli = (...args: string[]) => stepfold(args, { cwd: folder });

beforeAll(requireBuild);

describe.concurrent('passes', () => {
  const transform = (pass: string, ...more: string[]) =>
    cli('transform', DIGITS, '--pass', pass, '--calls', '10', '-o', 'refused', ...more);

  test.each<[string, string, string[]]>([
    [
      'deepcache:branch=10,interval=3',
      'UNET_BRANCH',
      ['10', '1 (6.0 % of a full call)', '9 (92.8 %'],
    ],
    ['deepcache:branch=0,interval=3', 'UNET_BRANCH', ['skip branch 0', '1 (6.0 %']],
    ['deepcache:branch=abc,interval=3', 'PASS_OPTION', ['"branch"', '"abc"']],
    ['deepcache:branch=2', 'PASS_OPTION', ['"interval"']],
    ['deepcache:branch=2,interval=0', 'PASS_OPTION', ['"interval"', '>= 1']],
    ['deepcache:branch=2,interval=1.5', 'PASS_OPTION', ['"interval"', '1.5']],
    ['deepcache:branch=2,interval=3,branch=4', 'PASS_OPTION', ['"branch"', 'twice']],
    ['deepcache:branch=2,intervl=3', 'PASS_OPTION', ['"intervl"', 'interval']],
    ['deepcache:branch', 'PASS_OPTION', ['name=value']],
    ['deepcache:branch=2,interval=3,strategy=guess', 'PASS_OPTION', ['"reuse", "zero"', '"guess"']],
    ['deepcache:branch=2,full=3', 'PASS_OPTION', ['"full"', 'call 0']],
    ['deepcach:branch=2', 'PASS_UNKNOWN', ['"deepcach"', 'deepcache']],
  ])('%s', async (pass, code, mentions) => {
    expectRefusal(await transform(pass), code, ...mentions);
    expect(fs.existsSync(inFolder('refused'))).toBe(false);
  });

  test('none, without calls, and two for one place', async () => {
    const bare = ['transform', DIGITS, '-o', 'refused'];
    expectRefusal(await cli(...bare, ...UNET), 'CLI_USAGE', '--calls');
    expectRefusal(await transform(UNET[1], ...UNET), 'PLAN_CONFLICT', '"deep"');
  });

  test('one full call may be listed alone', async () => {
    const args = ['transform', DIGITS, '--pass', 'deepcache:branch=2,full=0', '--calls', '3'];
    const { schedule } = JSON.parse(
      await done([...args, '-o', 'one-full', '--json'], { cwd: folder }),
    );
    expect(schedule.calls).toEqual(['full', 'shallow', 'shallow']);
  });
});

describe.concurrent('shapes', () => {
  test.each<[string, string, string[]]>([
    ['--shape image=1x1', 'SHAPE_UNKNOWN_INPUT', ['"image"', '"sample"']],
    ['--shape sample=1x1x16', 'SHAPE_RANK_MISMATCH', ['"sample"', '4']],
    ['--shape sample=1x2x16x16', 'SHAPE_CONFLICT', ['"sample"', '2']],
    ['--shape sample=1x1x16x16 --shape timestep=2', 'SHAPE_CONFLICT', ['"batch"', '1', '2']],
    ['--freeze height=8', 'SHAPE_UNKNOWN_SYMBOL', ['"height"', '"batch"']],
    ['--latent picture', 'FEED_UNKNOWN', ['"picture"', 'sample']],
  ])('%s', async (args, code, mentions) => {
    const transform = ['transform', DIGITS, ...UNET, '--calls', '3', '-o', 'refused'];
    const command = code === 'SHAPE_CONFLICT' ? transform : ['inspect', DIGITS];
    expectRefusal(await cli(...command, ...args.split(' ')), code, ...mentions);
  });
});

describe.concurrent('bundles', () => {
  type Json = Record<string, unknown>;
  let serial = 0;

  beforeAll(async () => {
    const args = ['transform', DIGITS, ...UNET, '--calls', '4', '--weights', 'copy'];
    await done([...args, '-o', 'original'], { cwd: folder });
  });

  /** A bundle of its own for each test to spoil. */
  function copy() {
    const bundle = inFolder(`bundle-${serial++}`);
    const schedule = path.join(bundle, 'schedule.json');
    fs.cpSync(inFolder('original'), bundle, { recursive: true });
    return {
      bundle,
      schedule,
      verify: (...more: string[]) =>
        cli('verify', bundle, '--against', DIGITS, '--optimization', 'disabled', ...more),
      bench: (...more: string[]) =>
        cli('bench', bundle, '--against', DIGITS, '--rounds', '1', ...more),
      run: (...more: string[]) => cli('run', bundle, '-o', `${bundle}-out`, ...more),
      edit(change: (schedule: Json & { calls: string[]; source: Json }) => void) {
        const content = JSON.parse(fs.readFileSync(schedule, 'utf8'));
        change(content);
        fs.writeFileSync(schedule, JSON.stringify(content));
      },
    };
  }

  /** A folder of its own: what other tests write at the same time may look like a pipeline's. */
  const empty = () => {
    const place = path.join(folder, 'nothing', 'at all');
    fs.mkdirSync(place, { recursive: true });
    return place;
  };

  test('are not models, nor folders of something else, nor nothing', async () => {
    const against = ['--against', DIGITS];
    expectRefusal(await cli('verify', DIGITS, ...against), 'NOT_A_BUNDLE', `"${DIGITS}"`);
    expectRefusal(await cli('bench', empty(), ...against), 'NOT_A_BUNDLE', `"${empty()}"`);
    expectRefusal(await cli('verify', 'absent', ...against), 'FILE_NOT_FOUND', '"absent"');
    expectRefusal(await cli('run', 'absent', '-o', 'out'), 'FILE_NOT_FOUND', '"absent"');
    expectRefusal(await cli('run', empty(), '-o', 'out'), 'NOT_A_BUNDLE', empty());
  });

  test('with a model that the schedule was not made for', async () => {
    const { bundle, verify, bench, run } = copy();
    fs.appendFileSync(path.join(bundle, 'shallow.onnx'), 'x');
    for (const outcome of [verify(), bench(), run('--steps', '4'), run('--steps', '4', '--worker')])
      expectRefusal(await outcome, 'SCHEDULE_HASH_MISMATCH', 'shallow.onnx');
    expect(fs.existsSync(`${bundle}-out`)).toBe(false);
  });

  test('with a file that is gone or cut short', async () => {
    const { bundle, verify, run } = copy();
    fs.truncateSync(path.join(bundle, 'weights.bin'), 1000);
    expectRefusal(await run('--steps', '4'), 'SCHEDULE_WEIGHTS_SIZE', 'weights.bin', '1000');
    fs.rmSync(path.join(bundle, 'weights.bin'));
    expectRefusal(await verify(), 'FILE_NOT_FOUND', 'weights.bin');
  });

  test('for guidance pairs in a loop without guidance', async () => {
    const dit = path.join(ROOT, 'samples/dit-digits/dit-digits.onnx');
    const pass = ['--pass', 'ditfastattn:strategy=guidance-share', '--calls', '4'];
    await done(['transform', dit, ...pass, '--guidance', 'cond-first', '-o', 'pairs'], {
      cwd: folder,
    });
    const found = ['cond-first', 'none', '--guidance-scale', '--unconditional'];
    expectRefusal(await cli('run', 'pairs', '-o', 'unguided'), 'RUN_GUIDANCE', ...found);
    const timesteps = ['timesteps', 'pairs', '--against', dit, '-o', 'timesteps.json'];
    expectRefusal(await cli(...timesteps), 'RUN_GUIDANCE', ...found);
    const report = ['report', 'pairs', '--against', dit, '-o', 'report.html'];
    expectRefusal(await cli(...report), 'RUN_GUIDANCE', ...found);
    expect(fs.existsSync(inFolder('unguided'))).toBe(false);
  });

  test('with a schedule that is no longer one', async () => {
    const { schedule, edit, verify, bench, run } = copy();
    edit(({ calls }) => calls.splice(0, 1, 'shallow'));
    expectRefusal(await verify(), 'SCHEDULE_INVALID', 'schedule.json', 'call 0', 'deep.0');
    edit(({ calls }) => calls.splice(0, 1, 'fulll'));
    expectRefusal(await bench(), 'SCHEDULE_INVALID', '/calls/0', '"fulll"');
    edit((content) => Object.assign(content, { version: 3 }));
    expectRefusal(await run('--steps', '4'), 'SCHEDULE_VERSION', '3');
    fs.truncateSync(schedule, 100);
    expectRefusal(await verify(), 'SCHEDULE_NOT_JSON', 'schedule.json');
  });

  test('beside a model that they were not made from', async () => {
    const { bundle } = copy();
    const against = (command: string, model: string) => cli(command, bundle, '--against', model);
    const other = path.join(bundle, 'full.onnx');
    expectRefusal(
      await against('verify', other),
      'SOURCE_DIFFERS',
      'full.onnx',
      'digits-unet.onnx',
    );
    expectRefusal(await against('bench', other), 'SOURCE_DIFFERS', 'full.onnx', 'digits-unet.onnx');
    expectRefusal(await against('verify', 'absent.onnx'), 'FILE_NOT_FOUND', 'absent.onnx');
    expectRefusal(await against('bench', empty()), 'FOLDER_NO_MODEL', empty());
  });

  test('with shapes that the source does not take', async () => {
    const { verify, bench } = copy();
    expectRefusal(await verify('--shape', 'image=1'), 'SHAPE_UNKNOWN_INPUT', '"image"');
    expectRefusal(await bench('--shape', 'sample=1x1'), 'SHAPE_MISFIT', '"sample"', '1x1');
    expectRefusal(await verify('--shape', 'sample=1x3x16x16'), 'SHAPE_MISFIT', '"sample"');
  });

  test('that compute something else fail their checks: status 1', async () => {
    const { bundle, verify, edit } = copy();
    // a schedule of which only the numbers can tell
    edit(({ weights }) => {
      for (const file of weights as { samples?: string; sha256?: string }[]) {
        delete file.samples;
        delete file.sha256;
      }
    });
    // the same sizes and names, so that only computing shows it
    const weights = path.join(bundle, 'weights.bin');
    const bytes = fs.readFileSync(weights);
    bytes.set(new Uint8Array(new Float32Array(64).fill(0.5).buffer), bytes.length >> 1);
    fs.writeFileSync(weights, bytes);
    const { status, stdout, stderr } = await verify();
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain('FAILED');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('A check failed.');
    const asJson = await verify('--json');
    expect(asJson.status).toBe(1);
    expect(JSON.parse(asJson.stdout).passed).toBe(false);
  });

  test('are checked to the tolerance that is asked for', async () => {
    const optimized = (tolerance: string) =>
      cli(
        'verify',
        'original',
        '--against',
        DIGITS,
        '--optimization',
        'all',
        '--tolerance',
        tolerance,
      );
    expect(await optimized('1e-12')).toMatchObject({ status: 1, stderr: '' });
    expect(await optimized('1e-5')).toMatchObject({ status: 0, stderr: '' });
  });

  test('with other steps than calls, and with roles that are not known', async () => {
    const { edit, run } = copy();
    // a list of calls, for this loop alone
    edit((content) => Object.assign(content, { loop: { steps: 4, start: 0 } }));
    expectRefusal(await run('--steps', '5'), 'RUN_STEPS', '--steps 4', '--calls 5');
    edit(({ source }) => Object.assign(source, { roles: {} }));
    expectRefusal(await run('--steps', '4'), 'ROLE_UNKNOWN', '--latent', 'sample');
    const latent = ['--steps', '4', '--latent'];
    expectRefusal(await run(...latent, 'sample'), 'ROLE_UNKNOWN', '--timestep');
    expectRefusal(
      await run(...latent, 'sampel', '--timestep', 'timestep'),
      'FEED_UNKNOWN',
      'sampel',
    );
    const named = await run(...latent, 'sample', '--timestep', 'timestep');
    expect(named).toMatchObject({ status: 0, stderr: '' });
  });
});

describe.concurrent('inputs of run', () => {
  const write = (name: string, array: NumericArray) =>
    fs.writeFileSync(inFolder(name), writeNpy(array));

  beforeAll(() => {
    write('two.npy', { type: 'int64', data: BigInt64Array.of(3n, 7n), dims: [2] });
    write('int32.npy', { type: 'int32', data: Int32Array.of(3, 7), dims: [2] });
    write('matrix.npy', { type: 'int64', data: BigInt64Array.of(3n, 7n), dims: [1, 2] });
    write('beyond.npy', { type: 'int64', data: BigInt64Array.of(99n), dims: [1] });
    write('latent.npy', { type: 'float32', data: new Float32Array(256), dims: [1, 1, 16, 16] });
    fs.copyFileSync(DIGITS, inFolder('model.onnx'));
    fs.writeFileSync(inFolder('cut.npy'), fs.readFileSync(inFolder('two.npy')).subarray(0, -4));
  });

  test.each<[string, string, string[]]>([
    ['--feed labels=two.npy', 'FEED_UNKNOWN', ['"labels"', 'class_labels']],
    ['--feed class_labels=int32.npy', 'FEED_TYPE', ['"class_labels"', 'int64', 'int32']],
    ['--feed class_labels=matrix.npy', 'FEED_SHAPE', ['"class_labels"', '[batch]', '[1, 2]']],
    ['--feed class_labels=absent.npy', 'FILE_NOT_FOUND', ['absent.npy']],
    ['--feed class_labels=cut.npy', 'NPY_TRUNCATED', ['cut.npy']],
    ['--feed class_labels=model.onnx', 'NPY_INVALID', ['model.onnx']],
    ['--feed sample=latent.npy', 'DENOISE_ROLE_FED', ['"sample"']],
    [
      '--feed class_labels=two.npy --latent-shape 3x1x16x16',
      'FEED_SHAPE',
      ['"sample"', 'batch is 2'],
    ],
    ['--latent-shape 2x3x16x16', 'FEED_SHAPE', ['"sample"', '[2, 3, 16, 16]']],
    ['--latent-shape 99999999x1x16x16', 'FEED_TOO_LARGE', ['"sample"', '99999999']],
    ['--guidance-scale 2', 'CLI_ARGUMENT', ['--guidance uncond-first', '--unconditional']],
    ['--guidance cond-first', 'CLI_ARGUMENT', ['--guidance-scale']],
    ['--guidance-scale 2 --guidance cond-first', 'CLI_ARGUMENT', ['--unconditional']],
    ['--latent timestep', 'DENOISE_OUTPUT_SHAPE', ['"out_sample"']],
    ['--train-timesteps 1', 'SAMPLER_OPTION_RANGE', ['steps']],
    // only the engine knows how many classes there are
    ['--feed class_labels=beyond.npy', 'ENGINE_FAILED', ['99', '/label/Gather']],
  ])('%s', async (args, code, mentions) => {
    const outcome = await cli('run', DIGITS, '--steps', '2', '-o', 'inputs', ...args.split(' '));
    expectRefusal(outcome, code, ...mentions);
  });

  test('a model without its weights', async () => {
    const stripped = path.join(ROOT, 'samples/architectures/ddpm-cifar10.onnx');
    for (const args of [
      ['run', stripped],
      ['transform', stripped, ...UNET, '--calls', '3'],
    ])
      expectRefusal(
        await cli(...args, '-o', 'stripped'),
        'EXTERNAL_DATA_MISSING',
        'weights.bin',
        'stepfold fill',
      );
  });
});
