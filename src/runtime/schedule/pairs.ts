/**
 * Whether a program gives the right results only in a loop that does guidance as the schedule was made
 * for: in one batch, where one half stands for both; in two calls, where it reads what an earlier call kept
 * for its own half, or the first call of the step for both.
 */
import type { Schedule } from '../../generated/schedule.js';
import { callsOf } from './calls.js';

/** A schedule that does not say what its programs need is taken at its worst. */
export function needsPairs({ source, programs }: Schedule, program: string): boolean {
  const { pairs = true, runs } = programs[program]!;
  if (source.guidance?.mode === 'two-calls')
    return runs.some((run) => Object.keys(run.reads ?? {}).length > 0);
  return source.guidance?.mode === 'batch' && pairs;
}

/** Is there a call that needs them? */
export const callsNeedPairs = (schedule: Schedule): boolean =>
  callsOf(schedule).programs.some((program) => needsPairs(schedule, program));
