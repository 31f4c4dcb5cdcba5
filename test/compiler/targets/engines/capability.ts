/** What onnxruntime-web's WebNN provider takes of a model: an oracle that is the engine itself (webnn-capability.mjs). */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('webnn-capability.mjs', import.meta.url));

export interface Choice {
  readonly opType: string;
  readonly name: string;
  readonly taken: boolean;
}

/**
 * The nodes of a file in the engine's order; none where it looks at no node. The process is ended when it has
 * chosen: what comes then is compiling.
 */
export function webnnChoices(file: string): Promise<Choice[]> {
  const child = spawn(process.execPath, [SCRIPT, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
    if (/partitions supported by WebNN.*\n/.test(log)) child.kill();
  });
  const NODE = /Operator type: \[(\w+)\] index: \[\d+\] name: \[(.*)\] supported: \[(\d)\]/g;
  return new Promise((resolve, reject) =>
    child.on('error', reject).on('close', () => {
      if (!log.includes('partitions supported by WebNN'))
        return reject(new Error(`the provider was not asked: ${log.slice(-500)}`));
      const found = [...log.matchAll(NODE)];
      resolve(
        found.map(([, opType, name, taken]) => ({
          opType: opType!,
          name: name!,
          taken: taken === '1',
        })),
      );
    }),
  );
}
