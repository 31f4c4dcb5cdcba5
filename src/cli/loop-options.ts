/** Options of commands that run a denoising loop: the sampler, its noise schedule, guidance. */

import {
  badInterval,
  guidanceIncomplete,
  levelsAndSpacing,
  spacingAndTimesteps,
  withoutGuidance,
} from '../errors/index.js';
import type { LoopGuidance } from '../evidence/calibrate/index.js';
import type { SchedulerSettings } from '../runtime/model-folder/index.js';
import {
  type Flag,
  type OptionSchemas,
  PATH_FLAGS,
  PATHS,
  type PathName,
  SAMPLER_NAMES,
  type SamplerName,
  SOLVER_FLAGS,
  solverOf,
  TIMESTEP_SPACINGS,
  TRAIN_TIMESTEPS,
} from '../runtime/samplers/index.js';
import { type GuidancePair, PAIR_MODES, PAIR_ORDERS } from '../runtime/schedule/guidance.js';
import { number, readFeeds, texts } from './arguments.js';
import type { Arguments } from './command.js';
import { DEFAULT_SAMPLER, defaultsOf, given, optionsOf } from './sampler-options.js';
import type { ChosenTimesteps } from './timesteps-file.js';

/** Which timesteps the loop visits. */
export const timestepOptions = {
  spacing: {
    choices: TIMESTEP_SPACINGS,
    describe: `Which timesteps are visited${defaultsOf('spacing')}`,
  },
  timesteps: {
    type: 'string',
    describe: 'timesteps.json with those to visit, as `stepfold timesteps` finds them',
  },
} as const;

/** @param or what it is where it is left out, beside its name by default */
const samplerOption = (or = '') =>
  ({
    sampler: { choices: SAMPLER_NAMES, describe: `Sampler [default: ${or}${DEFAULT_SAMPLER}]` },
  }) as const;

export const samplerOptions = { ...samplerOption(), ...optionsOf(SOLVER_FLAGS) } as const;

/** The same of commands that may be given a bundle, which says it. */
export const bundleSamplerOptions = {
  ...samplerOptions,
  ...samplerOption("the bundle's, else "),
} as const;

export const noiseOptions = {
  path: {
    choices: Object.keys(PATHS) as PathName[],
    describe: 'Noise path that the model was trained along [default: that of the sampler]',
  },
  ...optionsOf(PATH_FLAGS),
} as const;

/** How the two halves of guidance are made. */
export const pairOptions = {
  guidance: {
    choices: [...PAIR_ORDERS, 'none'],
    describe: 'Which half of a guidance pair comes first, if there is guidance',
  },
  'guidance-mode': {
    choices: PAIR_MODES,
    describe: 'Both halves in one batch, or two calls a step [default: batch]',
  },
} as const;

export const guidanceOptions = {
  ...pairOptions,
  'guidance-scale': {
    type: 'number',
    describe: 'Scale of classifier-free guidance; 1 is none',
    check: number('guidance-scale'),
  },
  unconditional: texts('Input of the unconditional half: context=empty.npy'),
  'guidance-interval': {
    type: 'string',
    describe: 'Part of the loop with guidance, as fractions: 0.1-0.8 [default: all of it]',
  },
  'guidance-rescale': {
    type: 'number',
    describe: 'How far deviations of guided predictions are brought back, 0 to 1 [default: 0]',
    check: number('guidance-rescale'),
  },
} as const;

type SamplerArguments = Arguments<typeof samplerOptions & typeof noiseOptions>;

export const trainTimestepsOf = (args: Pick<SamplerArguments, 'trainTimesteps'>): number =>
  args.trainTimesteps ?? TRAIN_TIMESTEPS;

type FlagName = keyof typeof SOLVER_FLAGS | keyof typeof PATH_FLAGS;

/** What a pipeline's folder says of a loop beside what the command line can say. */
export type FolderLoop = Omit<SchedulerSettings, FlagName>;

const FLAGS: Readonly<Record<FlagName, Flag>> = { ...SOLVER_FLAGS, ...PATH_FLAGS };

/** Splits what a folder says into what stands for options that are left out, and the rest. */
export function splitSettings(settings: SchedulerSettings): {
  readonly noise: Pick<SchedulerSettings, FlagName>;
  readonly folder: FolderLoop;
} {
  const some = (flagged: boolean) =>
    Object.fromEntries(
      Object.entries(settings).filter(
        ([name, value]) => value !== undefined && Object.hasOwn(FLAGS, name) === flagged,
      ),
    );
  return { noise: some(true), folder: some(false) };
}

/**
 * Where a sampler goes: over a list of timesteps where there is one, else as the spacing says.
 * @param folder the spacing and its offset where none is given
 * @throws RUN_TIMESTEPS when both are given
 */
export function readSpacing(
  {
    spacing,
    sampler,
    levels,
  }: Arguments<typeof timestepOptions> & {
    readonly sampler: SamplerName;
    readonly levels?: string | undefined;
  },
  chosen: ChosenTimesteps | undefined,
  folder: FolderLoop = {},
) {
  if (levels !== undefined && levels !== 'spaced' && spacing !== undefined)
    throw levelsAndSpacing(levels);
  if (!chosen) {
    if (spacing !== undefined) return { spacing };
    const { offset } = folder;
    return {
      spacing: folder.spacing ?? solverOf(sampler).options.spacing.default,
      ...(offset !== undefined && { offset }),
    };
  }
  if (spacing !== undefined) throw spacingAndTimesteps(chosen.origin);
  return { timesteps: chosen.timesteps };
}

/** The noise path of a loop: as the command line says, then the folder, then the sampler's own. */
export const pathOf = (
  { path, sampler }: Pick<SamplerArguments, 'path'> & { readonly sampler: SamplerName },
  folder: FolderLoop,
): PathName => path ?? folder.path ?? solverOf(sampler).path;

/**
 * What a sampler is made with, but for its steps and where it goes; nothing where a default of its
 * own applies.
 * @param writtenOut whether choices that are left to their defaults are among it
 */
export function readSamplerOptions(
  args: SamplerArguments & { readonly sampler: SamplerName },
  folder: FolderLoop = {},
  writtenOut = true,
) {
  const { spacing: _, offset: __, path: ___, ...rest } = folder;
  const { options, path: ownPath } = solverOf(args.sampler);
  const along = pathOf(args, folder);
  const ofPath: OptionSchemas = PATHS[along];
  const ofFolder = Object.entries(rest);
  const isOfPath = ([name]: readonly [string, unknown]) => Object.hasOwn(ofPath, name);
  const { prediction, ...others } = given(writtenOut ? options : {}, SOLVER_FLAGS, args);
  return {
    prediction,
    schedule: {
      ...(along !== ownPath && { path: along }),
      ...Object.fromEntries(ofFolder.filter(isOfPath)),
      ...given(writtenOut ? ofPath : {}, PATH_FLAGS, args),
    },
    ...others,
    ...Object.fromEntries(ofFolder.filter((entry) => !isOfPath(entry))),
  };
}

/**
 * Guidance of a loop that a search runs. Its unconditional half may be made up.
 * @param made how the bundle does it; order and mode need not be said again
 * @throws CALIBRATE_GUIDANCE
 */
export async function readLoopGuidance(
  args: Arguments<typeof guidanceOptions>,
  made?: GuidancePair,
): Promise<LoopGuidance | undefined> {
  const { guidanceScale: scale } = args;
  const given = args.guidance ?? (scale === undefined ? undefined : made?.order) ?? 'none';
  const order = given as LoopGuidance['order'] | 'none';
  if (order === 'none') {
    if (scale !== undefined || args.unconditional) throw guidanceIncomplete('order');
    refuseWithoutGuidance(args);
    return undefined;
  }
  const mode = args.guidanceMode ?? made?.mode ?? 'batch';
  const unconditional = await readFeeds('unconditional', args.unconditional);
  const details = readGuidanceDetails(args);
  return { order, mode, unconditional, ...(scale !== undefined && { scale }), ...details };
}

type DetailArguments = Partial<
  Pick<Arguments<typeof guidanceOptions>, 'guidanceInterval' | 'guidanceRescale'>
>;

/** Where in the loop there is guidance, and what is done to its prediction. @throws CLI_ARGUMENT */
export function readGuidanceDetails({
  guidanceInterval: interval,
  guidanceRescale: rescale,
}: DetailArguments): Pick<LoopGuidance, 'interval' | 'rescale'> {
  return {
    ...(interval !== undefined && { interval: readInterval(interval) }),
    ...(rescale !== undefined && { rescale }),
  };
}

function readInterval(text: string): readonly [number, number] {
  const parts = text.split('-');
  const [from, to] = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (parts.length !== 2 || !Number.isFinite(from) || !Number.isFinite(to))
    throw badInterval('guidance-interval', text);
  return [from!, to!];
}

/** @throws CLI_ARGUMENT */
export function refuseWithoutGuidance(args: DetailArguments): void {
  if (args.guidanceInterval !== undefined) throw withoutGuidance('guidance-interval');
  if (args.guidanceRescale !== undefined) throw withoutGuidance('guidance-rescale');
}
