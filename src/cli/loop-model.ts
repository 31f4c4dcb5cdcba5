/**
 * What a command that runs a loop is pointed at: a model, a bundle, or the folder of a pipeline that holds
 * one. A bundle says which loop it was made for, and a pipeline's folder what noise its denoiser was trained
 * with, which then need not be said again.
 */
import fs from 'node:fs';
import path from 'node:path';
import { inFile, StepfoldError } from '../errors/index.js';
import { requireBundle } from '../evidence/measure/bundle.js';
import { isFolder } from '../io/is-folder.js';
import {
  findBundle,
  findModel,
  holdsBundle,
  readScheduler,
  type SchedulerUse,
} from '../runtime/model-folder/index.js';
import { readSchedule } from '../runtime/node/index.js';
import type { LoopSampler, SamplerName } from '../runtime/samplers/index.js';
import { samplerOf } from '../runtime/samplers/of-schedule.js';
import { SCHEDULE_FILE, type Schedule } from '../runtime/schedule/index.js';
import { type FolderLoop, splitSettings } from './loop-options.js';
import { madeSettings, otherThanMade } from './made-loop.js';
import { DEFAULT_SAMPLER } from './sampler-options.js';

/** Options that are left out take what the bundle says, or the folder. */
export interface LoopModel<A> {
  /** The .onnx file, or the folder of the bundle. */
  readonly place: string;
  readonly isBundle: boolean;
  /** Of a bundle. */
  readonly schedule: Schedule | undefined;
  readonly args: A & { readonly sampler: SamplerName };
  /** What is left of that beside options. */
  readonly folder: FolderLoop;
  /** The loop that the bundle was made for, where it says, and what is asked for in its place. */
  readonly made: LoopSampler | undefined;
  readonly others: readonly string[];
  /** The folder that was given, in which there may be other models of a pipeline. */
  readonly pipeline: string | undefined;
}

/**
 * @param use of the loop, where the arguments do not say all of it
 * @throws FILE_NOT_FOUND, NOT_A_BUNDLE, the FOLDER_ errors, and what reading a schedule throws
 */
export async function findLoopModel<A extends SchedulerUse>(
  given: string,
  args: A,
  use: SchedulerUse = args,
): Promise<LoopModel<A>> {
  const isBundle = holdsBundle(given);
  const found = isBundle ? { file: findBundle(given) } : modelAt(given);
  // beside the denoiser's folder, whether or not there is a bundle in that
  const folder = isFolder(given) ? given : undefined;
  const schedule = isBundle ? await readSchedule(found.file) : undefined;
  const made = schedule && checkedSampler(schedule, found.file);
  const settings = madeSettings(made, use, (of) =>
    folder === undefined ? {} : readScheduler(folder, of),
  );
  const { noise, folder: rest } = splitSettings(settings);
  const sampler = args.sampler ?? made?.name ?? DEFAULT_SAMPLER;
  return {
    place: found.file,
    isBundle,
    schedule,
    args: { ...args, ...noise, sampler },
    folder: rest,
    made,
    others: made ? otherThanMade(made, use) : [],
    pipeline: folder,
  };
}

/** @throws what a sampler that cannot be made throws, naming the file */
function checkedSampler(schedule: Schedule, bundle: string): LoopSampler | undefined {
  try {
    samplerOf(schedule);
  } catch (error) {
    throw error instanceof StepfoldError ? inFile(error, path.join(bundle, SCHEDULE_FILE)) : error;
  }
  return schedule.sampler;
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
