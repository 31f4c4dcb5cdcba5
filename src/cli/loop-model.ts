/**
 * What a command that runs a loop is pointed at: a model, a bundle, or the folder of a pipeline that holds
 * one. A pipeline's folder also says what noise its denoiser was trained with, which then need not be said
 * again.
 */
import fs from 'node:fs';
import { StepfoldError } from '../errors/index.js';
import { requireBundle } from '../evidence/measure/bundle.js';
import { isFolder } from '../io/is-folder.js';
import {
  findBundle,
  findModel,
  holdsBundle,
  readScheduler,
  type SchedulerUse,
} from '../runtime/model-folder/index.js';
import { type FolderLoop, splitSettings } from './loop-options.js';

/** Options that are left out take what the folder says. */
export interface LoopModel<A> {
  /** The .onnx file, or the folder of the bundle. */
  readonly place: string;
  readonly isBundle: boolean;
  readonly args: A;
  /** Of the folder's scheduler, beside options. */
  readonly folder: FolderLoop;
  /** The folder that was given, in which there may be other models of a pipeline. */
  readonly pipeline: string | undefined;
}

/**
 * @param use of the scheduler, where the arguments do not say all of it
 * @throws FILE_NOT_FOUND, NOT_A_BUNDLE and the FOLDER_ errors
 */
export function findLoopModel<A extends SchedulerUse>(
  given: string,
  args: A,
  use: SchedulerUse = args,
): LoopModel<A> {
  const isBundle = holdsBundle(given);
  const found = isBundle ? { file: findBundle(given) } : modelAt(given);
  // beside the denoiser's folder, whether or not there is a bundle in that
  const folder = isFolder(given) ? given : undefined;
  const settings = splitSettings(folder === undefined ? {} : readScheduler(folder, use));
  const { noise } = settings;
  return {
    place: found.file,
    isBundle,
    args: { ...args, ...noise },
    folder: settings.folder,
    pipeline: folder,
  };
}

/** What holds neither a bundle nor a model was meant for a bundle. */
function modelAt(given: string) {
  if (!fs.existsSync(given)) requireBundle(given);
  try {
    return findModel(given);
  } catch (error) {
    if (error instanceof StepfoldError && error.code === 'FOLDER_NO_MODEL') requireBundle(given);
    throw error;
  }
}
