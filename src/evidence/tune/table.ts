/** What settings come to: each on each batch of images once, in this run or in one before it. */
import { referenceFailed } from '../../errors/index.js';
import type { LoopChoice } from '../yardstick/index.js';
import type { Candidate } from './candidate.js';
import { imageDecibels, type Spread, spreadOf } from './distance.js';
import { idOf, jobOf, type TrialJob } from './job.js';
import { keyOf, type Setting } from './setting.js';
import {
  type RunBy,
  type Settled,
  type SettleOptions,
  type Settling,
  settleTrials,
} from './settle.js';
import { HELD_OUT, type ImageBatch } from './subject.js';
import { type Ended, hasFailed, type TrialResult } from './trial.js';

/** A setting with what came of it. */
export interface Tried extends Candidate {
  /** Decibels to the loop as it is, and to that of very many steps. */
  readonly own: Spread;
  readonly converged: Spread;
}

export interface FailedSetting {
  readonly setting: Setting;
  readonly code: string;
  readonly message: string;
}

export interface TableOptions extends Settling {
  /** SHA-256 of what the search is for. */
  readonly search: string;
  readonly own: LoopChoice;
  readonly converged: LoopChoice;
}

export class Table {
  readonly #ended = new Map<string, TrialResult>();
  /** Settled, and not asked for yet: what was never asked for does not count. */
  readonly #ahead = new Map<string, Settled>();
  readonly #tried = new Map<string, Tried>();
  readonly #failed = new Map<string, FailedSetting>();
  /** Evaluations of the model on one image, in this run and those before it. */
  evaluations = 0;
  trials = 0;
  readonly #by: Record<RunBy, number> = { before: 0, here: 0, others: 0 };
  madeUp: readonly string[] = [];

  constructor(readonly options: TableOptions) {}

  /** On the images of the search, with as many images as each came to. */
  get tried(): readonly Tried[] {
    return [...this.#tried.values()];
  }

  get failed(): readonly FailedSetting[] {
    return [...this.#failed.values()];
  }

  /** Trials that an earlier search had made. */
  get resumed(): number {
    return this.#by.before;
  }

  /** What is known already, on however few images. */
  known({ setting }: Candidate): Tried | undefined {
    return this.#tried.get(keyOf(setting));
  }

  /** Asks for all of some at once, so that whoever helps can take a part of them. */
  async prepare(
    settings: readonly Setting[],
    batches: readonly ImageBatch[],
    options: SettleOptions,
  ): Promise<void> {
    const { own, converged, search } = this.options;
    const references = [own, converged].map((sampler) => ({ passes: [], sampler }));
    const jobs = [...references, ...settings].flatMap((setting) =>
      batches.map((batch) => jobOf(search, setting, batch)),
    );
    const open = jobs.filter((job) => !this.#has(idOf(job)));
    for (const [id, one] of await settleTrials(this.options, open, options))
      this.#ahead.set(id, one);
  }

  /** Undefined where it failed. */
  async of(candidate: Candidate, batches: readonly ImageBatch[]): Promise<Tried | undefined> {
    const { own, converged } = this.options;
    const [toOwn, toConverged]: [number[], number[]] = [[], []];
    for (const batch of batches) {
      const end = await this.end(candidate.setting, batch);
      if (!end) return undefined;
      toOwn.push(...imageDecibels(end.latent, await this.#reference(own, batch), end.images));
      toConverged.push(
        ...imageDecibels(end.latent, await this.#reference(converged, batch), end.images),
      );
    }
    const tried = { ...candidate, own: spreadOf(toOwn), converged: spreadOf(toConverged) };
    const known = this.known(candidate);
    const isSearched = batches.every((batch) => batch < HELD_OUT);
    if (isSearched && (known?.own.images ?? 0) <= tried.own.images)
      this.#tried.set(keyOf(candidate.setting), tried);
    return tried;
  }

  async #reference(sampler: LoopChoice, batch: ImageBatch): Promise<Float32Array> {
    const end = await this.end({ family: 'reference', passes: [], sampler }, batch);
    if (end) return end.latent;
    const { code, message } = this.#failed.get(keyOf({ passes: [], sampler }))!;
    throw referenceFailed(code, message);
  }

  /** Undefined where it failed. */
  async end(setting: Setting, batch: ImageBatch): Promise<Ended | undefined> {
    const job = jobOf(this.options.search, setting, batch);
    const id = idOf(job);
    const result = this.#ended.get(id) ?? this.#count(id, await this.#settle(id, job));
    if (!hasFailed(result)) return result;
    this.#failed.set(keyOf(setting), { setting, ...result.failed });
    return undefined;
  }

  #has(id: string): boolean {
    return this.#ended.has(id) || this.#ahead.has(id);
  }

  async #settle(id: string, job: TrialJob): Promise<Settled> {
    return this.#ahead.get(id) ?? (await settleTrials(this.options, [job])).get(id)!;
  }

  #count(id: string, { result, by }: Settled): TrialResult {
    this.#ahead.delete(id);
    this.#ended.set(id, result);
    this.trials++;
    this.#by[by]++;
    if (!hasFailed(result)) {
      this.evaluations += result.work * result.images;
      this.madeUp = result.madeUp;
    }
    return result;
  }
}
