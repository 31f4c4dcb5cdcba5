/**
 * The loop that a bundle says it was made for, in place of options that are left out. Flags come first, then the
 * bundle, and then the scheduler's file of its pipeline, from which the bundle has it. What a bundle says of its loop is
 * taken as a whole: beside it the file says no more than what the model was trained with, where the bundle does not.
 */
import type { SchedulerSettings, SchedulerUse } from '../runtime/model-folder/index.js';
import { type LoopSampler, PATHS, type SamplerName, solverOf } from '../runtime/samplers/index.js';
import { PLACING_OPTIONS } from '../runtime/samplers/of-schedule.js';
import { kebab } from './kebab.js';

const PATH_OPTIONS: readonly string[] = Object.values(PATHS).flatMap((path) => Object.keys(path));

const pick = (settings: SchedulerSettings, is: (name: string) => boolean): SchedulerSettings =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => is(name)));

const ofNoise = (name: string) => name === 'path' || PATH_OPTIONS.includes(name);

/**
 * What stands for options that are left out.
 * @param use what is given
 * @param folder what the pipeline's scheduler says to who uses it so; asked only where it counts
 */
export function madeSettings(
  made: LoopSampler | undefined,
  use: SchedulerUse,
  folder: (use: SchedulerUse) => SchedulerSettings,
): SchedulerSettings {
  if (!made) return folder(use);
  const isOther = use.sampler !== undefined && use.sampler !== made.name;
  return leftOut(isOther ? ofModel(made, folder(use)) : ofLoop(made, use, folder), use);
}

/** Of a loop with the bundle's sampler. */
function ofLoop(
  { name, schedule, ...options }: LoopSampler,
  use: SchedulerUse,
  folder: (use: SchedulerUse) => SchedulerSettings,
): SchedulerSettings {
  const isWhole = schedule !== undefined && options.prediction !== undefined;
  const beside = isWhole ? {} : folder({ ...use, sampler: name });
  const own = schedule ?? pick(beside, ofNoise);
  return {
    ...pick(beside, (one) => one === 'prediction'),
    ...pick(options, (one) => !(isPlaced(use) && PLACING_OPTIONS.some((other) => other === one))),
    // options of another path than the one that is asked for
    ...(use.path === undefined || use.path === pathIn(name, own) ? own : {}),
  };
}

/** Of a loop with another sampler: what the bundle says of its model, and all else as if it said nothing. */
function ofModel(
  { name, schedule, prediction, clip }: LoopSampler,
  folder: SchedulerSettings,
): SchedulerSettings {
  const noise = schedule ? pick(folder, (one) => !ofNoise(one)) : folder;
  return {
    prediction: solverOf(name).options.prediction.default,
    path: pathIn(name, schedule ?? folder),
    ...noise,
    ...(prediction && { prediction }),
    ...(clip !== undefined && { clip }),
    ...schedule,
  };
}

const pathIn = (name: SamplerName, { path }: Pick<SchedulerSettings, 'path'>) =>
  path ?? solverOf(name).path;

/** Where spacing or a list says it, nothing else places the steps. */
const isPlaced = ({ spacing, timesteps }: SchedulerUse): boolean =>
  spacing !== undefined || timesteps !== undefined;

const leftOut = (settings: SchedulerSettings, use: SchedulerUse): SchedulerSettings =>
  pick(settings, (name) => use[name as keyof SchedulerUse] === undefined);

/** What is given, and what the bundle says in its place: `--order 2 (3)`. */
export function otherThanMade(made: LoopSampler, use: SchedulerUse): string[] {
  const { name, schedule, ...options } = made;
  const isOther = use.sampler !== undefined && use.sampler !== name;
  // levels that are placed say so, and all others are spaced
  const placing = { ...(options.spacing !== undefined && { levels: 'spaced' }) };
  const said: Readonly<Record<string, unknown>> = isOther
    ? { sampler: name, prediction: options.prediction, clip: options.clip, ...schedule }
    : { ...placing, ...options, ...schedule };
  return Object.entries(said).flatMap(([option, value]) => {
    const given = use[option as keyof SchedulerUse];
    if (value === undefined || given === undefined || given === value) return [];
    return [`--${kebab(option)} ${given} (${value})`];
  });
}
