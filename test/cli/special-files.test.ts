/**
 * Pipes in place of files, at each place where a command reads one: refused at once, with the file's name. And
 * what the system refuses a process: file handles.
 */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  DIGITS,
  done,
  expectRefusal,
  MAIN,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
  UNET,
} from './stepfold.js';

const folder = scratchFolder('special');
const at = (name: string) => path.join(folder, name);
const SPARE = ['--steps', '2', '-o', 'spare'];

/** Puts a pipe in the place of what is there. */
function pipe(file: string): void {
  fs.rmSync(file, { force: true });
  execFileSync('mkfifo', [file]);
}

beforeAll(async () => {
  requireBuild();
  await done(['transform', DIGITS, ...UNET, '--calls', '2', '-o', at('bundle')]);
  pipe(at('pipe'));
  const copies = {
    schedule: 'schedule.json',
    model: 'shallow.onnx',
    weights: 'weights.bin',
    report: 'report.json',
  };
  for (const [name, file] of Object.entries(copies)) {
    fs.cpSync(at('bundle'), at(name), { recursive: true });
    pipe(path.join(at(name), file));
  }
  fs.mkdirSync(at('pipeline/unet'), { recursive: true });
  fs.mkdirSync(at('pipeline/scheduler'));
  fs.writeFileSync(at('pipeline/model_index.json'), '{}');
  fs.copyFileSync(DIGITS, at('pipeline/unet/model.onnx'));
  pipe(at('pipeline/scheduler/scheduler_config.json'));
  fs.mkdirSync(at('pictures'));
  fs.writeFileSync(at('pictures/a-source.png'), '');
  pipe(at('pictures/a-bundle.png'));
});

describe.concurrent('a pipe as', () => {
  test.each<[string, string, string[]]>([
    ['the model', 'pipe', ['inspect', 'pipe']],
    ['the other model', 'pipe', ['diff', DIGITS, 'pipe']],
    ['the plan', 'pipe', ['transform', DIGITS, '--plan', 'pipe', '-o', 'spare']],
    ['the plan shown', 'pipe', ['plan', 'pipe']],
    ['the pipeline file', 'pipe', ['transform', DIGITS, '--config', 'pipe', '-o', 'spare']],
    ['the timesteps', 'pipe', ['run', DIGITS, '--timesteps', 'pipe', ...SPARE]],
    ['an array', 'pipe', ['run', DIGITS, '--feed', 'class_labels=pipe', ...SPARE]],
    ['the source of a bundle', 'pipe', ['verify', 'bundle', '--against', 'pipe']],
    ["a bundle's schedule", 'schedule/schedule.json', ['run', 'schedule', ...SPARE]],
    ["a bundle's schedule shown", 'schedule/schedule.json', ['plan', 'schedule']],
    ["a bundle's model", 'model/shallow.onnx', ['verify', 'model', '--against', DIGITS]],
    ["a bundle's weights", 'weights/weights.bin', ['run', 'weights', ...SPARE]],
    ['a picture', 'pictures/a-bundle.png', ['report', 'bundle', '--images', 'pictures']],
    ['a file of the pipeline', 'scheduler_config.json', ['transform', 'pipeline', ...UNET]],
  ])('%s', async (_, file, args) => {
    const spare: Readonly<Record<string, string[]>> = {
      report: ['-o', 'spare.html'],
      transform: args.includes('-o') ? [] : ['--calls', '2', '-o', 'spare'],
    };
    const outcome = await stepfold([...args, ...(spare[args[0]!] ?? [])], { cwd: folder });
    expectRefusal(outcome, 'FILE_UNREADABLE', file, 'it is a pipe');
    expect(fs.existsSync(at('spare'))).toBe(false);
  });

  test('the report, or the scheduler of a pipeline: with the code of those', async () => {
    const report = await stepfold(['report', 'report', '-o', 'spare.html'], { cwd: folder });
    expectRefusal(report, 'REPORT_MISSING', 'report.json', 'it is a pipe');
    const run = await stepfold(['run', 'pipeline', ...SPARE], { cwd: folder });
    expectRefusal(run, 'FOLDER_SCHEDULER', 'scheduler_config.json', 'it is a pipe');
  });

  test('where to write', async () => {
    const outcome = await stepfold(['diff', DIGITS, DIGITS, '-o', 'pipe'], { cwd: folder });
    expectRefusal(outcome, 'WRITE_FAILED', 'pipe', 'it is a pipe');
    expect(fs.statSync(at('pipe')).isFIFO()).toBe(true);
  });
});

/** With something on standard input, which `stepfold()` closes. */
function withInput(input: 'pipe' | number): Promise<string> {
  const child = spawn(process.execPath, [MAIN, 'inspect', '/dev/stdin'], {
    cwd: ROOT,
    stdio: [input, 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve(`${status} ${output}`));
  });
}

test('/dev/stdin is what it leads to: a file that was redirected, or a pipe', async () => {
  const file = fs.openSync(DIGITS, 'r');
  try {
    expect(await withInput(file)).toMatch(/^0 \/dev\/stdin: opset 17/);
  } finally {
    fs.closeSync(file);
  }
  // Node gives a child a socket where a shell gives it a pipe
  expect(await withInput('pipe')).toMatch(
    /^2 error FILE_UNREADABLE: "\/dev\/stdin" cannot be read: it is a (pipe|socket)\./,
  );
});

test('a part of the installation that is missing is said', async () => {
  fs.cpSync(path.dirname(MAIN), at('lib'), { recursive: true });
  fs.writeFileSync(at('package.json'), '{ "type": "module" }');
  fs.mkdirSync(at('node_modules'));
  for (const name of fs.readdirSync(path.join(ROOT, 'node_modules')))
    if (name !== 'yargs')
      fs.symlinkSync(path.join(ROOT, 'node_modules', name), at(`node_modules/${name}`));
  const child = spawn(process.execPath, [at('lib/cli.js'), 'inspect', DIGITS]);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect(stderr).toMatch(/^error SYSTEM: A part of the installation .*'yargs'.* install Stepfold/);
  expect(status).toBe(2);
});

describe('too few file handles', () => {
  const limited = (handles: number, args: readonly string[]) => {
    const shell = ['-c', `ulimit -n ${handles}; exec "$@"`, 'bash', process.execPath, MAIN];
    const child = spawn('bash', [...shell, ...args], { cwd: ROOT });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    return new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
      child.on('close', (status) => resolve({ status, stdout, stderr }));
    });
  };

  test('are said', async () => {
    expectRefusal(await limited(32, ['inspect', DIGITS]), 'SYSTEM', 'ulimit -n 1024');
  });

  test('also with --json', async () => {
    const { status, stdout } = await limited(32, ['inspect', DIGITS, '--json']);
    expect(status).toBe(2);
    expect(JSON.parse(stdout).error.code).toBe('SYSTEM');
  });
});
