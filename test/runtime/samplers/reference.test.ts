/** The samplers against loops written from the papers' equations (scripts/sampler-reference.py). */
import { describe, expect, it } from 'vitest';
import { createSampler, type SamplerName } from '../../../src/runtime/samplers/index.js';
import reference from './reference.json' with { type: 'json' };
import { runSampler } from './run-sampler.js';

const initialNoise = Float32Array.from(reference.initialNoise);

// The same function as `denoiser` in the script.
const denoiser = (latent: Float32Array, timestep: number) =>
  latent.map((x) => 0.6 * Math.sin(x) + 0.3 * Math.cos(timestep / 200) * x);
const freshNoise = (draw: number) => initialNoise.map((_, i) => Math.sin(i * 1.3 + draw));

describe('samplers follow the equations', () => {
  it.each(reference.trajectories.map((t) => [t.name, JSON.stringify(t.options), t] as const))(
    '%s %s',
    (name, _, { options, latent }) => {
      const sampler = createSampler(name as SamplerName, options as object);
      const found = runSampler(sampler, denoiser, initialNoise, freshNoise);
      latent.forEach((expected, i) => {
        // float32 latents, amplified by the division by a small alpha where the noise is predicted
        const amplified = (options as { prediction?: string }).prediction === 'v' ? 1 : 20;
        const most = 1e-6 * amplified * Math.max(1, Math.abs(expected));
        expect(Math.abs(found[i]! - expected)).toBeLessThan(most);
      });
    },
  );
});
