/** What onnxruntime-web's WebNN provider takes of models: an oracle that is the engine itself (webnn-capability.mjs). */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('webnn-capability.mjs', import.meta.url));

export interface Choice {
  readonly opType: string;
  readonly name: string;
  readonly taken: boolean;
}

/** By file, its nodes; none of a file of which the provider looks at no node. */
export async function webnnChoices(files: readonly string[]): Promise<Map<string, Choice[]>> {
  const log = await new Promise<string>((resolve, reject) =>
    execFile(
      process.execPath,
      [SCRIPT, ...files],
      { maxBuffer: 2 ** 28, encoding: 'utf8' },
      (error, _, stderr) => (error ? reject(error) : resolve(stderr)),
    ),
  );
  const [, ...parts] = log.split(/^FILE /m);
  return new Map(
    parts.map((part) => {
      const lines = part.split('\n');
      const choices = lines.flatMap((line) => {
        const found =
          /Operator type: \[(\w+)\] index: \[\d+\] name: \[(.*)\] supported: \[(\d)\]/.exec(line);
        return found ? [{ opType: found[1]!, name: found[2]!, taken: found[3] === '1' }] : [];
      });
      return [lines[0]!, choices];
    }),
  );
}
