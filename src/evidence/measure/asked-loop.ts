/**
 * The loop that a bundle is asked for: what its schedule has for it, and what is said where it has nothing. Whatever
 * runs, measures or draws a loop asks here, so that all of them take the same loops.
 */
import { bundleFromMiddle, stepsDiffer } from '../../errors/index.js';
import type { Sampler } from '../../runtime/samplers/index.js';
import {
  callsPerStep,
  type GuidancePair,
  hasRules,
  type LoopRequest,
  type LoopShape,
  loopOf,
  type Schedule,
  scheduleFor,
} from '../../runtime/schedule/index.js';

/** A bundle as messages have it. */
export const bundleLabel = (folder: string): string => `the bundle "${folder}"`;

/** The loop that a sampler makes. */
export const loopOfSampler = ({
  firstCall: start,
  timesteps,
  logSnr,
}: Pick<Sampler, 'firstCall' | 'timesteps' | 'logSnr'>) => ({
  steps: start + timesteps.length,
  start,
  timesteps,
  logSnr,
});

/**
 * The schedule of a bundle for a loop; itself where that is the one that it is written out for.
 * @param label of the bundle, as messages have it
 * @throws RUN_STEPS, RUN_START where it lists its calls for another loop alone, and what `scheduleFor` throws
 */
export function scheduleForLoop(schedule: Schedule, request: LoopRequest, label: string): Schedule {
  if (hasRules(schedule)) return scheduleFor(schedule, request);
  const written = loopOf(schedule);
  refuseOther({ ...written, ...given(request) }, written, label, schedule.source.guidance);
  // wherever its steps lie
  return schedule;
}

/** Without a number of steps, the loop is the written one from where it begins; with one, it begins at 0. */
const given = ({ steps, start }: LoopRequest): Partial<LoopShape> => ({
  ...(steps !== undefined && { steps, start: 0 }),
  ...(start !== undefined && { start }),
});

/**
 * Refuses another loop than the one that is listed.
 * @throws RUN_STEPS, RUN_START
 */
export function refuseOther(
  { steps, start }: LoopShape,
  listed: LoopShape,
  label: string,
  guidance: GuidancePair | undefined,
): void {
  if (start !== listed.start) throw bundleFromMiddle(label, start, listed.start);
  if (steps !== listed.steps) throw stepsDiffer(steps, listed.steps, callsPerStep(guidance));
}
