/** The model that a bundle was made from, where it still lies near: by the name and the hash that the bundle records. */
import fs from 'node:fs';
import path from 'node:path';
import { sha256 } from '../compiler/emit/index.js';
import { StepfoldError } from '../errors/index.js';
import { findBundle, findModel } from '../runtime/model-folder/index.js';
import { SCHEDULE_FILE, type Schedule } from '../runtime/schedule/index.js';

export interface SourcePlace {
  /** What the command was pointed at, and the bundle found there. */
  readonly given: string;
  readonly bundle: string;
  readonly schedule: Schedule;
}

/** Beside the bundle, in its pipeline, or from here; each once. */
export const sourcePlaces = ({ given, bundle, schedule }: SourcePlace): string[] => {
  const { file } = schedule.source;
  const beside = path.join(path.dirname(path.resolve(bundle)), path.basename(file));
  return [...new Set([beside, ...modelIn(given), path.resolve(file)])];
};

export const recordedSource = (place: SourcePlace): string | undefined =>
  sourcePlaces(place).find(
    (file) => fs.existsSync(file) && sha256(file) === place.schedule.source.sha256,
  );

/** The same as people write it: from here, where it lies below. */
export function nearSource(place: SourcePlace): string | undefined {
  const found = recordedSource(place);
  if (found === undefined) return undefined;
  const short = path.relative('', found);
  return short.startsWith('..') ? found : short;
}

/** The bundle that a model lies in, if it is one of its models. */
export function bundleAround(file: string): string | undefined {
  const folder = path.dirname(file);
  return fs.existsSync(path.join(folder, SCHEDULE_FILE)) ? folder : undefined;
}

/** Of what may be a bundle: its source by where it lies near, else by the name that the bundle records. */
export function sourceOfBundle(given: string): string | undefined {
  try {
    const bundle = findBundle(given);
    const text = fs.readFileSync(path.join(bundle, SCHEDULE_FILE), 'utf8');
    const schedule = JSON.parse(text) as Schedule;
    return nearSource({ given, bundle, schedule }) ?? schedule.source.file;
  } catch {
    // it is asked for a hint, and what was given may be anything
    return undefined;
  }
}

/** Of a pipeline's folder the denoiser. */
function modelIn(folder: string): string[] {
  try {
    return [findModel(folder).file];
  } catch (error) {
    if (error instanceof StepfoldError) return [];
    throw error;
  }
}
