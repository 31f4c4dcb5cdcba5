/** Whether a loop is one that can be, before anything is made for it. */
import {
  badCalls,
  oddCalls,
  oddGuidanceBatch,
  timestepsEmpty,
  timestepsInvalid,
  timestepsLength,
} from '../../errors/index.js';
import type { LoopSampler } from '../../runtime/samplers/index.js';
import { samplerInLoop } from '../../runtime/samplers/of-schedule.js';
import { stepsOfCalls, timestepProblems } from '../../runtime/schedule/index.js';
import { MOST_CALLS } from './limits.js';
import type { PipelineOptions } from './options.js';
import type { Prepared } from './prepared.js';

/**
 * @throws PLAN_BAD_CALLS, GUIDANCE_ODD_CALLS, TIMESTEPS_LENGTH, TIMESTEPS_INVALID, and what a sampler that cannot be
 *   made throws
 */
export function checkLoop(options: PipelineOptions): void {
  if (!Number.isInteger(options.calls) || options.calls < 1 || options.calls > MOST_CALLS)
    throw badCalls(options.calls, MOST_CALLS);
  if (!Number.isInteger(stepsOfCalls(options.calls, options.guidance)))
    throw oddCalls(options.calls);
  if (options.timesteps) checkTimesteps(options.timesteps, options);
  if (options.sampler) checkSampler(options.sampler, options);
}

/** @throws TIMESTEPS_LENGTH, TIMESTEPS_INVALID */
function checkTimesteps(
  timesteps: readonly number[],
  { calls, guidance }: Pick<PipelineOptions, 'calls' | 'guidance'>,
): void {
  if (timesteps.length === 0) throw timestepsEmpty();
  const [problem] = timestepProblems(timesteps);
  if (problem) throw timestepsInvalid(problem.index, problem.message);
  const steps = stepsOfCalls(calls, guidance);
  if (timesteps.length !== steps) throw timestepsLength(timesteps.length, { steps, calls });
}

/** @throws SAMPLER_CALLS, and what `createSampler` throws */
function checkSampler(
  sampler: LoopSampler,
  { calls, guidance, start = 0, timesteps }: PipelineOptions,
): void {
  const steps = stepsOfCalls(calls, guidance) + start;
  samplerInLoop(sampler, { steps, start }, start === 0 ? timesteps : undefined);
}

/** @throws GUIDANCE_BATCH when the model's batch is fixed and is no pair */
export function refuseOddBatch({ canonical, shapes, roles }: Prepared): void {
  const latent = roles.latent === undefined ? undefined : canonical.graph.find(roles.latent);
  const batch = latent && shapes.shape(latent)?.[0]?.constant;
  if (latent && batch !== undefined && batch % 2 !== 0) throw oddGuidanceBatch(latent.name, batch);
}
