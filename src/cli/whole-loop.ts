/** What the form `loop` holds beside the plan, as the command line says it. */
import path from 'node:path';
import type { WholeLoop } from '../compiler/pipeline/index.js';
import { loopNeedsSampler, noDecoder } from '../errors/index.js';
import { isFolder } from '../io/is-folder.js';
import { loadModel } from '../model/onnx/files.js';
import { findVae } from '../runtime/model-folder/index.js';

/**
 * @param made the sampler that is said, if one is
 * @param decode file of a decoder, or nothing for that of the model's own folder
 * @param model file or folder, as it was given
 * @throws FORM_NEEDS_SAMPLER, FORM_DECODER, FOLDER_VAE
 */
export function readWholeLoop(
  made: WholeLoop['sampler'] | undefined,
  decode: string | undefined,
  model: string,
): WholeLoop {
  if (made === undefined) throw loopNeedsSampler();
  return {
    ...(decode !== undefined && { decoder: readDecoder(decode, model) }),
    sampler: made,
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
