// A loop as benches write it, as a sampler.
import { samplerIn } from '../../dist/src/evidence/tune/index.js';
import { createSampler } from '../../dist/src/runtime.js';

/**
 * @param sampler its name, with its order where it has several: unipc:3
 * @param spacing of timesteps; or karras, for Karras et al.'s noise levels
 * @param shift of the path of flow matching, for models that were trained along it
 * @param choice all of it as searches write a loop
 * @param how what the sampler takes as it is: steps or timesteps, clip
 */
export function samplerOf({ sampler, spacing, shift, choice, ...how }) {
  if (choice) return samplerIn(choice);
  const [solver, degree] = sampler.split(':');
  return createSampler(solver, {
    ...how,
    ...(spacing === 'karras' ? { levels: 'karras' } : spacing && { spacing }),
    ...(degree && { order: Number(degree) }),
    ...(shift !== undefined && { prediction: 'flow', schedule: { path: 'flow', shift } }),
  });
}
