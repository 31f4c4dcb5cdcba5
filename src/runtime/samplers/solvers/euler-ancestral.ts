/**
 * Euler's method with fresh noise at each step, as ancestral sampling has it: Karras et al.'s program k-diffusion
 * (`sample_euler_ancestral`) and, along the straight path, that of LTX-Video (rectified flow).
 *
 * A step goes further down than to the next level, and noise brings it back up to that. How far down, eta says:
 * with 1 as far as DDPM's own steps, with 0 not at all, which is Euler's method.
 */
import { noiseMissing } from '../../../errors/index.js';
import { alongFlow, alongRatio, type Derivative, startOnRatio } from '../derivative.js';
import type { NoiseLevel } from '../paths/index.js';
import { FLOW_LOOP_OPTIONS, LOOP_OPTIONS, type Steps, solver } from '../solver.js';
import { eta } from './ddim.js';

const ETA = { ...eta, default: 1 } as const;

export const eulerAncestral = solver({
  name: 'euler-ancestral',
  title: 'Euler ancestral',
  description: 'Euler’s method with fresh noise at each step (Karras et al.’s k-diffusion)',
  path: 'variance-preserving',
  arrivalPoint: false,
  signal: true,
  drawsNoise: true,
  options: { ...LOOP_OPTIONS, eta: ETA },
  make: ({ options, walk, clip }) => ({
    ...startOnRatio(walk.levels[0]!, options.spacing),
    ...ancestralSteps(alongRatio(options.prediction, clip), options.eta, (now, next) => {
      const [from, to] = [now.ratio, next.ratio];
      const up = options.eta * to * Math.sqrt(Math.max(0, 1 - (to / from) ** 2));
      const noise = Math.min(to, up);
      return { down: Math.sqrt(to * to - noise * noise), keep: 1, noise };
    }),
  }),
});

export const eulerAncestralFlow = solver({
  name: 'euler-ancestral-flow',
  title: 'Euler ancestral of flow matching',
  description: 'Euler’s method along the straight path with fresh noise at each step (LTX-Video)',
  path: 'flow',
  arrivalPoint: false,
  signal: false,
  drawsNoise: true,
  options: { ...FLOW_LOOP_OPTIONS, eta: ETA },
  make: ({ options, clip }) =>
    ancestralSteps(alongFlow(options.prediction, clip), options.eta, (now, next) => {
      const to = next.sigma;
      const down = to * (1 + (to / now.sigma - 1) * options.eta);
      // back up: the signal shrinks to that of the next level, and noise makes up its variance
      const keep = (1 - to) / (1 - down);
      return { down, keep, noise: Math.sqrt(Math.max(0, to * to - (keep * down) ** 2)) };
    }),
});

/** A step down, and back up: the latent is multiplied, and noise added. */
interface Descent {
  readonly down: number;
  readonly keep: number;
  readonly noise: number;
}

function ancestralSteps(
  { place, slope, ...rest }: Derivative,
  eta: number,
  descend: (now: NoiseLevel, next: NoiseLevel) => Descent,
): Steps {
  return {
    ...rest,
    needsNoise: eta > 0,
    step({ now, next, latent, output, noise }) {
      const { down, keep, noise: spread } = descend(now, next);
      const fresh = spread > 0 ? noise() : undefined;
      if (spread > 0 && !fresh) throw noiseMissing('Euler ancestral');
      const length = down - place(now);
      const at = slope(now);
      return {
        latent: latent.map(
          (x, i) => keep * (x + length * at(x, output[i]!)) + (fresh ? spread * fresh[i]! : 0),
        ),
      };
    },
  };
}
