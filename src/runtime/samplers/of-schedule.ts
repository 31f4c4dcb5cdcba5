/**
 * The sampler that a schedule was made for. A schedule says its name and options, `loop` how many steps there
 * are and from which on they are taken, and `timesteps` where they lie, if they are listed.
 */
import { StepfoldError } from '../../errors/index.js';
import type { LoopSampler, Schedule } from '../../generated/schedule.js';
import { type LoopShape, loopOf, stepsTaken } from '../schedule/loop/index.js';
import { samplerFrom, stepsFor } from './create.js';
import type { Sampler } from './sampler.js';

/** Options of a sampler that are no part of what it is, but of one loop. */
export interface SamplerLoop {
  /** Of the sampler, which may make two calls for one. */
  readonly steps?: number | undefined;
  /** Steps that are left out at the beginning. */
  readonly start?: number | undefined;
  /** Where its steps lie, the noisiest first. */
  readonly timesteps?: readonly number[] | undefined;
}

/**
 * What a schedule holds of a sampler: all but what `loop` and `timesteps` say there.
 * @param options as `samplerFrom` takes them
 * @throws what `samplerFrom` throws
 */
export function loopSampler(
  name: string,
  { steps, start, timesteps, ...options }: Readonly<Record<string, unknown>>,
): LoopSampler {
  samplerFrom(name, { steps, start, timesteps, ...options });
  // every value was checked against its schema, which that of schedules is held to by a test
  return withoutUndefined({ name, ...options }) as unknown as LoopSampler;
}

/** Objects without members that say nothing. */
function withoutUndefined(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const said = Object.entries(value).map(
    ([key, one]) => [key, isPlain(one) ? withoutUndefined(one) : one] as const,
  );
  return Object.fromEntries(
    said.filter(([, one]) => one !== undefined && !(isPlain(one) && Object.keys(one).length === 0)),
  );
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The sampler in a loop whose steps are calls of the denoiser, as schedules count them.
 * @param timesteps of the whole loop
 * @throws SAMPLER_CALLS, and what `samplerFrom` throws
 */
export function samplerInLoop(
  { name, ...options }: LoopSampler,
  loop: Pick<LoopShape, 'steps' | 'start'>,
  timesteps?: readonly number[],
): Sampler {
  const steps = stepsFor(name, loop.steps);
  const start = steps - stepsFor(name, stepsTaken(loop));
  return samplerFrom(name, {
    ...options,
    steps,
    ...(start > 0 && { start }),
    ...(timesteps && { timesteps }),
  });
}

/**
 * The sampler of the loop that a schedule was made for; undefined where it does not say.
 *
 * @example
 * const sampler = samplerOf(session.schedule) ?? createSampler('ddim', { steps: 50 });
 *
 * @param asked a loop of other steps with the same sampler: a number of steps, a start, or timesteps of one's own
 * @throws what `createSampler` throws, with the JSON pointer `/sampler` where the schedule is at fault
 */
export function samplerOf(schedule: Schedule, asked: SamplerLoop = {}): Sampler | undefined {
  const { sampler } = schedule;
  if (!sampler) return undefined;
  const own = ownSampler(sampler, schedule);
  const { steps, start, timesteps } = asked;
  if (steps === undefined && start === undefined && timesteps === undefined) return own;
  const { name, ...options } = sampler;
  if (timesteps) return samplerFrom(name, { ...withoutPlacing(options), start, timesteps });
  return samplerFrom(name, {
    ...options,
    ...(steps === undefined
      ? { steps: stepsFor(name, loopOf(schedule).steps), ...listed(schedule) }
      : { steps }),
    start,
  });
}

/** @throws what making it throws, with its place */
function ownSampler(sampler: LoopSampler, schedule: Schedule): Sampler {
  try {
    return samplerInLoop(sampler, loopOf(schedule), listed(schedule).timesteps);
  } catch (error) {
    if (!(error instanceof StepfoldError)) throw error;
    const { code, message, details } = error;
    throw new StepfoldError(code, message, { ...details, path: '/sampler' });
  }
}

/** Of a loop that begins in the middle a schedule lists those alone that are taken, which place no whole loop. */
const listed = (schedule: Schedule): { readonly timesteps?: readonly number[] } =>
  schedule.timesteps && loopOf(schedule).start === 0 ? { timesteps: schedule.timesteps } : {};

/** What says where steps lie, in whose place a list says it. */
export const PLACING_OPTIONS = [
  'spacing',
  'offset',
  'distilledSteps',
  'levels',
  'levelEnds',
  'levelMin',
  'levelMax',
] as const satisfies readonly (keyof LoopSampler)[];

const withoutPlacing = (options: Omit<LoopSampler, 'name'>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(options).filter(([name]) => !PLACING_OPTIONS.some((one) => one === name)),
  );
