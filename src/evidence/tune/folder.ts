/**
 * The folder of a search: jobs that are asked for, results that are there, and what costs were measured. Results come
 * by rename, whole or not at all; they are for ever, since a job's name is the hash of all that it depends on.
 *
 *   jobs/<id>.json      a trial that is asked for
 *   results/<id>.json   what came of it, and
 *   results/<id>.npy    the latents in which its loop ended
 *   claims/<id>         who is at it
 *   costs.json          what steps cost on the machine of the search
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openFolder, writeFile } from '../../compiler/emit/index.js';
import { badJob, brokenTuning, otherVersion, tuningInUse } from '../../errors/index.js';
import { readNpy, writeNpy } from '../../io/npy.js';
import { readRegularText } from '../../io/regular-file.js';
import { isAlive } from '../../io/siblings.js';
import { VERSION } from '../../version.js';
import { idOf, JOB_FORMAT, JOB_VERSION, type TrialJob } from './job.js';
import { hasFailed, type TrialResult } from './trial.js';

const JOBS = 'jobs';
const RESULTS = 'results';
const CLAIMS = 'claims';
const COSTS = 'costs.json';
const OWNER = 'in-use';

export class TuningFolder {
  /** @throws WRITE_FAILED */
  constructor(readonly path: string) {
    for (const part of [JOBS, RESULTS]) openFolder(this.#at(part));
  }

  /**
   * Says that a search is at it: two would ask for the same and remove it from each other.
   * @throws TUNE_IN_USE
   */
  take(): void {
    const file = this.#at(OWNER);
    const other = fs.existsSync(file) ? ownerOf(readRegularText(file)) : undefined;
    // of another machine nothing can be said but that it was there
    if (
      other &&
      (other.host !== os.hostname() || (other.pid !== process.pid && isAlive(other.pid)))
    )
      throw tuningInUse(this.path, `process ${other.pid} of ${other.host}`, file);
    writeFile(file, new TextEncoder().encode(`${os.hostname()} ${process.pid}\n`));
  }

  leave(): void {
    fs.rmSync(this.#at(OWNER), { force: true });
  }

  /** @throws WRITE_FAILED */
  ask(job: TrialJob): void {
    const file = this.#at(JOBS, `${idOf(job)}.json`);
    if (!fs.existsSync(file)) write(file, job);
  }

  /**
   * Trials of a search that are asked for and have no result yet, in the order in which they were asked for.
   * @throws TUNE_JOB where a file of the folder is no such trial
   */
  asked(search: string): TrialJob[] {
    const jobs: { readonly job: TrialJob; readonly at: number }[] = [];
    for (const name of fs.readdirSync(this.#at(JOBS))) {
      const file = this.#at(JOBS, name);
      if (!name.endsWith('.json')) continue;
      const id = name.slice(0, -'.json'.length);
      if (this.has(id)) continue;
      const job = readJob(file);
      if (idOf(job) !== id) throw badJob(file, 'its name is not the hash of what it asks for');
      if (job.search === search) jobs.push({ job, at: fs.statSync(file).mtimeMs });
    }
    return jobs.sort((a, b) => a.at - b.at).map(({ job }) => job);
  }

  has(id: string): boolean {
    return fs.existsSync(this.#at(RESULTS, `${id}.json`));
  }

  /** @throws TUNE_FOLDER */
  result(id: string): TrialResult | undefined {
    const file = this.#at(RESULTS, `${id}.json`);
    if (!fs.existsSync(file)) return undefined;
    const found = readJson(file);
    if (isFailure(found)) return found;
    const latents = this.#at(RESULTS, `${id}.npy`);
    const { images, work, madeUp } = found as Partial<Record<string, unknown>>;
    if (typeof images !== 'number' || typeof work !== 'number' || !Array.isArray(madeUp))
      throw brokenTuning(file, 'it is no result of a trial');
    if (!fs.existsSync(latents)) throw brokenTuning(latents, 'it is not there');
    const { data, dims } = readNpy(fs.readFileSync(latents), latents);
    return { latent: Float32Array.from(data as Float32Array), dims, images, work, madeUp };
  }

  /** @throws WRITE_FAILED */
  keep(id: string, result: TrialResult): void {
    const file = this.#at(RESULTS, `${id}.json`);
    if (hasFailed(result)) {
      write(file, result);
      return;
    }
    const { latent, dims, images, work, madeUp } = result;
    writeFile(
      this.#at(RESULTS, `${id}.npy`),
      writeNpy({ type: 'float32', data: Float32Array.from(latent), dims: [...dims] }),
    );
    // the last to come, so that what it speaks of is there
    write(file, { images, work, madeUp });
  }

  /** What was measured by a name, once for all searches of this folder. */
  async measured<T>(name: string, measure: () => Promise<T>): Promise<T> {
    const file = this.#at(COSTS);
    const known = fs.existsSync(file) ? (readJson(file) as Record<string, unknown>) : {};
    if (Object.hasOwn(known, name)) return known[name] as T;
    const found = await measure();
    write(file, { ...known, [name]: found });
    return found;
  }

  /** Forgets what earlier searches found. */
  clear(): void {
    for (const part of [JOBS, RESULTS, COSTS, CLAIMS])
      fs.rmSync(this.#at(part), { recursive: true, force: true });
    for (const part of [JOBS, RESULTS]) openFolder(this.#at(part));
  }

  get claims(): string {
    return this.#at(CLAIMS);
  }

  remove(): void {
    fs.rmSync(this.path, { recursive: true, force: true });
  }

  #at(...parts: string[]): string {
    return path.join(this.path, ...parts);
  }
}

const write = (file: string, value: unknown): void =>
  writeFile(file, new TextEncoder().encode(`${JSON.stringify(value)}\n`));

/** @throws TUNE_FOLDER */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readRegularText(file));
  } catch (error) {
    throw brokenTuning(file, `it cannot be read (${(error as Error).message})`);
  }
}

function ownerOf(text: string): { readonly host: string; readonly pid: number } | undefined {
  const found = /^(\S+) (\d+)$/.exec(text.trim());
  return found ? { host: found[1]!, pid: Number(found[2]) } : undefined;
}

/** @throws TUNE_JOB, TUNE_VERSION */
function readJob(file: string): TrialJob {
  const found = readJson(file) as Partial<TrialJob> | null;
  const isTrial =
    found?.format === JOB_FORMAT &&
    found.version === JOB_VERSION &&
    typeof found.search === 'string' &&
    Number.isSafeInteger(found.batch) &&
    Array.isArray(found.passes) &&
    found.passes.every(
      (one) => typeof one?.pass === 'string' && typeof one.options === 'object' && one.options,
    ) &&
    typeof found.sampler?.name === 'string' &&
    Number.isSafeInteger(found.sampler.steps);
  if (!isTrial) throw badJob(file, 'it asks for something that is no trial');
  if (found.stepfold !== VERSION) throw otherVersion(file, String(found.stepfold), VERSION);
  return found as TrialJob;
}

const isFailure = (found: unknown): found is Extract<TrialResult, { failed: unknown }> =>
  typeof found === 'object' && found !== null && 'failed' in found;
