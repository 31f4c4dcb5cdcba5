/** Sampler and guidance of a loop that is run: as the arguments say, and where they do not, as the bundle was made for. */
import { stepsAndTimesteps, twoLists } from '../errors/index.js';
import type { GivenGuidance } from '../evidence/measure/index.js';
import { type SamplerName, stepsFor } from '../runtime/samplers/index.js';
import {
  callsOf,
  type GuidancePair,
  hasRules,
  loopOf,
  type Schedule,
} from '../runtime/schedule/index.js';
import { readFeeds } from './arguments.js';
import type { Arguments } from './command.js';
import { incompleteGuidance } from './incomplete-guidance.js';
import {
  type FolderLoop,
  type guidanceOptions,
  type noiseOptions,
  pathOf,
  readGuidanceDetails,
  readSamplerOptions,
  readSpacing,
  refuseWithoutGuidance,
  type samplerOptions,
  type timestepOptions,
  trainTimestepsOf,
} from './loop-options.js';
import { readStart, type StartArguments } from './pipeline-parts.js';
import { type ChosenTimesteps, readTimesteps, requireLength } from './timesteps-file.js';

type SamplingArguments = Arguments<
  typeof samplerOptions & typeof noiseOptions & typeof timestepOptions
> &
  StartArguments & {
    /** The bundle, or the model. */
    readonly bundle: string;
    readonly sampler: SamplerName;
    readonly steps?: number | undefined;
    /** The first that is taken, where no picture says it by its strength. */
    readonly start?: number | undefined;
  };

/** Steps where neither a bundle nor the command line says. */
const STEPS = 50;

/**
 * What the sampler of a loop is made with: as many steps as are asked for, else as the bundle was made for; over its
 * timesteps, if it has any and no others are asked for.
 */
export function samplerSettings(
  args: SamplingArguments,
  schedule: Schedule | undefined,
  folder: FolderLoop,
) {
  const chosen = readChosen(args, schedule);
  const made = () => schedule && stepsFor(args.sampler, loopOf(schedule).steps);
  const steps = args.steps ?? chosen?.timesteps.length ?? made() ?? STEPS;
  if (chosen && steps !== chosen.timesteps.length)
    throw stepsAndTimesteps(chosen.origin, chosen.timesteps.length, steps);
  const { start } = args;
  return {
    ...readSamplerOptions(args, folder),
    ...readSpacing(args, chosen, folder),
    ...(start === undefined ? readStart(args, steps, pathOf(args, folder)) : { start }),
    steps,
  };
}

/** Those of the file that is given; else the bundle's, unless it is asked for a loop of other steps that it serves. */
function readChosen(
  args: SamplingArguments,
  schedule: Schedule | undefined,
): ChosenTimesteps | undefined {
  const own = schedule && timestepsOf(schedule);
  const serves = schedule && hasRules(schedule);
  if (args.timesteps === undefined) {
    const others = args.steps !== undefined && args.steps !== own?.timesteps.length;
    return serves && others ? undefined : own;
  }
  const model = schedule?.source ?? { file: args.bundle };
  const given = readTimesteps(args.timesteps, model, trainTimestepsOf(args));
  if (!schedule) return given;
  if (serves && given.timesteps.length !== own?.timesteps.length) return given;
  requireLength(args.timesteps, given, callsOf(schedule).length, schedule.source.guidance);
  if (own && own.timesteps.join() !== given.timesteps.join()) throw twoLists(args.timesteps);
  return own ?? given;
}

/** Of a loop that begins in the middle a schedule has those alone that are taken, which place no whole loop. */
const timestepsOf = (schedule: Schedule): ChosenTimesteps | undefined =>
  schedule.timesteps && loopOf(schedule).start === 0
    ? { timesteps: schedule.timesteps, origin: 'The bundle' }
    : undefined;

/** Guidance as the arguments say, and where they do not, as the bundle was made for. */
export async function readGuidance(
  args: Arguments<typeof guidanceOptions>,
  made: GuidancePair | undefined,
): Promise<GivenGuidance | undefined> {
  const { guidanceScale: scale, guidance } = args;
  const order = guidance ?? (scale === undefined ? undefined : made?.order);
  if (order === 'none' || (order === undefined && scale === undefined)) {
    refuseWithoutGuidance(args);
    return undefined;
  }
  if (order === undefined || scale === undefined || !args.unconditional)
    throw incompleteGuidance(args, order !== undefined);
  return {
    scale,
    order,
    mode: args.guidanceMode ?? made?.mode ?? 'batch',
    ...readGuidanceDetails(args),
    unconditional: await readFeeds('unconditional', args.unconditional),
  };
}
