/**
 * What an image in this thread and one in a worker have in common: the source model's names, the
 * place in the schedule, where an image begins, and the order of calls. Calls of an image depend on each
 * other, so they never overlap.
 */

import type { InferenceSession } from 'onnxruntime-common';
import {
  feedMissing,
  feedsNotAnObject,
  guidanceBranches,
  oddPair,
  otherPrograms,
  pairsTooLate,
  scheduleExhausted,
  sessionBusy,
} from '../../errors/index.js';
import type { Port, Schedule } from '../../generated/schedule.js';
import { callsOf } from '../schedule/calls.js';
import { type LoopRequest, scheduleFor } from '../schedule/loop/index.js';
import { needsPairs } from '../schedule/pairs.js';
import { checkSaved } from './check-saved.js';
import type { DenoiserImage, ImageSettings, NewImage } from './denoiser.js';
import { type Fetches, readFetches } from './fetches.js';
import { identityOf } from './identity.js';
import { ImageWatch } from './image-watch.js';
import type { SavedImage, SavedStates } from './saved-image.js';

export interface CallRequest extends Fetches {
  readonly call: number;
  readonly program: string;
  /** It begins an image: no state of a call before is there for it. */
  readonly anew: boolean;
  readonly feeds: InferenceSession.FeedsType;
}

export interface CallResult {
  readonly outputs: InferenceSession.ReturnType;
  readonly milliseconds: number;
}

/** What makes the calls of one image and holds its states, here or in another thread. */
export interface ImageRunner {
  /**
   * Runs one call; changes no state unless it succeeds, also where the call begins an image. The time is that
   * of the call, without any before its turn.
   */
  execute(request: CallRequest): Promise<CallResult>;
  /** Drops all states. */
  forget(): void;
  /** Drops all states, since the calls to come are another schedule's. */
  follow(schedule: Schedule): void;
  save(): Promise<SavedStates>;
  /** @param saved checked, and the caller's own */
  restore(saved: SavedImage): void;
  /** Frees everything; is called once, and never during a call. */
  close(): Promise<void>;
}

/** What images and sessions are alike in, here and in a worker. */
export abstract class ImageSurface implements DenoiserImage {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly newImage: NewImage;
  /**
   * As it was read, which any loop is derived from.
   * @internal
   */
  protected readonly written: Schedule;
  readonly #runner: ImageRunner;
  #schedule: Schedule;
  #calls: readonly string[];
  #watch: ImageWatch;
  #next = 0;
  #busy: Promise<unknown> | undefined;
  #released: Promise<void> | undefined;

  /**
   * @throws StepfoldError GUIDANCE_BRANCHES
   * @internal
   */
  protected constructor(
    schedule: Schedule,
    /** @internal */
    readonly settings: ImageSettings,
    open: () => ImageRunner,
    written = schedule,
  ) {
    refuseBranches(schedule, settings.branches);
    const { inputs, outputs } = schedule.source;
    this.inputNames = inputs.map(({ name }) => name);
    this.outputNames = outputs.map(({ name }) => name);
    this.inputMetadata = inputs.map(metadata);
    this.outputMetadata = outputs.map(metadata);
    this.newImage = settings.newImage ?? 'timestep';
    this.#runner = open();
    this.written = written;
    this.#schedule = schedule;
    this.#calls = callsOf(schedule).inOrder;
    this.#watch = new ImageWatch(schedule, this.newImage);
  }

  /**
   * What use after the release is refused with.
   * @internal
   */
  protected abstract refusal(): Error;

  get schedule(): Schedule {
    return this.#schedule;
  }

  get calls(): readonly string[] {
    return this.#calls;
  }

  get callIndex(): number {
    return this.#next;
  }

  get program(): string | undefined {
    return this.#calls[this.#next];
  }

  /**
   * @param feeds every input of the source model, by name
   * @param fetchesOrOptions outputs wanted (all by default), as for `InferenceSession.run`
   * @throws StepfoldError SCHEDULE_EXHAUSTED, SESSION_BUSY, SESSION_RELEASED, SESSION_IMAGE_RELEASED,
   *   SESSION_NEW_IMAGE, SESSION_IMAGES_MIXED, FEED_MISSING, FEED_INVALID, FETCH_INVALID, GUIDANCE_ODD_BATCH,
   *   GUIDANCE_TURNS, STATE_SHAPE_CHANGED, RUN_FAILED
   */
  async run(
    feeds: InferenceSession.FeedsType,
    fetchesOrOptions?: InferenceSession.FetchesType | InferenceSession.RunOptions,
    options?: InferenceSession.RunOptions,
  ): Promise<InferenceSession.ReturnType> {
    return (await this.call(feeds, fetchesOrOptions, options)).outputs;
  }

  /**
   * As `run`, with the time that it took.
   * @internal
   */
  async call(
    feeds: InferenceSession.FeedsType,
    fetchesOrOptions?: InferenceSession.FetchesType | InferenceSession.RunOptions,
    options?: InferenceSession.RunOptions,
  ): Promise<CallResult> {
    this.#refuseUse('run()');
    if (typeof feeds !== 'object' || feeds === null) throw feedsNotAnObject();
    // Asked for at every call, or a forgotten input would first be missed in the middle of an image.
    for (const name of this.inputNames) if (feeds[name] === undefined) throw feedMissing(name);
    const fetches = readFetches(this.#schedule.source.outputs, fetchesOrOptions, options);

    const made = this.#next;
    const anew = this.#watch.begins(feeds, made);
    const call = anew ? 0 : made;
    const program = this.#calls[call];
    if (program === undefined) throw scheduleExhausted(this.#calls.length);
    const request = { call, program, anew, feeds, ...fetches };
    this.#refuseOddPairs(request);
    const result = await this.#alone(() => this.#runner.execute(request));
    if (anew) this.#watch.begin(made, true);
    this.#watch.note(feeds, call);
    this.#next = call + 1;
    this.settings.onCall?.({ call, program, milliseconds: result.milliseconds });
    return result;
  }

  /** @throws StepfoldError SESSION_BUSY, SESSION_RELEASED, SESSION_IMAGE_RELEASED */
  reset(): void {
    this.#refuseUse('reset()');
    this.#runner.forget();
    this.#watch.begin(this.#next, false);
    this.#next = 0;
  }

  plan(request: LoopRequest): void {
    this.follow(scheduleFor(this.written, request));
  }

  /**
   * Begins an image that follows another schedule over the same programs, of more or fewer calls.
   * @throws StepfoldError SESSION_OTHER_PROGRAMS, GUIDANCE_BRANCHES, and what `reset` throws
   * @internal
   */
  follow(schedule: Schedule): void {
    this.#refuseUse('follow()');
    if (identityOf(schedule).programs !== identityOf(this.#schedule).programs)
      throw otherPrograms();
    refuseBranches(schedule, this.settings.branches);
    this.#runner.follow(schedule);
    this.#schedule = schedule;
    this.#calls = callsOf(schedule).inOrder;
    this.#watch = new ImageWatch(schedule, this.newImage);
    this.#next = 0;
  }

  /** @throws StepfoldError SESSION_BUSY, SESSION_RELEASED, SESSION_IMAGE_RELEASED */
  async save(): Promise<SavedImage> {
    this.#refuseUse('save()');
    const states = await this.#alone(() => this.#runner.save());
    return {
      format: 'stepfold.image',
      version: 1,
      schedule: identityOf(this.#schedule),
      callIndex: this.#next,
      states,
      watch: this.#watch.save(),
    };
  }

  restore(saved: SavedImage): void {
    this.#refuseUse('restore()');
    checkSaved(saved, this.#schedule);
    this.#runner.restore(saved);
    this.#watch.restore(saved.watch);
    this.#next = saved.callIndex;
  }

  release(): Promise<void> {
    this.#released ??= this.#close();
    return this.#released;
  }

  async #close(): Promise<void> {
    // Its caller hears of a failure of the call; here only its end matters.
    await this.#busy?.catch(() => {});
    await this.#runner.close();
  }

  /** Nothing else may be asked of the image until this has ended. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const busy = work();
    this.#busy = busy;
    try {
      return await busy;
    } finally {
      this.#busy = undefined;
    }
  }

  /**
   * The graph would cut an odd batch somewhere in the middle and fail far from the cause. One that is even
   * and yet smaller than before lacks its other halves, which fails nowhere.
   */
  #refuseOddPairs({ call, program, anew, feeds }: CallRequest): void {
    const { guidance, roles } = this.#schedule.source;
    if (guidance?.mode !== 'batch' || roles?.latent === undefined) return;
    const [batch] = (feeds[roles.latent] as { dims?: readonly number[] }).dims ?? [];
    if (batch === undefined) return;
    // earlier calls took as many rows as one half has for both, and their results are wrong already
    if (!anew && this.#watch.isGrown(batch)) throw pairsTooLate(call, roles.latent, batch);
    if (!needsPairs(this.#schedule, program)) return;
    if (batch % 2 !== 0 || (!anew && this.#watch.isReduced(batch)))
      throw oddPair(call, roles.latent, batch);
  }

  #refuseUse(method: string): void {
    if (this.#released) throw this.refusal();
    if (this.#busy) throw sessionBusy(method);
  }
}

/** @throws StepfoldError GUIDANCE_BRANCHES where a program takes a batch for pairs, and the loop has none */
function refuseBranches(schedule: Schedule, branches: number | undefined): void {
  if (branches === undefined || branches === 2) return;
  const program = callsOf(schedule).programs.find((id) => needsPairs(schedule, id));
  const isCount = Number.isInteger(branches) && branches > 0;
  if (!isCount || program !== undefined) throw guidanceBranches(branches, program);
}

/** onnxruntime's form: a dimension without a name is an empty string. */
function metadata({ name, type, shape }: Port): InferenceSession.ValueMetadata {
  return { name, isTensor: true, type, shape: shape.map((dim) => dim ?? '') };
}
