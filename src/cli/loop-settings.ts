/** Sampler and guidance of a loop that is run: as the arguments say, and where they do not, as the bundle was made for. */
import { needsGuidance, needsUnconditional, stepsAndTimesteps, twoLists } from '../errors/index.js';
import type { GivenGuidance } from '../evidence/measure/index.js';
import { type Sampler, samplerFrom, stepsFor } from '../runtime/samplers/index.js';
import {
  callsOf,
  type GuidancePair,
  type Schedule,
  stepsOfCalls,
} from '../runtime/schedule/index.js';
import { readFeeds } from './arguments.js';
import type { Arguments } from './command.js';
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
import { type PartArguments, readStart } from './pipeline-parts.js';
import { type ChosenTimesteps, readTimesteps, requireLength } from './timesteps-file.js';

type SamplingArguments = Arguments<
  typeof samplerOptions & typeof noiseOptions & typeof timestepOptions
> &
  PartArguments & {
    /** The bundle, or the model. */
    readonly bundle: string;
    readonly steps?: number | undefined;
  };

/** Steps where neither a bundle nor the command line says. */
const STEPS = 50;

/** As many steps as are asked for, else as the bundle was made for; over its timesteps, if it has any. */
export const makeSampler = (
  args: SamplingArguments,
  schedule: Schedule | undefined,
  folder: FolderLoop,
): Sampler => samplerFrom(args.sampler, samplerSettings(args, schedule, folder));

/** What the sampler of a loop is made with. */
export function samplerSettings(
  args: SamplingArguments,
  schedule: Schedule | undefined,
  folder: FolderLoop,
) {
  const chosen = readChosen(args, schedule);
  const made = () =>
    schedule &&
    stepsFor(args.sampler, stepsOfCalls(callsOf(schedule).length, schedule.source.guidance));
  const steps = args.steps ?? chosen?.timesteps.length ?? made() ?? STEPS;
  if (chosen && steps !== chosen.timesteps.length)
    throw stepsAndTimesteps(chosen.origin, chosen.timesteps.length, steps);
  return {
    ...readSamplerOptions(args, folder),
    ...readSpacing(args, chosen, folder),
    ...readStart(args, steps, pathOf(args, folder)),
    steps,
  };
}

/** The bundle's timesteps, else those of the file that is given. */
function readChosen(
  args: SamplingArguments,
  schedule: Schedule | undefined,
): ChosenTimesteps | undefined {
  const own = schedule?.timesteps && { timesteps: schedule.timesteps, origin: 'The bundle' };
  if (args.timesteps === undefined) return own;
  const model = schedule?.source ?? { file: args.bundle };
  const given = readTimesteps(args.timesteps, model, trainTimestepsOf(args));
  if (schedule)
    requireLength(args.timesteps, given, callsOf(schedule).length, schedule.source.guidance);
  if (own && own.timesteps.join() !== given.timesteps.join()) throw twoLists(args.timesteps);
  return own ?? given;
}

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
  if (order === undefined) throw needsGuidance('order');
  if (scale === undefined) throw needsGuidance('scale');
  if (!args.unconditional) throw needsUnconditional();
  return {
    scale,
    order,
    mode: args.guidanceMode ?? made?.mode ?? 'batch',
    ...readGuidanceDetails(args),
    unconditional: await readFeeds('unconditional', args.unconditional),
  };
}
