/** A server of the digits in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { NO_CLASS } from './digits.js';

export interface StartedServer {
  readonly url: string;
  /** By SIGTERM; gives the exit status. */
  stop(): Promise<number | null>;
}

/** Resolves when it is ready. */
export async function startServer(
  bundle: string,
  options: readonly string[],
): Promise<StartedServer> {
  const main = path.join(import.meta.dirname, '../main.js');
  const labels = `class_labels=${NO_CLASS}`;
  const child = spawn(
    process.execPath,
    [main, bundle, '--port', '0', '--classes', labels, '--unconditional', labels, ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exit = once(child, 'exit');
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    url = /Listening at (\S+)/.exec(line)?.[1] ?? url;
    if (line === 'Ready' && url !== undefined) break;
  }
  if (url === undefined) throw new Error('The server did not start.');
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      const [status] = await exit;
      return status as number | null;
    },
  };
}
