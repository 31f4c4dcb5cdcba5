/** What the form `loop` holds beside the plan, as the command line says it. */
import path from 'node:path';
import type { WholeLoop } from '../compiler/pipeline/index.js';
import { loopNeedsSampler, noDecoder } from '../errors/index.js';
import { isFolder } from '../io/is-folder.js';
import { loadModel } from '../model/onnx/files.js';
import { findVae } from '../runtime/model-folder/index.js';
import { stepsFor } from '../runtime/samplers/index.js';
import { type LoopShape, stepsTaken } from '../runtime/schedule/index.js';
import type { Arguments } from './command.js';
import { findLoopModel } from './loop-model.js';
import { readSamplerOptions, readSpacing } from './loop-options.js';
import type { madeForOptions } from './placing-options.js';
import type { ChosenTimesteps } from './timesteps-file.js';

const NO_PICTURE = { init: undefined, mask: undefined, strength: undefined } as const;

/**
 * @param model file or folder, as it was given
 * @throws FORM_NEEDS_SAMPLER, RUN_TIMESTEPS, and the FOLDER_ errors
 */
export async function readWholeLoop(
  args: Arguments<typeof madeForOptions> & { readonly decode?: string | undefined },
  model: string,
  loop: LoopShape,
  chosen: ChosenTimesteps | undefined,
): Promise<WholeLoop> {
  const { sampler: name } = args;
  if (name === undefined) throw loopNeedsSampler();
  const use = { ...args, ...NO_PICTURE, sampler: name, timesteps: undefined };
  const found = await findLoopModel(model, use);
  const steps = stepsFor(name, loop.steps);
  const start = steps - stepsFor(name, stepsTaken(loop));
  return {
    ...(args.decode !== undefined && { decoder: readDecoder(args.decode, model) }),
    sampler: {
      name,
      options: {
        ...readSamplerOptions(found.args, found.folder),
        ...readSpacing(found.args, chosen, found.folder),
        ...(start > 0 && { start }),
        steps,
      },
    },
  };
}

/** By the configuration beside it, where it lies in a pipeline's folder. @throws FORM_DECODER, FOLDER_VAE */
function readDecoder(given: string, model: string): NonNullable<WholeLoop['decoder']> {
  const folder = given === '' ? model : path.dirname(path.dirname(path.resolve(given)));
  const own = isFolder(folder) ? findVae(folder, 'decoder') : undefined;
  const isOwn = own && (given === '' || path.resolve(own.file) === path.resolve(given));
  if (given === '' && !own) throw noDecoder(model);
  const file = isOwn ? own.file : given;
  const scale = isOwn ? own.scale : { scaling: 1, shift: 0 };
  return { model: loadModel(file), label: file, scale };
}
