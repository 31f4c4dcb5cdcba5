/**
 * Refuses numbers that are not finite, in one pass over them: microseconds for a thousand values, where
 * a call of a denoiser takes milliseconds.
 */
import { type LoopPlace, loopNotFinite } from '../../errors/index.js';

/**
 * @param what the subject of the error's sentence, such as `Output "eps" of the denoiser`
 * @param place asked for only where something is not finite
 * @throws DENOISE_NOT_FINITE
 */
export function requireFinite(values: Float32Array, what: string, place: () => LoopPlace): void {
  if (everyFinite(values)) return;
  const bad = values.filter((value) => !Number.isFinite(value)).length;
  throw loopNotFinite(what, place(), { bad, of: values.length });
}

export function everyFinite(values: Float32Array | Float64Array): boolean {
  // nothing times a finite number is nothing, and a sum is several times as fast as a branch for each
  let nothing = 0;
  for (let i = 0; i < values.length; i++) nothing += 0 * values[i]!;
  return nothing === 0;
}
