/** Command lines that are wrong, and the help that says what is right. */
import { beforeAll, describe, expect, test } from 'vitest';
import { VERSION } from '../../src/version.js';
import { DIGITS, done, expectRefusal, requireBuild, stepfold } from './stepfold.js';

beforeAll(requireBuild);

const COMMANDS = [
  'inspect',
  'transform',
  'timesteps',
  'costs',
  'plan',
  'verify',
  'run',
  'bench',
  'export',
  'print',
  'passes',
  'fill',
];

describe.concurrent('a wrong command line is answered by one sentence', () => {
  test.each<[args: string, code: string, mentions: string[]]>([
    ['inspct x', 'CLI_USAGE', ['"inspct"', 'Did you mean inspect?']],
    ['conjure x', 'CLI_USAGE', ['"conjure"', 'inspect, tune, transform']],
    ['--json=no inspct', 'CLI_USAGE', ['"inspct"']],
    ['inspect', 'CLI_USAGE', ['<model>', 'stepfold inspect --help']],
    ['verify', 'CLI_USAGE', ['<bundle>']],
    ['inspect a.onnx b.onnx', 'CLI_USAGE', ['"b.onnx"']],
    ['transform a.onnx --pass deepcache', 'CLI_USAGE', ['--calls and --output', 'a-bundle']],
    ['transform a.onnx', 'FILE_NOT_FOUND', ['"a.onnx"']],
    ['transform a.onnx --callz 5 -o x', 'CLI_USAGE', ['--callz', 'Did you mean --calls?']],
    ['run a --latent-shap 1x1 -o x', 'CLI_USAGE', ['Did you mean --latent-shape?']],
    ['inspect a.onnx --seed 3', 'CLI_USAGE', ['--seed']],
    ['inspect a.onnx -z', 'CLI_USAGE', ['-z']],
    ['transform a.onnx --emit both -o x', 'CLI_USAGE', ['--emit', '"both"', '"merged"']],
    // which ends a line to regular expressions, and to JSON is a letter
    ['transform a.onnx --emit a\u2028b -o x', 'CLI_USAGE', ['--emit', '"merged"']],
    ['run a -o', 'CLI_USAGE', ['-o needs a value']],
    ['run a --sampler --steps 3 -o x', 'CLI_USAGE', ['--sampler needs a value']],
    ['inspect a.onnx --shape', 'CLI_USAGE', ['--shape needs a value']],
    ['transform a.onnx --calls 5 --calls 6 -o x', 'CLI_ARGUMENT', ['--calls', 'twice']],
    ['transform a.onnx -o x -o y', 'CLI_ARGUMENT', ['--output', 'twice']],
    ['inspect a.onnx --freeze b=1 --freeze b=2', 'CLI_ARGUMENT', ['--freeze b', 'twice']],
    ['transform a.onnx --calls 0 -o x', 'CLI_ARGUMENT', ['--calls', 'from 1']],
    ['transform a.onnx --calls many -o x', 'CLI_ARGUMENT', ['--calls', 'whole number']],
    ['transform a.onnx --calls 1e9 -o x', 'CLI_ARGUMENT', ['--calls', '100000']],
    ['run a --steps 0 -o x', 'CLI_ARGUMENT', ['--steps']],
    ['run a --seed 4294967296 -o x', 'CLI_ARGUMENT', ['--seed', '4294967295']],
    ['run a --order 4 -o x', 'CLI_ARGUMENT', ['--order', 'from 1', '3']],
    ['run a --shift far -o x', 'CLI_ARGUMENT', ['--shift', 'number']],
    ['run a --beta-start x -o x', 'CLI_ARGUMENT', ['--beta-start', 'number']],
    ['run a --train-timesteps 1.5 -o x', 'CLI_ARGUMENT', ['--train-timesteps', 'whole number']],
    ['run a --prediction score -o x', 'CLI_USAGE', ['--prediction', '"score"', '"flow"']],
    [`run DIGITS --sampler euler --eta 1 -o x`, 'SAMPLER_OPTION_UNKNOWN', ['"euler"', '"eta"']],
    [`run DIGITS --shift 3 -o x`, 'SAMPLER_OPTION_UNKNOWN', ['noise schedule', '"shift"']],
    ['run a --guidance-scale much -o x', 'CLI_ARGUMENT', ['--guidance-scale', 'number']],
    ['bench a --against b --rounds 0', 'CLI_ARGUMENT', ['--rounds']],
    ['verify a --against b --tolerance x', 'CLI_ARGUMENT', ['--tolerance']],
    ['inspect a.onnx --shape sample', 'CLI_ARGUMENT', ['--shape', 'name=value']],
    ['inspect a.onnx --shape sample=axb', 'CLI_ARGUMENT', ['"sample=axb"']],
    ['inspect a.onnx --shape sample=0x1', 'CLI_ARGUMENT', ['"sample=0x1"']],
    ['inspect a.onnx --freeze batch=1.5', 'CLI_ARGUMENT', ['"batch=1.5"']],
    ['run a --latent-shape big -o x', 'CLI_ARGUMENT', ['--latent-shape']],
    ['passes deepcach', 'PASS_UNKNOWN', ['"deepcach"', 'deepcache']],
  ])('stepfold %s', async (args, code, mentions) => {
    // the path of a model may have spaces in it
    const words = args.split(' ').map((word) => (word === 'DIGITS' ? DIGITS : word));
    expectRefusal(await stepfold(words), code, ...mentions);
  });

  test('an empty name for the output', async () => {
    const args = ['transform', DIGITS, '--pass', 'deepcache:branch=1,interval=2', '--calls', '2'];
    expectRefusal(await stepfold([...args, '-o', '']), 'CLI_ARGUMENT', '--output');
  });
});

// listed here, so that none is lost
const SAMPLERS = [
  ...['ddim', 'euler', 'euler-ancestral', 'heun', 'dpm++2m', 'dpm++2m-sde', 'dpm++3m', 'unipc'],
  ...['deis', 'plms', 'lcm', 'euler-flow', 'euler-ancestral-flow', 'heun-flow', 'lcm-flow'],
];

describe.concurrent('help', () => {
  test('without a command: the help and what is missing', async () => {
    const { status, stdout, stderr } = await stepfold([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    for (const command of COMMANDS) expect(stderr).toContain(`stepfold ${command}`);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^error CLI_USAGE: A command is missing/);
  });

  test.each(['run', 'report', 'calibrate', 'timesteps'])(
    'stepfold %s --help has every option of every sampler',
    async (command) => {
      const help = (await done([command, '--help'])).replaceAll(/\s+/g, ' ');
      for (const sampler of SAMPLERS) expect(help).toContain(`"${sampler}"`);
      expect(help).toContain(
        '--prediction What the model predicts [default: epsilon; flow with flow matching]',
      );
      expect(help).toContain(
        '--eta Noise of each step, 0 to 1 (ddim, euler-ancestral, euler-ancestral-flow) [default: 0; 1 with euler-ancestral, euler-ancestral-flow] [number]',
      );
      expect(help).toContain('--dynamic-shift A shift by the size of the picture');
      expect(help).toContain('--levels Noise levels in place of timesteps');
      expect(help).toContain('--order Order of the method, 1 to 3 (unipc, deis) [default: 2]');
      expect(help).toContain('--shift Flow steps moved towards noise: 3 for SD 3 (flow matching)');
      expect(help).toContain(
        '--sigma-max Noise level of the last timestep (--path variance-exploding) [default: 80]',
      );
      expect(help).toContain('--zero-snr Betas rescaled so that');
    },
  );

  test.each(COMMANDS)('stepfold %s --help fits 80 columns and has examples', async (command) => {
    const help = await done([command, '--help']);
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const [, examples = ''] = help.split('\nExamples:\n');
    expect(examples).toContain(`    stepfold ${command} `);
  });

  test.each(COMMANDS)(
    'the examples of stepfold %s name only options that it has',
    async (command) => {
      const help = await done([command, '--help']);
      const [described = '', examples = ''] = help.split('\nExamples:\n');
      for (const [option] of examples.matchAll(/--[a-z-]+/g)) expect(described).toContain(option);
    },
  );

  test('is in English whatever the language of the system', async () => {
    expect(await done(['--help'], { env: { LC_ALL: 'de_DE.UTF-8' } })).toBe(await done(['--help']));
  });

  test('--version', async () => {
    expect(await done(['--version'])).toBe(`${VERSION}\n`);
  });
});

test('a reader who stops early is no error', async () => {
  const { status, stderr } = await stepfoldInto('head -1');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

async function stepfoldInto(reader: string) {
  const { execFile } = await import('node:child_process');
  const { MAIN } = await import('./stepfold.js');
  const script = `set -o pipefail; "$0" "$@" | ${reader}`;
  return new Promise<{ status: number; stderr: string }>((resolve) => {
    execFile(
      'bash',
      ['-c', script, process.execPath, MAIN, 'print', DIGITS],
      { maxBuffer: 2 ** 26 },
      (error, _, stderr) => resolve({ status: Number(error?.code ?? 0), stderr }),
    );
  });
}
