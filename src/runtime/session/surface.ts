/**
 * What a session in this thread and one in a worker have in common: the source model's names, the
 * place in the schedule, where an image begins, and the order of calls. Calls depend on each other, so
 * they never overlap.
 */

import type { InferenceSession } from 'onnxruntime-common';
import {
  feedMissing,
  feedsNotAnObject,
  oddPair,
  pairsTooLate,
  scheduleExhausted,
  sessionBusy,
  sessionReleased,
} from '../../errors/index.js';
import type { Port, Schedule } from '../../generated/schedule.js';
import { callsOf } from '../schedule/calls.js';
import { needsPairs } from '../schedule/pairs.js';
import type { CallInfo, DenoiserSession, NewImage } from './engine.js';
import { type Fetches, readFetches } from './fetches.js';
import { ImageWatch } from './image-watch.js';

export interface CallRequest extends Fetches {
  readonly call: number;
  readonly program: string;
  /** It begins an image: no state of a call before is there for it. */
  readonly anew: boolean;
  readonly feeds: InferenceSession.FeedsType;
}

/** What sessions here and in a worker are alike in; made by `ScheduledSession` and `RemoteSession`. */
export abstract class SessionSurface implements DenoiserSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly calls: readonly string[];
  readonly #watch: ImageWatch;
  #next = 0;
  #running: Promise<unknown> | undefined;
  #released: Promise<void> | undefined;

  /** @internal */
  protected constructor(
    readonly schedule: Schedule,
    readonly newImage: NewImage,
    private readonly onCall: ((info: CallInfo) => void) | undefined,
  ) {
    const { inputs, outputs } = schedule.source;
    this.inputNames = inputs.map(({ name }) => name);
    this.outputNames = outputs.map(({ name }) => name);
    this.inputMetadata = inputs.map(metadata);
    this.outputMetadata = outputs.map(metadata);
    this.calls = callsOf(schedule).inOrder;
    this.#watch = new ImageWatch(schedule, newImage);
  }

  /**
   * Runs one call; changes no state unless it succeeds, also where the call begins an image. Gives the time it
   * took, milliseconds.
   * @internal
   */
  protected abstract execute(
    request: CallRequest,
  ): Promise<{ outputs: InferenceSession.ReturnType; milliseconds: number }>;
  /**
   * Drops all states.
   * @internal
   */
  protected abstract forget(): void;
  /**
   * Frees everything; is called once, and never during a call.
   * @internal
   */
  protected abstract close(): Promise<void>;

  get callIndex(): number {
    return this.#next;
  }

  get program(): string | undefined {
    return this.calls[this.#next];
  }

  /**
   * @param feeds every input of the source model, by name
   * @param fetchesOrOptions outputs wanted (all by default), as for `InferenceSession.run`
   * @throws StepfoldError SCHEDULE_EXHAUSTED, SESSION_BUSY, SESSION_RELEASED, SESSION_NEW_IMAGE,
   *   SESSION_IMAGES_MIXED, FEED_MISSING, FEED_INVALID, FETCH_INVALID, GUIDANCE_ODD_BATCH, GUIDANCE_TURNS,
   *   STATE_SHAPE_CHANGED, RUN_FAILED
   */
  async run(
    feeds: InferenceSession.FeedsType,
    fetchesOrOptions?: InferenceSession.FetchesType | InferenceSession.RunOptions,
    options?: InferenceSession.RunOptions,
  ): Promise<InferenceSession.ReturnType> {
    this.#refuseUse('run()');
    if (typeof feeds !== 'object' || feeds === null) throw feedsNotAnObject();
    // Asked for at every call, or a forgotten input would first be missed in the middle of an image.
    for (const name of this.inputNames) if (feeds[name] === undefined) throw feedMissing(name);
    const fetches = readFetches(this.schedule.source.outputs, fetchesOrOptions, options);

    const made = this.#next;
    const anew = this.#watch.begins(feeds, made);
    const call = anew ? 0 : made;
    const program = this.calls[call];
    if (program === undefined) throw scheduleExhausted(this.calls.length);
    const request = { call, program, anew, feeds, ...fetches };
    this.#refuseOddPairs(request);
    const running = this.execute(request);
    this.#running = running;
    try {
      const { outputs, milliseconds } = await running;
      if (anew) this.#watch.begin(made, true);
      this.#watch.note(feeds, call);
      this.#next = call + 1;
      this.onCall?.({ call, program, milliseconds });
      return outputs;
    } finally {
      this.#running = undefined;
    }
  }

  /** @throws StepfoldError SESSION_BUSY, SESSION_RELEASED */
  reset(): void {
    this.#refuseUse('reset()');
    this.forget();
    this.#watch.begin(this.#next, false);
    this.#next = 0;
  }

  release(): Promise<void> {
    this.#released ??= this.#close();
    return this.#released;
  }

  async #close(): Promise<void> {
    // Its caller hears of a failure of the call; here only its end matters.
    await this.#running?.catch(() => {});
    await this.close();
  }

  /**
   * The graph would cut an odd batch somewhere in the middle and fail far from the cause. One that is even
   * and yet smaller than before lacks its other halves, which fails nowhere.
   */
  #refuseOddPairs({ call, program, anew, feeds }: CallRequest): void {
    const { guidance, roles } = this.schedule.source;
    if (guidance?.mode !== 'batch' || roles?.latent === undefined) return;
    const [batch] = (feeds[roles.latent] as { dims?: readonly number[] }).dims ?? [];
    if (batch === undefined) return;
    // earlier calls took as many rows as one half has for both, and their results are wrong already
    if (!anew && this.#watch.isGrown(batch)) throw pairsTooLate(call, roles.latent, batch);
    if (!needsPairs(this.schedule, program)) return;
    if (batch % 2 !== 0 || (!anew && this.#watch.isReduced(batch)))
      throw oddPair(call, roles.latent, batch);
  }

  #refuseUse(method: string): void {
    if (this.#released) throw sessionReleased();
    if (this.#running) throw sessionBusy(method);
  }
}

/** onnxruntime's form: a dimension without a name is an empty string. */
function metadata({ name, type, shape }: Port): InferenceSession.ValueMetadata {
  return { name, isTensor: true, type, shape: shape.map((dim) => dim ?? '') };
}
