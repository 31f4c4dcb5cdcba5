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
import path from 'node:path';
import { openFolder, writeFile } from '../../compiler/emit/index.js';
import { tuningInUse } from '../../errors/index.js';
import { ownMark, readMark } from '../../io/mark.js';
import type { TrialJob } from './job.js';
import { readJson, readText } from './json.js';
import { decodeResult, encodeResult } from './result-files.js';
import type { TrialResult } from './trial.js';

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
    const other = readMark(file)?.owner;
    // of another machine nothing can be said but that it was there
    if (other && other.alive !== false && !(other.alive && other.pid === process.pid))
      throw tuningInUse(this.path, `process ${other.pid} of ${other.host}`, file);
    writeFile(file, new TextEncoder().encode(ownMark()));
  }

  leave(): void {
    fs.rmSync(this.#at(OWNER), { force: true });
  }

  /** @throws WRITE_FAILED */
  ask(id: string, job: TrialJob): void {
    const file = this.#at(JOBS, `${id}.json`);
    if (!fs.existsSync(file)) write(file, job);
  }

  /** What is asked for, as it lies there. */
  jobs(): { readonly id: string; readonly file: string }[] {
    return fs
      .readdirSync(this.#at(JOBS))
      .filter((name) => name.endsWith('.json'))
      .map((name) => ({ id: name.slice(0, -'.json'.length), file: this.#at(JOBS, name) }));
  }

  has(id: string): boolean {
    return fs.existsSync(this.#at(RESULTS, `${id}.json`));
  }

  /** @throws TUNE_FOLDER */
  result(id: string): TrialResult | undefined {
    const [record, latents] = this.#results(id);
    if (!fs.existsSync(record)) return undefined;
    const files = {
      record: readText(record),
      ...(fs.existsSync(latents) && { latents: fs.readFileSync(latents) }),
    };
    return decodeResult(files, { record, latents });
  }

  /** @throws WRITE_FAILED */
  keep(id: string, result: TrialResult): void {
    const [file, latentsFile] = this.#results(id);
    const { record, latents } = encodeResult(result);
    if (latents) writeFile(latentsFile, latents);
    // the last to come, so that what it speaks of is there
    writeFile(file, new TextEncoder().encode(`${record}\n`));
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

  #results(id: string): readonly [record: string, latents: string] {
    return [this.#at(RESULTS, `${id}.json`), this.#at(RESULTS, `${id}.npy`)];
  }

  #at(...parts: string[]): string {
    return path.join(this.path, ...parts);
  }
}

const write = (file: string, value: unknown): void =>
  writeFile(file, new TextEncoder().encode(`${JSON.stringify(value)}\n`));
