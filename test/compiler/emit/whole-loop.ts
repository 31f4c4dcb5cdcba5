/** The whole loop of a model that is written as text, in a few steps of DDIM. */
import { forecast } from '../../../passes/forecast/index.js';
import { type Compilation, Pipeline } from '../../../src/compiler/pipeline/index.js';
import { modelOf } from '../../helpers/text.js';

const CALLS = 3;

/** @param text of a model with a `sample` and a `timestep` */
export const compileLoop = (text: string, isGuided = false): Promise<Compilation> =>
  Pipeline.create({
    calls: CALLS,
    emit: 'loop',
    ...(isGuided && { guidance: { order: 'uncond-first', mode: 'batch' } }),
    roles: { latent: 'sample', timestep: 'timestep' },
    whole: { sampler: { name: 'ddim', options: { steps: CALLS } } },
  })
    .use(forecast, { interval: 2 })
    .compile(modelOf(text));
