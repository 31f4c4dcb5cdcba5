/** Values for options that were left out, for a command line as an example. */
import fs from 'node:fs';
import path from 'node:path';
import { findBundle } from '../runtime/model-folder/index.js';
import { SCHEDULE_FILE, type Schedule } from '../runtime/schedule/index.js';
import { nearSource } from './source-model.js';

const OUTPUTS: Readonly<Record<string, string>> = {
  calibrate: 'plan.json',
  costs: 'costs.json',
  export: 'repository',
  fill: 'filled',
  timesteps: 'timesteps.json',
  tune: 'bundle',
};

const OTHERS: Readonly<Record<string, string>> = { calls: '50', model: 'MODEL.onnx' };

/** @param names of the options */
export const exampleValues = (
  command: string,
  typed: readonly string[],
  names: readonly string[],
): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => {
      if (name === 'output') return [name, OUTPUTS[command] ?? 'out'];
      if (name === 'against') return [name, sourceOf(typed[typed.indexOf(command) + 1] ?? '')];
      return [name, OTHERS[name] ?? name.toUpperCase()];
    }),
  );

/** Of the bundle that is meant, if that is one. */
function sourceOf(given: string): string {
  try {
    const bundle = findBundle(given);
    const text = fs.readFileSync(path.join(bundle, SCHEDULE_FILE), 'utf8');
    const schedule = JSON.parse(text) as Schedule;
    return nearSource({ given, bundle, schedule }) ?? schedule.source.file;
  } catch {
    // an example need not be right where what was given is not
    return 'SOURCE.onnx';
  }
}
