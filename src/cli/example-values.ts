/** Values for options that were left out, for a command line as an example. */
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

/** @param names of the options */
export const exampleValues = (
  command: string,
  typed: readonly string[],
  names: readonly string[],
): Record<string, string> =>
  Object.fromEntries(
    alsoMissing(command, typed, names).map((name) => {
      if (name === 'output') return [name, OUTPUTS[command] ?? 'out'];
      if (name === 'against')
        return [name, sourceOfBundle(typed[typed.indexOf(command) + 1] ?? '') ?? 'SOURCE.onnx'];
      return [name, OTHERS[name] ?? name.toUpperCase()];
    }),
  );
