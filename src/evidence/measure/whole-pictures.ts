/**
 * The pictures that a loop as one model gives, against those that the decoder of the source's pipeline makes of its
 * latents. A schedule does not say which decoder the loop holds, so another one's pictures are not proved.
 */
import path from 'node:path';
import type { Tensor } from 'onnxruntime-common';
import { loadModel } from '../../model/onnx/files.js';
import { findVae } from '../../runtime/model-folder/index.js';
import type { ProofContext } from './context.js';
import { type Difference, difference } from './difference.js';
import { toleranceFor } from './tolerance.js';
import { openDecoder } from './vae.js';

/** @returns nothing where it is unproved, which the context's report is told */
export async function wholePictures(
  { ort, model, report }: Pick<ProofContext, 'ort' | 'model' | 'report'>,
  latent: Tensor,
  image: Tensor,
): Promise<Difference | undefined> {
  const vae = findVae(path.dirname(path.dirname(path.resolve(model))), 'decoder');
  if (!vae) {
    report.unproved('the pictures of the whole loop, since no vae_decoder lies beside the source');
    return undefined;
  }
  const decoder = await openDecoder(vae);
  try {
    const { data, dims } = await decoder.run({
      data: latent.data as Float32Array,
      dims: latent.dims,
    });
    const wanted = new ort.Tensor('float32', data, dims) as unknown as Tensor;
    const apart = difference(image, wanted);
    if (apart.relative <= toleranceFor(loadModel(vae.file)) * ROUNDINGS) return apart;
    report.unproved(
      `the pictures of the whole loop, since they are not those of "${vae.file}" (${apart.relative.toExponential(1)} of the largest value)`,
    );
    return undefined;
  } finally {
    await decoder.release();
  }
}

/** Latents are brought to the decoder's scale otherwise, and what differs by that goes through all of its layers. */
const ROUNDINGS = 10;
