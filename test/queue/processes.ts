/** Commands that run while a test looks on: it stops them, kills them, and reads what they said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { MAIN, type Outcome, type RunOptions, withoutColors } from '../cli/stepfold.js';
import { pause } from './redis.js';

export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

export function start(
  args: readonly string[],
  { cwd, env, main = MAIN }: RunOptions & { readonly main?: string },
): Running {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...withoutColors(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // where a test comes to no end
  process.once('exit', () => child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ status, ...output }));
  });
  return { child, outcome };
}

/** @param search during which it must come to be */
export async function until(
  what: () => boolean | Promise<boolean>,
  search?: Running,
): Promise<void> {
  while (!(await what())) {
    const { exitCode = null } = search?.child ?? {};
    if (exitCode !== null) throw new Error('the search ended before that');
    await pause(10);
  }
}
