/** Values for options that were left out, for a command line as an example. */
import fs from 'node:fs';
import { sourceOfBundle } from './source-model.js';

const OUTPUTS: Readonly<Record<string, string>> = {
  calibrate: 'plan.json',
  costs: 'costs.json',
  export: 'repository',
  fill: 'filled',
  timesteps: 'timesteps.json',
  tune: 'bundle',
};

const OTHERS: Readonly<Record<string, string>> = {
  calls: '50',
  model: 'MODEL.onnx',
  pass: 'ditfastattn:threshold=D3',
  steps: '10',
};

/** Steps go without saying for a bundle alone. */
const alsoMissing = (
  command: string,
  typed: readonly string[],
  names: readonly string[],
): readonly string[] =>
  command === 'timesteps' && !typed.some((word) => /^--(steps|against)\b/.test(word))
    ? [...names, 'steps']
    : names;

/**
 * @param names of the options
 * @returns what was typed, and values for them; a source without its option has it
 */
export function exampleValues(
  command: string,
  typed: readonly string[],
  names: readonly string[],
): readonly [typed: readonly string[], missing: Record<string, string>] {
  const at = typed.indexOf(command);
  const [bundle = '', stray] = typed.slice(at + 1);
  const isStray = names.includes('against') && stray !== undefined && fs.existsSync(stray);
  const source = isStray ? stray : (sourceOfBundle(bundle) ?? 'SOURCE.onnx');
  const values = alsoMissing(command, typed, names).map((name): [string, string] => {
    if (name === 'output') return [name, OUTPUTS[command] ?? 'out'];
    if (name === 'against') return [name, source];
    return [name, OTHERS[name] ?? name.toUpperCase()];
  });
  return [isStray ? typed.toSpliced(at + 2, 1) : typed, Object.fromEntries(values)];
}
