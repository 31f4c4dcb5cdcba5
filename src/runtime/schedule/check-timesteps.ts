/** What a schema cannot say about a list of timesteps, which schedules, pipelines and files of their own have. */
/** What is wrong with the timestep at an index. */
export interface TimestepProblem {
  readonly index: number;
  readonly message: string;
}

/**
 * Timesteps that are no whole numbers from 0 to below `trainTimesteps`, or not below the one before.
 * @param trainTimesteps where it is known
 */
export function timestepProblems(
  timesteps: readonly number[],
  trainTimesteps = Number.MAX_SAFE_INTEGER,
): TimestepProblem[] {
  return timesteps.flatMap((timestep, index): TimestepProblem[] => {
    const before = timesteps[index - 1];
    if (!Number.isSafeInteger(timestep) || timestep < 0)
      return [{ index, message: `must be a whole number from 0 up, found ${timestep}` }];
    if (timestep >= trainTimesteps)
      return [{ index, message: `must be below ${trainTimesteps}, found ${timestep}` }];
    return before !== undefined && timestep >= before
      ? [{ index, message: `must be below the one before it, ${before}; found ${timestep}` }]
      : [];
  });
}
