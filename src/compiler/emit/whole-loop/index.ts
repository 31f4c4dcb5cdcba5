/** The form `loop`: a model that counts its calls and, beside it, the whole denoising loop as one. */
import { loopNeedsSampler, loopTwoCalls, samplerSteps } from '../../../errors/index.js';
import { samplerFrom } from '../../../runtime/samplers/index.js';
import type { Compilation } from '../../pipeline/index.js';
import { statefulOf } from '../stateful.js';
import { loopModel } from './loop-model.js';
import { LOOP_MODEL } from './names.js';
import { stepTables } from './step-tables.js';

/**
 * @param compilation in the form `merged`, of one loop
 * @throws FORM_NEEDS_SAMPLER, FORM_GUIDANCE, FORM_SAMPLER, FORM_SAMPLER_CALLS, FORM_INPUTS, FORM_NAME_TAKEN, and what
 *   samplers throw
 */
export function withLoop(compilation: Compilation): Compilation {
  const { whole, guidance, instrumented } = compilation;
  if (!whole) throw loopNeedsSampler();
  if (guidance?.mode === 'two-calls') throw loopTwoCalls();
  const { name, options } = whole.sampler;
  const sampler = samplerFrom(name, options);
  const { length } = sampler.timesteps;
  if (length !== instrumented.calls.length) throw samplerSteps(instrumented.calls.length, length);
  const stateful = statefulOf(compilation);
  const loop = loopModel(stateful, stepTables(name, sampler));
  const models = new Map([...stateful.lowered.models, [LOOP_MODEL, loop]]);
  return { ...stateful, lowered: { ...stateful.lowered, emit: 'loop', models } };
}
