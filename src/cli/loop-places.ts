/** Loops that are not run here: their steps, and where those lie, for forecasts and plans that go by it. */

import { needsSampler } from '../errors/index.js';
import { loopOfSampler } from '../evidence/measure/index.js';
import { type SamplerName, samplerFrom, stepsFor } from '../runtime/samplers/index.js';
import {
  type LoopPlaces,
  type LoopRequest,
  type LoopShape,
  type Schedule,
  stepsTaken,
} from '../runtime/schedule/index.js';
import type { askedLoopOptions } from './asked-loop-options.js';
import type { Arguments } from './command.js';
import { findLoopModel } from './loop-model.js';
import { readSamplerOptions, readSpacing } from './loop-options.js';
import { samplerSettings } from './loop-settings.js';
import { placingOptions } from './placing-options.js';
import type { ChosenTimesteps } from './timesteps-file.js';

type PlacingArguments = Arguments<typeof placingOptions>;

/**
 * Steps count calls of the denoiser here, which a sampler may make two of in one of its own.
 * @param model file or folder, as it was given
 * @returns nothing where no sampler is named
 * @throws CLI_ARGUMENT where something is said of a loop without its sampler, RUN_TIMESTEPS, what samplers throw
 */
export function readPlaces(
  args: PlacingArguments,
  model: string,
  loop: LoopShape,
  chosen: ChosenTimesteps | undefined,
): LoopPlaces | undefined {
  const { sampler } = args;
  if (sampler === undefined) {
    refuseWithoutSampler(args);
    return undefined;
  }
  const found = findLoopModel(model, { ...placing(args, sampler), timesteps: undefined });
  const steps = stepsFor(sampler, loop.steps);
  const start = steps - stepsFor(sampler, stepsTaken(loop));
  return samplerFrom(sampler, {
    ...readSamplerOptions(found.args, found.folder),
    ...readSpacing(found.args, chosen, found.folder),
    ...(start > 0 && { start }),
    steps,
  });
}

/**
 * The loop that a bundle is asked for. Steps are the sampler's, where one is named, as `run` has them.
 * @param folder of the bundle or its pipeline, as it was given
 * @returns the loop that it is written out for, where nothing is asked
 * @throws CLI_ARGUMENT where something is said of a loop without its sampler, RUN_TIMESTEPS, what samplers throw
 */
export function readAskedLoop(
  args: Arguments<typeof askedLoopOptions>,
  folder: string,
  schedule: Schedule,
): LoopRequest {
  const { sampler, steps, start, timesteps } = args;
  if (sampler === undefined) {
    refuseWithoutSampler(args);
    if (timesteps !== undefined) throw needsSampler('timesteps');
    return { steps, start };
  }
  const asked = { ...placing(args, sampler), start, timesteps };
  const found = findLoopModel(folder, asked);
  const all = { ...found.args, steps, bundle: found.place };
  return loopOfSampler(samplerFrom(sampler, samplerSettings(all, schedule, found.folder)));
}

/** What is open here says nothing of places. */
const OPEN = {
  ...{ clip: undefined, eta: undefined, order: undefined, prediction: undefined },
  ...{ timestepScale: undefined, 'timestep-scale': undefined },
  ...{ init: undefined, mask: undefined, strength: undefined },
} as const;

const placing = <A extends PlacingArguments>(args: A, sampler: SamplerName) => ({
  ...args,
  ...OPEN,
  sampler,
});

/** @throws CLI_ARGUMENT */
function refuseWithoutSampler(args: PlacingArguments): void {
  const said = Object.keys(placingOptions).find(
    (name) => args[name as keyof PlacingArguments] !== undefined,
  );
  if (said !== undefined) throw needsSampler(said);
}
