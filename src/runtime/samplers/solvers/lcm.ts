/**
 * Latent consistency models: Luo et al., "Latent consistency models: synthesizing high-resolution images with
 * few-step inference" (arXiv 2310.04378), algorithm 3, for students that were distilled to say at once where a
 * loop would end; and the same of flow matching.
 *
 * A step takes what the denoiser says for the picture, and covers it with fresh noise down to the next level.
 * Near the cleanest timesteps it keeps of the latent what the consistency function of the paper does (section 4.1:
 * c_skip and c_out, with sigma_data 0.5).
 */
import { noiseMissing } from '../../../errors/index.js';
import { reader } from '../prediction.js';
import { FLOW_LOOP_OPTIONS, LOOP_OPTIONS, type Steps, solver } from '../solver.js';
import type { Walk } from '../timesteps.js';

const SIGMA_DATA = 0.5;

const SPACING = { ...LOOP_OPTIONS.spacing, default: 'distilled' } as const;

export const lcm = solver({
  name: 'lcm',
  title: 'LCM',
  description:
    'Few steps of a latent consistency model, fresh noise at each (Luo et al., 2310.04378)',
  path: 'variance-preserving',
  arrivalPoint: false,
  signal: true,
  drawsNoise: true,
  options: {
    ...LOOP_OPTIONS,
    spacing: SPACING,
    boundaryScale: {
      type: 'number',
      minimum: 0,
      default: 10,
      description: 'Timesteps are multiplied by this where the consistency function is bounded',
    },
  },
  make({ options, walk, clip }) {
    const bounds = walk.timesteps.map((timestep) => {
      const scaled = timestep * options.boundaryScale;
      const whole = scaled ** 2 + SIGMA_DATA ** 2;
      return { skip: SIGMA_DATA ** 2 / whole, out: scaled / Math.sqrt(whole) };
    });
    return renewing(options.prediction, walk, clip, (step) => bounds[step]!);
  },
});

export const lcmFlow = solver({
  name: 'lcm-flow',
  title: 'LCM of flow matching',
  description: 'Few steps of a model of flow matching, fresh noise at each',
  path: 'flow',
  arrivalPoint: false,
  signal: false,
  drawsNoise: true,
  options: FLOW_LOOP_OPTIONS,
  make: ({ options, walk, clip }) =>
    renewing(options.prediction, walk, clip, () => ({ skip: 0, out: 1 })),
});

/** Steps that forget the noise they came with. */
function renewing(
  prediction: Parameters<typeof reader>[0],
  { timesteps }: Walk,
  clip: number,
  boundOf: (step: number) => { readonly skip: number; readonly out: number },
): Steps {
  return {
    needsNoise: timesteps.length > 1,
    step({ step, now, next, latent, output, noise }) {
      const { skip, out } = boundOf(step);
      const read = reader(prediction, 'sample', now, clip);
      const clean = latent.map((x, i) => out * read(x, output[i]!) + skip * x);
      // the picture itself is the end, whatever noise the first timestep has
      if (step === timesteps.length - 1) return { latent: clean };
      const fresh = noise();
      if (!fresh) throw noiseMissing('LCM');
      return { latent: clean.map((x, i) => next.alpha * x + next.sigma * fresh[i]!) };
    },
  };
}
