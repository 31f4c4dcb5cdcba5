/** Reading timesteps.json where a command runs on it, and checking that it is for this model and loop. */
import { sha256 } from '../compiler/emit/index.js';
import {
  inFile,
  timestepsLength,
  timestepsOtherModel,
  timestepsOtherTraining,
} from '../errors/index.js';
import { readRegularText } from '../io/regular-file.js';
import { type GuidancePair, parseTimestepsFile, stepsOfCalls } from '../runtime/schedule/index.js';

/** A list of timesteps, and who says so. */
export interface ChosenTimesteps {
  readonly timesteps: readonly number[];
  /** The subject of a sentence: `The bundle`, or a file by its name. */
  readonly origin: string;
}

export interface ModelInUse {
  readonly file: string;
  /** Of the source model, where a schedule records it; else the file is read. */
  readonly sha256?: string;
}

/**
 * @param trainTimesteps of the loop; left out: taken from the file, since no loop is run
 * @throws FILE_NOT_FOUND, the TIMESTEPS_ errors of files
 */
export function readTimesteps(
  file: string,
  model: ModelInUse,
  trainTimesteps?: number,
): ChosenTimesteps {
  const list = parseTimestepsFile(readRegularText(file), file);
  if (list.model && list.model.sha256 !== (model.sha256 ?? sha256(model.file)))
    throw timestepsOtherModel(file, list.model.file, model.file);
  if (trainTimesteps !== undefined && trainTimesteps !== list.trainTimesteps)
    throw timestepsOtherTraining(file, list.trainTimesteps, trainTimesteps);
  return { timesteps: list.timesteps, origin: `"${file}"` };
}

/** @throws TIMESTEPS_LENGTH, naming the file, when the list is not for a loop of so many calls */
export function requireLength(
  file: string,
  { timesteps }: ChosenTimesteps,
  calls: number,
  guidance: GuidancePair | undefined,
): void {
  const steps = stepsOfCalls(calls, guidance);
  if (timesteps.length !== steps)
    throw inFile(timestepsLength(timesteps.length, { steps, calls }), file);
}
