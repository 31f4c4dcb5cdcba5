/** Loops that are not run here: their steps, and where those lie, for forecasts and plans that go by it. */

import type { WholeLoop } from '../compiler/pipeline/index.js';
import { needsSampler } from '../errors/index.js';
import { loopOfSampler } from '../evidence/measure/index.js';
import { isFolder } from '../io/is-folder.js';
import { readScheduler } from '../runtime/model-folder/index.js';
import { type LoopSampler, samplerFrom, stepsFor } from '../runtime/samplers/index.js';
import { loopSampler } from '../runtime/samplers/of-schedule.js';
import {
  type LoopPlaces,
  type LoopRequest,
  type LoopShape,
  type Schedule,
  stepsTaken,
} from '../runtime/schedule/index.js';
import { askedLoopOptions } from './asked-loop-options.js';
import type { Arguments } from './command.js';
import { findLoopModel } from './loop-model.js';
import { readSamplerOptions, readSpacing, splitSettings } from './loop-options.js';
import { samplerSettings } from './loop-settings.js';
import { madeForOptions, placingOptions } from './placing-options.js';
import type { ChosenTimesteps } from './timesteps-file.js';

type PlacingArguments = Arguments<typeof placingOptions>;

/** The loop that a bundle is made for. */
export interface MadeFor {
  /** Where its steps lie. */
  readonly places: LoopPlaces;
  /** What was said of its sampler, by options or a pipeline's folder. */
  readonly sampler: LoopSampler;
  /** The same with its steps and where they lie, as samplers are made. */
  readonly made: WholeLoop['sampler'];
}

/**
 * Steps count calls of the denoiser here, which a sampler may make two of in one of its own.
 * @param model file or folder, as it was given
 * @returns nothing where no sampler is named
 * @throws CLI_ARGUMENT where something is said of a loop without its sampler, RUN_TIMESTEPS, what samplers throw
 */
export function readMadeFor(
  args: Arguments<typeof madeForOptions>,
  model: string,
  loop: LoopShape,
  chosen: ChosenTimesteps | undefined,
): MadeFor | undefined {
  if (args.sampler === undefined) {
    refuseWithoutSampler(args, madeForOptions);
    return undefined;
  }
  const { sampler: name } = args;
  const use = { ...args, sampler: name, timesteps: undefined };
  const { noise, folder } = splitSettings(isFolder(model) ? readScheduler(model, use) : {});
  const all = { ...use, ...noise };
  const steps = stepsFor(name, loop.steps);
  const start = steps - stepsFor(name, stepsTaken(loop));
  const { spacing, offset } = args.spacing === undefined ? folder : args;
  const options = {
    ...readSamplerOptions(all, folder),
    ...readSpacing(all, chosen, folder),
    ...(start > 0 && { start }),
    steps,
  };
  return {
    places: samplerFrom(name, options),
    made: { name, options },
    sampler: loopSampler(name, {
      ...readSamplerOptions(all, folder, false),
      ...(!chosen && { spacing, offset }),
      steps,
    }),
  };
}

export interface AskedLoop {
  readonly request: LoopRequest;
  /** What is asked in place of what the bundle was made for. */
  readonly others: readonly string[];
}

/**
 * The loop that a bundle is asked for. Steps are the sampler's, where one is named, as `run` has them.
 * @param folder of the bundle or its pipeline, as it was given
 * @returns the loop that it is written out for, where nothing is asked
 * @throws CLI_ARGUMENT where something is said of a loop without its sampler, RUN_TIMESTEPS, what samplers throw
 */
export async function readAskedLoop(
  args: Arguments<typeof askedLoopOptions>,
  folder: string,
  schedule: Schedule,
): Promise<AskedLoop> {
  const { steps, start, timesteps } = args;
  const isAsked = Object.keys(askedLoopOptions).some(
    (name) => args[name as keyof typeof args] !== undefined,
  );
  if (args.sampler === undefined && !(isAsked && schedule.sampler)) {
    refuseWithoutSampler(args, placingOptions);
    if (timesteps !== undefined) throw needsSampler('timesteps');
    return { request: { steps, start }, others: [] };
  }
  const found = await findLoopModel(folder, { ...args, ...OPEN });
  const all = { ...found.args, steps, bundle: found.place };
  const sampler = samplerFrom(found.args.sampler, samplerSettings(all, schedule, found.folder));
  return { request: loopOfSampler(sampler), others: found.others };
}

/** What is open here says nothing of places. */
const OPEN = {
  ...{ clip: undefined, eta: undefined, order: undefined, prediction: undefined },
  ...{ timestepScale: undefined, 'timestep-scale': undefined },
  ...{ init: undefined, mask: undefined, strength: undefined },
} as const;

/** @throws CLI_ARGUMENT */
function refuseWithoutSampler<A extends PlacingArguments>(args: A, options: object): void {
  const said = Object.keys(options).find((name) => args[name as keyof A] !== undefined);
  if (said !== undefined) throw needsSampler(said);
}
