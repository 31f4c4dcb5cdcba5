// A loop as benches write it, as a sampler.
import { createSampler } from '../../dist/src/runtime.js';

/**
 * @param sampler its name, with its order where it has several: unipc:3
 * @param shift of the path of flow matching, for models that were trained along it
 */
export function samplerOf({ sampler, steps, spacing, shift }) {
  const [solver, degree] = sampler.split(':');
  return createSampler(solver, {
    steps,
    ...(spacing === 'karras' ? { levels: 'karras' } : { spacing }),
    ...(degree && { order: Number(degree) }),
    ...(shift !== undefined && { prediction: 'flow', schedule: { path: 'flow', shift } }),
  });
}
