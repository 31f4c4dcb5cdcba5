/**
 * Solvers that extrapolate through earlier predictions, against the integrals that they solve, taken by
 * quadrature (scripts/multistep-reference.py).
 */
import { describe, expect, it } from 'vitest';
import { createSampler, type SamplerName } from '../../../src/runtime/samplers/index.js';
import multistep from './multistep.json' with { type: 'json' };
import { runSampler } from './run-sampler.js';

const { schedule } = multistep;
const initialNoise = Float32Array.from(multistep.initialNoise);

// The same function as `denoiser` in the script.
const denoiser = (latent: Float32Array, timestep: number) =>
  latent.map((x) => 0.6 * Math.sin(x) + 0.3 * Math.cos(timestep / 200) * x);

describe('multistep solvers follow the integrals', () => {
  it.each(multistep.runs.map((run) => [run.name, JSON.stringify(run.options), run] as const))(
    '%s %s',
    (name, _, { options, latent }) => {
      const sampler = createSampler(name as SamplerName, { ...options, schedule } as object);
      const found = runSampler(sampler, denoiser, initialNoise);
      // float32 latents, amplified where noise is made of a clean latent at little noise, and by the
      // differences of third order where clean latents are made of noise at little signal
      const toNoise = 'predictX0' in options && !options.predictX0;
      const divided = name === 'dpm++3m' || (toNoise && options.prediction === 'sample');
      const most = divided ? 1e-5 : 1e-6;
      latent.forEach((expected, i) => {
        const off = Math.abs(found[i]! - expected) / Math.max(1, Math.abs(expected));
        expect(off).toBeLessThan(most);
      });
    },
  );
});
