/**
 * A trial as a job: what it depends on and nothing else, so that its hash names it, and its result, on whatever machine.
 */
import { createHash } from 'node:crypto';
import { VERSION } from '../../version.js';
import { canonical, type Made } from './setting.js';
import type { ImageBatch } from './subject.js';

export const JOB_FORMAT = 'stepfold.trial';
export const JOB_VERSION = 1;

export interface TrialJob extends Made {
  readonly format: typeof JOB_FORMAT;
  readonly version: typeof JOB_VERSION;
  /** Another version of the compiler makes other models, and another of the samplers other pictures. */
  readonly stepfold: string;
  /** SHA-256 of what the search is for: model, inputs, guidance. */
  readonly search: string;
  readonly batch: ImageBatch;
}

export const jobOf = (
  search: string,
  { passes, sampler, plan }: Made,
  batch: ImageBatch,
): TrialJob => ({
  format: JOB_FORMAT,
  version: JOB_VERSION,
  stepfold: VERSION,
  search,
  passes: passes.map(({ pass, options }) => ({ pass, options })),
  sampler,
  ...(plan && { plan }),
  batch,
});

export const idOf = (job: TrialJob): string => hashOf(canonical(job));

export const hashOf = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');
