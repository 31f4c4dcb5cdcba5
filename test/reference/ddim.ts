/**
 * DDIM with eta 0 (Song et al., arXiv 2010.02502, equation 12) over the linear betas of DDPM (Ho et
 * al., arXiv 2006.11239, section 4), the clean image clipped to [-1, 1] and the noise derived anew
 * from it; with classifier-free guidance (Ho and Salimans, arXiv 2207.12598, equation 6). Float64.
 */
import { type Matrix, subtract } from './numbers.js';

const TRAIN_TIMESTEPS = 1000;

/** Share of the signal that is left at a timestep. */
function signal(timestep: number): number {
  let product = 1;
  for (let t = 0; t <= timestep; t++)
    product *= 1 - (1e-4 + ((0.02 - 1e-4) * t) / (TRAIN_TIMESTEPS - 1));
  return product;
}

/** With an equal stride from 0, the noisiest first. */
export const timesteps = (steps: number): number[] =>
  Array.from(
    { length: steps },
    (_, step) => Math.floor(TRAIN_TIMESTEPS / steps) * (steps - 1 - step),
  );

/** The noise seen with the condition and without it, for every image of a step. */
export type PredictPairs = (
  images: readonly Matrix[],
  timestep: number,
  step: number,
) => { readonly conditional: readonly Matrix[]; readonly unconditional: readonly Matrix[] };

export function denoiseByDdim(
  noise: readonly Matrix[],
  steps: number,
  guidance: number,
  predict: PredictPairs,
): readonly Matrix[] {
  const visited = timesteps(steps);
  let images = noise;
  for (const [step, timestep] of visited.entries()) {
    const { conditional, unconditional } = predict(images, timestep, step);
    const now = signal(timestep);
    const next = step + 1 < steps ? signal(visited[step + 1]!) : 1;
    images = images.map((image, i) => {
      const difference = subtract(conditional[i]!, unconditional[i]!);
      return image.map((x, p) => {
        const seen = unconditional[i]![p]! + guidance * difference[p]!;
        const predicted = (x - Math.sqrt(1 - now) * seen) / Math.sqrt(now);
        const clean = Math.max(-1, Math.min(1, predicted));
        const direction = (x - Math.sqrt(now) * clean) / Math.sqrt(1 - now);
        return Math.sqrt(next) * clean + Math.sqrt(1 - next) * direction;
      });
    });
  }
  return images;
}
