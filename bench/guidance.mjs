// Distance to the converged picture against cost, in full calls of both halves: guidance kept as a difference, by
// interval, order and warm-up, and fewer steps with each sampler at its best spacing.
//
//   node bench/guidance.mjs [--model digits|dit-digits] [--images 20] [--scale 2]
import { guidanceDelta } from '../dist/passes/index.js';
import { asked, bundle, keep, note, source } from './converged.mjs';

const SAMPLERS = ['ddim', 'dpm++2m'];
for (const sampler of [...SAMPLERS, 'dpm++3m', 'unipc:2', 'unipc:3'])
  for (const steps of [12, 14, 16, 20, 31, 34, 39, 50])
    await note('fewer steps', steps, source, sampler, steps);

async function measured(options, steps, sampler) {
  const { denoiser, calls } = await bundle(guidanceDelta, options, steps);
  await note(`guidance-delta ${JSON.stringify(options)}`, calls, denoiser, sampler, steps);
  await denoiser.release?.();
}
for (const sampler of SAMPLERS)
  for (const steps of [20, 50])
    for (const interval of [2, 3, 5])
      for (const order of [0, 1, 2]) await measured({ interval, order }, steps, sampler);
for (const steps of [20, 50])
  for (const ends of [
    { warmup: 1, cooldown: 0 },
    { warmup: 3, cooldown: 1 },
    { warmup: Math.max(3, steps / 10), cooldown: 1 },
  ])
    await measured({ interval: 3, order: 1, ...ends }, steps, 'dpm++2m');
keep('guidance');
console.error(`measured ${asked.model}`);
