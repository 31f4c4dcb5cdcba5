/** What a command line says of a loop beside its denoiser: pictures read, further models opened. */
import { needsInit, needsOther, needsStrength } from '../errors/index.js';
import {
  type DenoiserPorts,
  type GivenFeeds,
  type LoopDenoiser,
  type LoopParts,
  openLoopBundle,
  openLoopModel,
  rolesOf,
} from '../evidence/measure/index.js';
import { findBundle, findModel, holdsBundle } from '../runtime/model-folder/index.js';
import { type PathName, startOfStrength } from '../runtime/samplers/index.js';
import { readFeeds, readRoles } from './arguments.js';
import type { Arguments } from './command.js';
import { readBeside, readInit, readMask } from './pictures.js';
import type { partOptions } from './pipeline-options.js';
import { kebab } from './sampler-options.js';

export type PartArguments = Arguments<typeof partOptions>;

/** What says where a loop begins. */
export type StartArguments = Pick<PartArguments, 'init' | 'mask' | 'strength'>;

/**
 * The first step of a loop of so many.
 * @throws CLI_ARGUMENT, SAMPLER_STRENGTH, SAMPLER_OPTION_RANGE
 */
export function readStart(
  { init, mask, strength }: StartArguments,
  steps: number,
  path: PathName,
): { readonly start?: number } {
  if (init === undefined) {
    for (const [flag, value] of Object.entries({ strength, mask }))
      if (value !== undefined) throw needsInit(flag);
    return {};
  }
  if (strength === undefined && mask === undefined) throw needsStrength();
  if (strength === undefined) return {};
  return { start: startOfStrength(steps, strength, path) };
}

export interface OpenParts {
  readonly parts: LoopParts;
  /** What the loop is fed, with what the parts add to it. */
  readonly feeds: GivenFeeds;
  release(): Promise<void>;
}

export interface PartPlace {
  /** Asked for only where a picture has to become latents. */
  readonly ports: () => Promise<DenoiserPorts>;
  /** Of the pipeline, where it is one. */
  readonly folder: string | undefined;
  readonly feeds: GivenFeeds;
  /** Two calls a step, which a bundle has to keep apart. */
  readonly halves: boolean;
}

/** Options that say something of a further model, by the one that names it. */
const DETAILS = {
  control: ['controlFeed', 'controlScale', 'controlInterval'],
  thenModel: [
    'thenFromStep',
    'thenBelowTimestep',
    'thenFeed',
    'thenUnconditional',
    'thenGuidanceScale',
  ],
} as const;

/** @throws CLI_ARGUMENT, and what reading pictures and opening models throws */
export async function openParts(
  args: PartArguments & {
    readonly latent?: string | undefined;
    readonly timestep?: string | undefined;
  },
  place: PartPlace,
): Promise<OpenParts> {
  for (const [named, details] of Object.entries(DETAILS))
    for (const detail of details)
      if (args[detail] !== undefined && args[named as 'control'] === undefined)
        throw needsOther(kebab(detail), kebab(named));
  const { parts: pictures, feeds } = await readPictures(args, place);
  const opened: LoopDenoiser[] = [];
  const release = async () => {
    for (const one of opened) await one.release();
  };
  const keep = async (denoiser: Promise<LoopDenoiser>) => {
    opened.push(await denoiser);
    return opened.at(-1)!;
  };
  try {
    const control = await openControl(args, keep);
    const handOver = await openSecond(args, place.halves, keep);
    const { embeddedGuidance } = args;
    return { parts: { ...pictures, control, handOver, embeddedGuidance }, feeds, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function readPictures(
  args: Parameters<typeof openParts>[0],
  { ports, folder, feeds }: PartPlace,
): Promise<{ readonly parts: Pick<LoopParts, 'init' | 'mask'>; readonly feeds: GivenFeeds }> {
  const { init, mask: maskFile } = args;
  if (init === undefined) return { parts: {}, feeds };
  const mask = maskFile === undefined ? undefined : await readMask(maskFile);
  const found = await ports();
  const { latent } = rolesOf(found, { roles: readRoles(args) });
  const place = { ports: found, latent, folder };
  const beside = mask && feeds[latent] === undefined && (await readBeside(init, mask, place));
  const clean = await readInit(init, place);
  // such a model knows what stays, and does so itself
  if (beside)
    return {
      parts: args.strength === undefined ? {} : { init: clean },
      feeds: { ...feeds, [latent]: beside },
    };
  return { parts: { init: clean, mask }, feeds };
}

type Keep = (denoiser: Promise<LoopDenoiser>) => Promise<LoopDenoiser>;

async function openControl(args: PartArguments, keep: Keep): Promise<LoopParts['control']> {
  if (args.control === undefined) return undefined;
  const feeds = await readFeeds('control-feed', args.controlFeed);
  return {
    model: await keep(openLoopModel(findModel(args.control).file)),
    feeds,
    scale: args.controlScale,
    interval: args.controlInterval,
  };
}

async function openSecond(
  args: PartArguments,
  halves: boolean,
  keep: Keep,
): Promise<LoopParts['handOver']> {
  const { thenModel, thenFromStep: step, thenBelowTimestep: timestep } = args;
  if (thenModel === undefined) return undefined;
  if ((step === undefined) === (timestep === undefined))
    throw needsOther('then-model', 'then-from-step');
  const feeds = await readFeeds('then-feed', args.thenFeed);
  const unconditional = await readFeeds('then-unconditional', args.thenUnconditional);
  const isBundle = holdsBundle(thenModel);
  const place = isBundle ? findBundle(thenModel) : findModel(thenModel).file;
  return {
    denoiser: await keep(isBundle ? openLoopBundle(place, { halves }) : openLoopModel(place)),
    from: step === undefined ? { timestep: timestep! } : { step },
    feeds,
    unconditional,
    guidanceScale: args.thenGuidanceScale,
  };
}
