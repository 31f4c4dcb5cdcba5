/** What latents look like: decoded by the pipeline that the model is of, or themselves where they have the channels of a picture. */
import type { Generated, GivenFeeds } from '../evidence/measure/index.js';
import { forDecoder, openDecoder, type Vae } from '../evidence/measure/vae.js';
import { type Picture, toPictures } from '../io/images.js';
import { findVae } from '../runtime/model-folder/index.js';

/**
 * @param pipeline folder of a pipeline; without one, or where it has no decoder, there is none
 * @throws FOLDER_VAE and what models throw
 */
export async function openDecoderOf(pipeline: string | undefined): Promise<Vae | undefined> {
  const found = pipeline === undefined ? undefined : findVae(pipeline, 'decoder');
  return found && openDecoder(found);
}

/** Nothing where the latents are not what the decoder takes, or no pictures without one. */
export async function picturesOf(
  { latent, dims }: Pick<Generated, 'latent' | 'dims'>,
  decoder: Vae | undefined,
  feeds: GivenFeeds,
): Promise<readonly Picture[] | undefined> {
  if (decoder) {
    const latents = forDecoder(latent, dims, decoder.channels, gridOfIds(feeds));
    const made = latents && (await decoder.run(latents));
    return made && toPictures(made.data, made.dims);
  }
  return dims.length === 4 && [1, 3].includes(dims[1]!) ? toPictures(latent, dims) : undefined;
}

/** Rows and columns of tokens, where their places are given as FLUX takes them: three numbers for each. */
function gridOfIds({ img_ids: ids }: GivenFeeds): readonly [number, number] | undefined {
  if (!ids || !('dims' in ids) || ids.dims.at(-1) !== 3) return undefined;
  const most = [0, 0];
  for (const [i, value] of [...(ids.data as Float32Array)].entries())
    if (i % 3 > 0) most[(i % 3) - 1] = Math.max(most[(i % 3) - 1]!, Number(value));
  return [most[0]! + 1, most[1]! + 1];
}
