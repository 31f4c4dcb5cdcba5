// A loop as benches write it, as a sampler.
import { createSampler } from '../../dist/src/runtime.js';

/** @param sampler its name, with its order where it has several: unipc:3 */
export function samplerOf({ sampler, steps, spacing }) {
  const [solver, degree] = sampler.split(':');
  return createSampler(solver, {
    steps,
    ...(spacing === 'karras' ? { levels: 'karras' } : { spacing }),
    ...(degree && { order: Number(degree) }),
  });
}
