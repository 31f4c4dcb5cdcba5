/** The loop that a plan was searched on, for the bundle that is made of it. */
import { inFile, StepfoldError } from '../../../errors/index.js';
import type { LoopSampler } from '../../../runtime/samplers/index.js';
import { loopSampler } from '../../../runtime/samplers/of-schedule.js';
import type { PlanFile } from '../../../runtime/schedule/index.js';

export interface SearchedLoop {
  readonly sampler: LoopSampler;
  /** Where its steps lie, if they were listed; of the loop that the plan is for. */
  readonly timesteps?: readonly number[];
}

/**
 * @returns nothing where the plan was searched on recorded inputs, or by hand
 * @throws what a sampler that cannot be made throws, naming the file
 */
export function searchedLoop({ calibration }: PlanFile, file: string): SearchedLoop | undefined {
  const { name, timesteps, ...options }: Record<string, unknown> = calibration?.sampler ?? {};
  if (name === undefined) return undefined;
  try {
    const sampler = loopSampler(String(name), { ...options, timesteps });
    return { sampler, ...(timesteps !== undefined && { timesteps: timesteps as number[] }) };
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    const { code, message, details } = error;
    const path = '/calibration/sampler';
    throw inFile(new StepfoldError(code, message, { ...details, path }), file);
  }
}
