/**
 * Sizes at which a proof costs little. What a program computes does not depend on how large the picture is, so that where nobody
 * says, one of 16 by 16 proves as much as one of 64 by 64, for a sixteenth of the cost or less: if the model takes it.
 */
import type { InferenceSession } from 'onnxruntime-common';
import { DEFAULT_SIZES } from '../../compiler/pipeline/bindings.js';
import { withFollowers } from '../../model/shape/index.js';
import { parseDim } from '../../model/sizes/parse.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { Ort } from './engine.js';
import { type Feeds, scheduleFollowers } from './feeds.js';
import { openSource } from './scratch.js';

/** Of the latent, along each axis of the picture: halved four times it is still one. */
const SMALL = 16;
/** Of a clip: there are models that know places of no more than eight, and those that take two of them for one. */
const FRAMES = 4;

/**
 * The same sizes for a small picture; undefined where its size is fixed, or was chosen, or a window of so many tokens could
 * reach over all of it.
 */
export function smallPicture(
  schedule: Schedule,
  sizes: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> | undefined {
  const { source, sites = {} } = schedule;
  if (Object.values(sites).some(({ attention }) => attention?.window.tokens !== undefined))
    return undefined;
  const latent = source.inputs.find(({ name }) => name === source.roles?.latent);
  const free = new Map<string, number>();
  for (const [axis, dim] of (latent?.shape ?? []).entries()) {
    const name = typeof dim === 'string' ? parseDim(dim).symbolName : undefined;
    const usual = axis >= 2 ? DEFAULT_SIZES.spatial : DEFAULT_SIZES.sequence;
    if (name === undefined || sizes.get(name) !== usual) continue;
    // before height and width, and behind the batch, with the channels on either side of them
    if (axis >= 1 && axis < latent!.shape.length - 2) free.set(name, FRAMES);
    else if (axis >= 2) free.set(name, SMALL);
  }
  if (free.size === 0) return undefined;
  const small = new Map([...sizes, ...free]);
  return withFollowers(small, scheduleFollowers(schedule), new Set(free.keys()));
}

/** Whether a model runs on some inputs: one that was joined for other sizes, or goes deeper than they can be halved, does not. */
export async function takes(
  ort: Ort,
  model: string,
  feeds: Feeds,
  options: InferenceSession.SessionOptions,
): Promise<boolean> {
  const session = await openSource(ort, model, options);
  try {
    await session.run(feeds);
    return true;
  } catch {
    return false;
  } finally {
    await session.release();
  }
}
