/**
 * The command line in a process of its own. It runs what `npm run build` made, as it is packed, so a build older than the
 * sources is refused rather than tested.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const DIGITS = path.join(ROOT, 'samples/digits/digits-unet.onnx');
export const MAIN = path.join(ROOT, 'dist/lib/cli.js');

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs it under a limit on the size of files, in KiB: what a full disk looks like to a program. */
  readonly fileLimit?: number;
  /** As a shell would start it; else the commands of a file share a process, one after another. */
  readonly alone?: boolean;
}

/** The words of a printed command as a shell takes them apart, without the program's name. */
export function wordsOf(line: string): string[] {
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  const [program, ...words] = printed.split('\0').slice(0, -1);
  expect(program).toBe('stepfold');
  return words;
}

function newest(folder: string): number {
  return Math.max(
    ...fs
      .readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.ts'))
      .map((entry) => fs.statSync(path.join(entry.parentPath, entry.name)).mtimeMs),
  );
}

export function requireBuild(): void {
  const built = fs.statSync(MAIN, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built < Math.max(...['src', 'passes', 'packages/queue/src'].map(newest)))
    throw new Error('dist/ is older than the sources: run `npm run build` first');
}

export function stepfold(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { cwd = ROOT, env, fileLimit, alone = false } = options;
  if (alone || env || fileLimit !== undefined) return started(args, options);
  const before = last;
  const outcome = (async () => {
    await before;
    return inShared(args, cwd);
  })();
  last = outcome.catch(() => {});
  return outcome;
}

let last: Promise<unknown> = Promise.resolve();
let shared: ChildProcess | undefined;

const COMMAND_PROCESS = fileURLToPath(new URL('command-process.mjs', import.meta.url));

/** It ends when this process does. */
function commandProcess(): ChildProcess {
  const child = fork(COMMAND_PROCESS, [MAIN], {
    execArgv: [],
    env: withoutColors(process.env),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.unref();
  child.channel?.unref();
  return child;
}

function inShared(args: readonly string[], cwd: string): Promise<Outcome> {
  shared ??= commandProcess();
  const child = shared;
  return new Promise((resolve, reject) => {
    const broken = (status: number | null) => {
      shared = undefined;
      reject(new Error(`the process of the commands ended with ${status} in: ${args.join(' ')}`));
    };
    child.once('exit', broken);
    child.once('message', (outcome: Outcome) => {
      child.off('exit', broken);
      resolve(outcome);
    });
    child.send({ args, cwd });
  });
}

function started(args: readonly string[], options: RunOptions): Promise<Outcome> {
  const command = [process.execPath, MAIN, ...args];
  const [file, ...rest] =
    options.fileLimit === undefined
      ? command
      : ['bash', '-c', `ulimit -f ${options.fileLimit}; exec "$@"`, 'bash', ...command];
  const child = spawn(file as string, rest, {
    cwd: options.cwd ?? ROOT,
    // what the tests' own terminal is must not matter
    env: { ...withoutColors(process.env), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ status, ...output }));
  });
}

export function withoutColors(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, ...rest } = env;
  return rest;
}

/** A command that must end well. */
export async function done(args: readonly string[], options?: RunOptions): Promise<string> {
  const { status, stdout, stderr } = await stepfold(args, options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/**
 * Holds an outcome against how every mistake must be answered: status 2, nothing on stdout, and on
 * stderr one line with a stable code that names what is meant; never a stack trace.
 */
export function expectRefusal(
  outcome: Outcome,
  code: string,
  ...mentions: readonly string[]
): void {
  expect(outcome.stderr).toMatch(new RegExp(`^error ${code}: [^\\n]+[.?)]\\n$`));
  expect(outcome.stderr).not.toMatch(/internal error|^\s+at /m);
  for (const mention of mentions) expect(outcome.stderr).toContain(mention);
  expect({ status: outcome.status, stdout: outcome.stdout }).toEqual({ status: 2, stdout: '' });
}

/** A folder for a test file's own things, removed when its tests are done. */
export function scratchFolder(name: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `stepfold-${name}-`));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const UNET = ['--pass', 'deepcache:branch=2,interval=3'] as const;
