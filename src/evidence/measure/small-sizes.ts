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
  const free = (latent?.shape.slice(2) ?? []).flatMap((dim) => {
    const name = typeof dim === 'string' ? parseDim(dim).symbolName : undefined;
    return name !== undefined && sizes.get(name) === DEFAULT_SIZES.spatial ? [name] : [];
  });
  if (free.length === 0) return undefined;
  const small = new Map([...sizes, ...free.map((name) => [name, SMALL] as const)]);
  return withFollowers(small, scheduleFollowers(schedule), new Set(free));
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
