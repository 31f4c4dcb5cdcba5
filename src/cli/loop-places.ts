/** Where the steps of a loop lie that is not run here, for forecasts that go by it. */

import { needsSampler } from '../errors/index.js';
import { samplerFrom, stepsFor } from '../runtime/samplers/index.js';
import type { LoopPlaces } from '../runtime/schedule/index.js';
import type { Arguments } from './command.js';
import { findLoopModel } from './loop-model.js';
import { readSamplerOptions, readSpacing } from './loop-options.js';
import { placingOptions } from './placing-options.js';
import type { ChosenTimesteps } from './timesteps-file.js';

type PlacingArguments = Arguments<typeof placingOptions>;

/**
 * @param model file or folder, as it was given
 * @returns nothing where no sampler is named
 * @throws CLI_ARGUMENT where something is said of a loop without its sampler, RUN_TIMESTEPS, what samplers throw
 */
export function readPlaces(
  args: PlacingArguments,
  model: string,
  steps: number,
  chosen: ChosenTimesteps | undefined,
): LoopPlaces | undefined {
  const { sampler } = args;
  if (sampler === undefined) {
    const said = Object.keys(placingOptions).find((name) => args[name] !== undefined);
    if (said !== undefined) throw needsSampler(said);
    return undefined;
  }
  // what is left open here says nothing of places
  const open = {
    ...{ clip: undefined, eta: undefined, order: undefined, prediction: undefined },
    ...{ timestepScale: undefined, 'timestep-scale': undefined },
  };
  const found = findLoopModel(model, { ...args, ...open, sampler, timesteps: undefined });
  return samplerFrom(sampler, {
    ...readSamplerOptions(found.args, found.folder),
    ...readSpacing(found.args, chosen, found.folder),
    steps: stepsFor(sampler, steps),
  });
}
