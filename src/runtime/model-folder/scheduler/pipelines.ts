/**
 * What pipelines of diffusers do that their scheduler's file does not say, by the class in model_index.json: in which
 * numbers they tell timesteps, which way the prediction points, and how they space the steps of flow matching.
 */
import fs from 'node:fs';
import path from 'node:path';
import { readRegularText } from '../../../io/regular-file.js';
import type { SchedulerSettings } from './settings.js';

/** Sigmas from 1 down to 1 / steps, told as they are. */
const UNIT: SchedulerSettings = { spacing: 'trailing', timestepScale: 'unit' };
/** The same, counted from noise to picture, as the prediction points too. */
const REVERSE: SchedulerSettings = {
  spacing: 'trailing',
  timestepScale: 'reverse',
  prediction: 'reverse-flow',
};
const TRAILING: SchedulerSettings = { spacing: 'trailing' };

/** By how the name of a pipeline's class begins. */
export const PIPELINES: readonly (readonly [prefix: string, settings: SchedulerSettings])[] = [
  ['AuraFlow', { timestepScale: 'unit' }],
  ['Chroma', UNIT],
  ['Flux', UNIT],
  ['HunyuanVideo', TRAILING],
  ['LTX', TRAILING],
  ['LongCatImage', UNIT],
  ['Lumina', REVERSE],
  ['OvisImage', UNIT],
  ['QwenImage', UNIT],
  // sets its steps without sigmas of its own, whatever the shift
  ['StableDiffusion3', { spacing: 'linear' }],
  ['ZImage', REVERSE],
];

/** Pipelines whose mu of a dynamic shift is no line in the number of tokens, but depends on the steps too. */
const OWN_MU: readonly string[] = ['Flux2'];

const INDEX_FILE = 'model_index.json';

/** Nothing for a folder without an index, or for pipelines that add nothing. */
export function pipelineSettings(folder: string): SchedulerSettings {
  const name = pipelineOf(folder);
  return PIPELINES.find(([prefix]) => name.startsWith(prefix))?.[1] ?? {};
}

/** Whether a shift by the size of the picture cannot be had from the number of tokens alone. */
export function hasOwnMu(folder: string): boolean {
  const name = pipelineOf(folder);
  return OWN_MU.some((prefix) => name.startsWith(prefix));
}

function pipelineOf(folder: string): string {
  const file = path.join(folder, INDEX_FILE);
  return fs.existsSync(file) ? classOf(readRegularText(file)) : '';
}

/** An index that is no JSON says nothing here: folders are opened without it. */
function classOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const name = (value as { readonly _class_name?: unknown } | null)?._class_name;
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}
