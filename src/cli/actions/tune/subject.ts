/** What a command line asks a search for: the model, the loop as it is, and what its images are made from. */
import type { PassTable } from '../../../compiler/pass/index.js';
import { prepare } from '../../../compiler/pipeline/index.js';
import { stepsAndTimesteps } from '../../../errors/index.js';
import { modelPorts } from '../../../evidence/measure/index.js';
import type { LoopSubject } from '../../../evidence/tune/index.js';
import type { Model } from '../../../model/ir/model.js';
import { readFeeds, readRoles, readShapes, readSizes } from '../../arguments.js';
import type { TuneArguments } from '../../commands/tune.js';
import {
  type FolderLoop,
  pathOf,
  readLoopGuidance,
  readSamplerOptions,
  readSpacing,
  trainTimestepsOf,
} from '../../loop-options.js';
import { openParts, readStart } from '../../pipeline-parts.js';
import { DEFAULT_SAMPLER } from '../../sampler-options.js';
import { readTimesteps } from '../../timesteps-file.js';

const STEPS = 50;
const FLOW_STEPS = 28;

export interface SubjectPlace {
  readonly model: Model;
  readonly table: PassTable;
  /** Of the folder's scheduler, beside options. */
  readonly folder: FolderLoop;
  /** Folder of the pipeline, where it is one. */
  readonly pipeline: string | undefined;
}

/** @throws CLI_ARGUMENT, RUN_TIMESTEPS, CALIBRATE_GUIDANCE, and what reading inputs and pictures throws */
export async function readSubject(
  given: TuneArguments,
  { model, table, folder, pipeline }: SubjectPlace,
): Promise<LoopSubject> {
  const { timesteps, sampler = DEFAULT_SAMPLER } = given;
  const args = { ...given, sampler };
  const chosen =
    timesteps === undefined
      ? undefined
      : readTimesteps(timesteps, { file: args.model }, trainTimestepsOf(args));
  const along = pathOf(args, folder);
  const steps = args.steps ?? chosen?.timesteps.length ?? (along === 'flow' ? FLOW_STEPS : STEPS);
  if (chosen && steps !== chosen.timesteps.length)
    throw stepsAndTimesteps(chosen.origin, chosen.timesteps.length, steps);
  const guidance = await readLoopGuidance(args);
  const reading = {
    shapes: readShapes(args.shape),
    freeze: readSizes('freeze', args.freeze),
    roles: readRoles(args),
  };
  const { parts, feeds, release } = await openParts(args, {
    feeds: await readFeeds('feed', args.feed),
    folder: pipeline,
    halves: guidance?.mode === 'two-calls',
    ports: async () => modelPorts(await prepare(model, reading)),
  });
  await release();
  const { init, mask, embeddedGuidance } = parts;
  return {
    ...{ file: args.model, table, feeds, seed: args.seed },
    own: {
      name: sampler,
      ...readSpacing(args, chosen, folder),
      ...readSamplerOptions(args, folder),
      ...readStart(args, steps, along),
      steps,
    },
    ...(guidance && { guidance }),
    parts: {
      ...(init && { init }),
      ...(mask && { mask }),
      ...(embeddedGuidance !== undefined && { embeddedGuidance }),
    },
    ...reading,
  };
}
