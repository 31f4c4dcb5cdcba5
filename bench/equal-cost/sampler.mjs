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
export function samplerOf({ choice, steps, ...how }) {
  if (choice) return samplerIn(choice);
  const { name, ...options } = choiceOf(how);
  return createSampler(name, { ...options, ...(steps !== undefined && { steps }) });
}

/** The same loop as searches are told of it: without its steps. */
export function choiceOf({ sampler, spacing, shift, ...how }) {
  const [name, degree] = sampler.split(':');
  return {
    name,
    ...how,
    ...(spacing === 'karras' ? { levels: 'karras' } : spacing && { spacing }),
    ...(degree && { order: Number(degree) }),
    ...(shift !== undefined && { prediction: 'flow', schedule: { path: 'flow', shift } }),
  };
}
