// Distance to the converged picture against cost, in full calls: fewer steps with each sampler at its best spacing,
// the output forecast, and deep reuse with and without a forecast of what it keeps.
//
//   node bench/forecast.mjs [--model digits|dit-digits] [--images 20] [--scale 2]
import { deepcache, deltaCache, forecast } from '../dist/passes/index.js';
import { asked, bundle, keep, note, source } from './converged.mjs';

// solvers that extrapolate by themselves are the first rivals of a forecast
const RIVALS = ['ddim', 'dpm++2m', 'dpm++3m', 'unipc:2', 'unipc:3', 'deis:2', 'deis:3'];
for (const sampler of RIVALS)
  for (const steps of [8, 10, 12, 17, 25, 50])
    await note('fewer steps', steps, source, sampler, steps);
for (const sampler of ['ddim', 'dpm++2m'])
  for (const steps of [50, 100])
    for (const full of [8, 10, 12, 17, 25])
      for (const order of [0, 1, 2]) {
        const { denoiser, calls } = await bundle(forecast, { 'full-calls': full, order }, steps);
        await note(`output, order ${order}`, calls, denoiser, sampler, steps);
        await denoiser.release?.();
      }
const deep =
  asked.model === 'digits'
    ? [
        deepcache,
        [
          { branch: 3, interval: 3 },
          { branch: 3, interval: 5 },
        ],
      ]
    : [
        deltaCache,
        [
          { range: '1-5', interval: 3 },
          { range: '1-5', interval: 4 },
        ],
      ];
for (const sampler of ['ddim', 'dpm++2m'])
  for (const options of deep[1])
    for (const order of [0, 1, 2]) {
      const { denoiser, calls } = await bundle(deep[0], { ...options, order }, 50);
      await note(
        `${deep[0].name} ${JSON.stringify(options)}, order ${order}`,
        calls,
        denoiser,
        sampler,
        50,
      );
      await denoiser.release?.();
    }
keep('forecast');
