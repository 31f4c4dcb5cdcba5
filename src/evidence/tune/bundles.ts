/** Settings as denoisers: each compiled to a bundle in a scratch folder, and a few kept open. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { emitBundle } from '../../compiler/emit/index.js';
import { checkWeights } from '../../compiler/emit/weights.js';
import { Pipeline, type Prepared, prepare, usePasses } from '../../compiler/pipeline/index.js';
import type { Model } from '../../model/ir/model.js';
import type { Sampler } from '../../runtime/samplers/index.js';
import { loopSampler } from '../../runtime/samplers/of-schedule.js';
import { callsPerStep, parsePlanFile, type Schedule } from '../../runtime/schedule/index.js';
import { type LoopDenoiser, openLoopBundle, openPreparedModel } from '../measure/denoise-bundle.js';
import { inThreads } from '../measure/engine-options.js';
import type { LoopChoice } from '../yardstick/index.js';
import { bundleKeyOf, type Made, type Setting, samplerIn } from './setting.js';
import { pairOf, readingOf, type WorkSubject } from './subject.js';

/** Bundles that are open at once, each with its weights. */
const OPEN = 2;

export interface OpenSetting {
  readonly denoiser: LoopDenoiser;
  /** Undefined for the model itself. */
  readonly schedule?: Schedule;
}

export class Bundles {
  readonly #scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-tune-'));
  readonly #open = new Map<string, OpenSetting>();
  #prepared: Promise<Prepared> | undefined;
  #source: LoopDenoiser | undefined;
  #written = 0;
  /** Also where the process ends in the middle. */
  readonly #clear = () => fs.rmSync(this.#scratch, { recursive: true, force: true });

  constructor(
    readonly subject: WorkSubject,
    readonly model: Model,
    /** Of the engine, in all that is run and measured; its own choice by default. */
    readonly threads?: number,
  ) {
    process.once('exit', this.#clear);
  }

  get sessionOptions() {
    return inThreads(this.threads);
  }

  /** The model as all that is asked about it goes by: read once, with the shapes and roles that are given. */
  prepared(): Promise<Prepared> {
    this.#prepared ??= this.#prepare();
    return this.#prepared;
  }

  async #prepare(): Promise<Prepared> {
    const guidance = pairOf(this.subject);
    checkWeights(this.model);
    return prepare(this.model, { ...readingOf(this.subject), ...(guidance && { guidance }) });
  }

  async source(): Promise<LoopDenoiser> {
    this.#source ??= await openPreparedModel(this.subject.file, await this.prepared(), {
      sessionOptions: this.sessionOptions,
    });
    return this.#source;
  }

  /** @throws what the passes find wrong */
  async open(setting: Setting): Promise<OpenSetting> {
    if (setting.passes.length === 0) return { denoiser: await this.source() };
    const key = bundleKeyOf(setting);
    const known = this.#open.get(key);
    if (known) {
      // the last used is the last to go
      this.#open.delete(key);
      this.#open.set(key, known);
      return known;
    }
    for (const [old, { denoiser }] of this.#open) {
      if (this.#open.size < OPEN) break;
      this.#open.delete(old);
      await denoiser.release();
    }
    const { folder, schedule } = await this.write(setting);
    const { sessionOptions } = this;
    const opened = { denoiser: await openLoopBundle(folder, { sessionOptions }), schedule };
    // onnxruntime has read it all
    fs.rmSync(folder, { recursive: true, force: true });
    this.#open.set(key, opened);
    return opened;
  }

  /**
   * A bundle in a folder of its own, until it is removed or all are.
   * @throws what the passes find wrong
   */
  async write(setting: Setting): Promise<{ readonly folder: string; readonly schedule: Schedule }> {
    const prepared = await this.prepared();
    const compilation = await pipelineOf(this.subject, setting).compile(prepared);
    const folder = path.join(this.#scratch, String(this.#written++));
    const { schedule } = emitBundle(compilation, folder, { sourceFile: this.subject.file });
    return { folder, schedule };
  }

  async release(): Promise<void> {
    for (const { denoiser } of this.#open.values()) await denoiser.release();
    await this.#source?.release();
    this.#clear();
    process.removeListener('exit', this.#clear);
  }
}

/** @throws PASS_UNKNOWN and what the passes find wrong with their options */
export function pipelineOf(subject: WorkSubject, { passes, sampler, plan }: Made): Pipeline {
  const { table } = subject;
  const guidance = pairOf(subject);
  const loop = samplerIn(sampler);
  const pipeline = Pipeline.create({
    calls: loop.timesteps.length * callsPerStep(guidance),
    start: loop.firstCall,
    places: loop,
    ...madeFor(sampler, loop),
    // a job of another process is believed nothing
    ...(plan && { plan: parsePlanFile(plan, 'the plan of the trial') }),
    ...(guidance && { guidance }),
    ...readingOf(subject),
  });
  return usePasses(pipeline, table, passes);
}

/**
 * What the schedule says of the loop; nothing where its steps are listed and it makes two calls for each, or begins in the
 * middle of them.
 */
function madeFor({ name, ...options }: LoopChoice, { timesteps: calls }: Sampler) {
  const { timesteps } = options as { readonly timesteps?: readonly number[] };
  if (timesteps && timesteps.length !== calls.length) return {};
  return { sampler: loopSampler(name, options), ...(timesteps && { timesteps }) };
}
