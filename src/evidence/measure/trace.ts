/** Loops recorded step by step, and how far one goes from another. */
import type { LoopDenoiser } from './denoise-bundle.js';
import { type Generated, type GenerateOptions, generate, joinBatches } from './generate.js';

export interface RecordedLoop extends Generated {
  /** What each step made: the denoiser's output after guidance, and the latent. */
  readonly steps: readonly { readonly prediction: Float32Array; readonly latent: Float32Array }[];
}

/** Holds two latents a step. */
export async function recordLoop(
  denoiser: LoopDenoiser,
  options: GenerateOptions,
): Promise<RecordedLoop> {
  // by step, of one batch after another
  const steps: { prediction: Float32Array[]; latent: Float32Array[] }[] = [];
  const result = await generate(denoiser, {
    ...options,
    onStep(done, of, made) {
      steps[made.step] ??= { prediction: [], latent: [] };
      steps[made.step]!.prediction.push(made.prediction.slice());
      steps[made.step]!.latent.push(made.latent.slice());
      options.onStep?.(done, of, made);
    },
  });
  const whole = (parts: readonly Float32Array[]) => joinBatches(parts, result.dims);
  return {
    ...result,
    steps: steps.map(({ prediction, latent }) => ({
      prediction: whole(prediction),
      latent: whole(latent),
    })),
  };
}

/** Root mean square of the difference over that of the reference; the number of elements cancels out. */
export function relativeError(actual: Float32Array, reference: Float32Array): number {
  let [difference, magnitude] = [0, 0];
  for (const [i, expected] of reference.entries()) {
    difference += (actual[i]! - expected) ** 2;
    magnitude += expected ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / magnitude);
}

/** Error of every step of a loop against the same step of another. */
export const compareLoops = (loop: RecordedLoop, reference: RecordedLoop) =>
  reference.steps.map((expected, step) => ({
    step,
    prediction: relativeError(loop.steps[step]!.prediction, expected.prediction),
    latent: relativeError(loop.steps[step]!.latent, expected.latent),
  }));
