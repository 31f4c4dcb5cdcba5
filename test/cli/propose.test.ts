/** A model in place of a command: what fits it, and each command's last line, which is the next command. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  DIGITS,
  done,
  expectRefusal,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
  wordsOf,
} from './stepfold.js';

beforeAll(requireBuild);

const folder = scratchFolder('propose');
const here = { cwd: folder };
const MODEL = "my model, l'été.onnx";

beforeAll(() => fs.copyFileSync(DIGITS, path.join(folder, MODEL)));

const nextOf = (output: string): string => /\nNext: (.*)\n$/.exec(output)?.[1] ?? 'none';

test('three commands from a model to a proof, each but the first as the one before it printed', async () => {
  const proposed = await done([MODEL], here);
  expect(proposed).toContain('A U-Net with 9 skip branches');
  expect(proposed).toMatch(/^timestep +int64 +\[batch\] +timestep$/m);
  const made = await done(wordsOf(nextOf(proposed)), here);
  const proved = await done(wordsOf(nextOf(made)), here);
  expect(proved).toContain('All checks passed.');
  expect(nextOf(proved)).toMatch(/^stepfold run .* -o out$/);
  const ran = await done(wordsOf(nextOf(proved)), here);
  expect(nextOf(ran)).toMatch(/^stepfold report .* --against .* -o report\.html$/);
});

describe('what is proposed', () => {
  const proposal = async (...args: string[]) =>
    JSON.parse(await done([...args, '--json'], here)) as {
      family: string | null;
      commands: { command: string; replace: Record<string, string> }[];
      refused: { pass: string; reason: string }[];
    };

  test('of a pipeline: its sampler, and the arrays beside it for both halves of guidance', async () => {
    const { commands } = await proposal(path.join(ROOT, 'samples/flow-fashion'));
    const tune = commands.at(-1)!;
    expect(tune.replace).toEqual({});
    expect(tune.command).toMatch(/^stepfold tune .* --sampler euler-flow /);
    expect(tune.command).toMatch(/--unconditional '?class_labels=.+null\.npy/);
    expect(tune.command).toMatch(/--feed '?class_labels=.+labels\.npy/);
    expect(commands[0]!.command).toContain('--recipe balanced --calls 28');
  });

  test('of a file alone: what has to be made is named, with its type and shape', async () => {
    const { commands } = await proposal(MODEL);
    expect(commands.at(-1)!.replace['class_labels.npy']).toMatch(/^int64 \[batch\]/);
  });

  test('of what is no denoiser: one reason for every method, and no command', async () => {
    const model = path.join(ROOT, 'samples/digits/classifier.onnx');
    const { commands, refused } = await proposal(model);
    expect(commands).toEqual([]);
    const { passes } = await import('../../passes/table.js');
    expect(refused.map(({ pass }) => pass).sort()).toEqual(Object.keys(passes).sort());
    const text = await done([model], here);
    expect(text).toContain('--latent pictures');
  });
});

test('transform without a pass prints them too, writes nothing, and ends with 2', async () => {
  const { status, stdout, stderr } = await stepfold(['transform', MODEL, '-o', 'mine'], here);
  expect(status).toBe(2);
  expect(stdout).toContain('--recipe balanced --calls 50');
  expect(stderr).toMatch(/^error CLI_ARGUMENT: .*--recipe balanced --calls 50 -o mine`\.\n$/);
  expect(fs.existsSync(path.join(folder, 'mine'))).toBe(false);
});

test('what a command line lacks is asked for at once, with a line that has it', async () => {
  const cases: [string[], ...string[]][] = [
    [['transform', MODEL, '--recipe', 'fast'], '--calls and --output', '--recipe fast --calls 50'],
    [['calibrate', 'x.onnx'], '--output, --pass and --calls', '--calls 50'],
    [['timesteps', 'x.onnx'], '--output and --steps', '--steps 10'],
    [
      ['run', MODEL, '-o', 'x', '--guidance-scale', '2', '--feed', 'class_labels=1'],
      'which half comes first; what the unconditional half reads',
      '--unconditional class_labels=empty.npy',
    ],
  ];
  for (const [args, ...mentions] of cases) {
    const outcome = await stepfold(args, here);
    const code = args.includes('run') ? 'CLI_ARGUMENT' : 'CLI_USAGE';
    expect(outcome.stderr).toMatch(new RegExp(`^error ${code}: [^\\n]+\\n$`));
    for (const mention of mentions) expect(outcome.stderr).toContain(mention);
    expect(outcome.status).toBe(2);
  }
});

test('a model from standard input is read, and leaves nothing behind', () => {
  const run = (args: string) =>
    execFileSync('bash', ['-c', `cat "$model" | TMPDIR="$tmp" "$node" "$main" ${args}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        model: DIGITS,
        tmp: folder,
        node: process.execPath,
        main: path.join(ROOT, 'dist/lib/cli.js'),
      },
    });
  const { file: _, ...piped } = JSON.parse(run('inspect - --json'));
  const { file: __, ...read } = JSON.parse(run(`inspect "$model" --json`));
  expect(piped).toEqual(read);
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('stepfold-input'))).toEqual([]);
});

test('where a file has to stay, standard input is refused by name', async () => {
  const args = ['transform', '-', '--recipe', 'fast', '--calls', '5', '-o', 'x'];
  expectRefusal(await stepfold(args, here), 'CLI_ARGUMENT', 'transform', 'inspect');
});
