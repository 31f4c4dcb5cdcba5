/**
 * A trial as a job: what it depends on and nothing else, so that its hash names it, and its result, on whatever machine.
 */
import { createHash } from 'node:crypto';
import { badJob, otherVersion } from '../../errors/index.js';
import { VERSION } from '../../version.js';
import { isObject } from './json.js';
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

/**
 * A job that somebody else has written. It has what a trial has and nothing beside, and its options name no file, neither
 * here nor where it was written.
 * @param place what messages call it
 * @throws TUNE_JOB, TUNE_VERSION
 */
export function parseJob(found: unknown, place: string): TrialJob {
  if (!isObject(found) || found['format'] !== JOB_FORMAT) throw badJob(place, NO_TRIAL);
  // another version may well write other fields
  const { stepfold } = found;
  if (typeof stepfold === 'string' && stepfold !== VERSION)
    throw otherVersion(place, stepfold, VERSION);
  if (!isTrial(found)) throw badJob(place, NO_TRIAL);
  const file = textsIn([found.passes, found.sampler]).find((text) => /[/\\]/.test(text));
  if (file !== undefined) throw badJob(place, `it names "${file}", and a trial names no files`);
  return found;
}

/**
 * A job that was found under a name, which must be its own.
 * @throws TUNE_JOB, TUNE_VERSION
 */
export function parseNamedJob(found: unknown, id: string, place: string): TrialJob {
  const job = parseJob(found, place);
  if (idOf(job) !== id) throw badJob(place, 'its name is not the hash of what it asks for');
  return job;
}

const NO_TRIAL = 'it asks for something that is no trial';
const FIELDS = ['format', 'version', 'stepfold', 'search', 'passes', 'sampler', 'plan', 'batch'];
/** A loop of more is none that anybody waits for. */
const MOST_STEPS = 100_000;

function isTrial(found: object): found is TrialJob {
  const { version, stepfold, search, passes, sampler, plan, batch } = found as Partial<
    Record<(typeof FIELDS)[number], unknown>
  >;
  return (
    Object.keys(found).every((name) => FIELDS.includes(name)) &&
    version === JOB_VERSION &&
    typeof stepfold === 'string' &&
    typeof search === 'string' &&
    isCount(batch) &&
    (plan === undefined || isObject(plan)) &&
    Array.isArray(passes) &&
    passes.every(
      (one) => isObject(one) && typeof one['pass'] === 'string' && isObject(one['options']),
    ) &&
    isObject(sampler) &&
    typeof sampler['name'] === 'string' &&
    isCount(sampler['steps']) &&
    sampler['steps'] <= MOST_STEPS
  );
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/** All strings of a value, names of its fields too. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isObject(value) ? Object.entries(value).flat().flatMap(textsIn) : [];
}

export const idOf = (job: TrialJob): string => hashOf(canonical(job));

export const hashOf = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');
