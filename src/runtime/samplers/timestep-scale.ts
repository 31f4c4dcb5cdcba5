/** In which numbers a denoiser is told where in the noise it is; its graph does not say. */
import type { NoiseLevel, NoisePath } from './paths/index.js';

/**
 * `training`: training timesteps.
 * `whole`: the same without their fractions, as solvers of diffusers tell Wan and Sana.
 * `unit`: as a share of the training timesteps, from 1 down to 0: FLUX, Chroma, Qwen-Image.
 * `reverse`: that share counted from noise, from 0 up to 1: Z-Image, Lumina.
 * `sigma`: noise over signal itself, for a denoiser that has its own preconditioning inside, D(x; sigma) of Karras
 * et al. (arXiv 2206.00364, equation 7).
 * `log-sigma`: a quarter of its logarithm (table 1 there): Stable Video Diffusion.
 */
export const TIMESTEP_SCALES = [
  'training',
  'whole',
  'unit',
  'reverse',
  'sigma',
  'log-sigma',
] as const;
export type TimestepScale = (typeof TIMESTEP_SCALES)[number];

export const TIMESTEP_SCALE = {
  enum: TIMESTEP_SCALES,
  default: 'training',
  title: 'timestep scale',
  flag: true,
  description:
    'What the denoiser is told: training timesteps, whole ones, their share from 1 to 0 (FLUX) or from 0 to 1 (Z-Image), or the noise level itself (EDM) or log-sigma',
} as const;

type Tell = (
  timestep: number,
  of: { readonly path: NoisePath; readonly level: NoiseLevel },
) => number;

const TELL: Record<TimestepScale, Tell> = {
  training: (timestep) => timestep,
  whole: (timestep) => Math.floor(timestep),
  unit: (timestep, { path }) => timestep / path.trainTimesteps,
  reverse: (timestep, { path }) => 1 - timestep / path.trainTimesteps,
  sigma: (_, { level }) => level.ratio,
  'log-sigma': (_, { level }) => Math.log(level.ratio) / 4,
};

/** What the denoiser is told at a timestep, and at the level that the sampler has there. */
export const tell = (scale: TimestepScale, ...of: Parameters<Tell>): number => TELL[scale](...of);
