/** What code that drives a denoiser has in hand: the images of a session, and the session, which is one itself. */
import type { InferenceSession } from 'onnxruntime-common';
import type { Schedule } from '../../generated/schedule.js';
import type { LoopRequest } from '../schedule/loop/index.js';
import type { SavedImage } from './saved-image.js';

/** One finished call. */
export interface CallInfo {
  /** Index of the call, from 0. */
  readonly call: number;
  /** Id of the program that ran. */
  readonly program: string;
  /** Time in the engine and in between, milliseconds. */
  readonly milliseconds: number;
}

/** What an image does with a call that begins another though `reset()` was not called. */
export type NewImage = 'timestep' | 'reset' | 'error';

/** How an image follows its schedule; one of `image()` has what its session has where it says nothing. */
export interface ImageSettings {
  /**
   * What to do with a call that begins another image though `reset()` was not called.
   * - `'timestep'` (default): begin anew by itself, where a timestep as noisy as the image's first comes
   *   back or the latent has another size. What could be two images in turns is refused: SESSION_IMAGES_MIXED.
   * - `'error'`: refuse it, SESSION_NEW_IMAGE.
   * - `'reset'`: only `reset()` begins an image; nothing is looked at.
   */
  readonly newImage?: NewImage;
  /**
   * Parts of the loop's guidance: 1 without it, 2 for a pair, 3 where there are two conditions (InstructPix2Pix).
   * Where some call needs pairs, anything but 2 is refused: three times an even number of images cannot be told
   * from pairs by its size. Left out: an odd batch is refused where pairs are needed, and nothing else is seen.
   */
  readonly branches?: number;
  /** Is told of every call that ended well. */
  readonly onCall?: (info: CallInfo) => void;
}

export interface ImageOptions extends ImageSettings, LoopRequest {
  /** Goes on where this one was saved, in place of beginning at call 0. */
  readonly from?: SavedImage;
}

/** One image under way: states and a place in the schedule, with the surface of `InferenceSession`. */
export interface DenoiserImage {
  /** What it follows. */
  readonly schedule: Schedule;
  /** What a call is taken for that begins another image; see `ImageSettings`. */
  readonly newImage: NewImage;
  /** Inputs and outputs of the source model. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputMetadata: readonly InferenceSession.ValueMetadata[];
  /** The program id of each call. */
  readonly calls: readonly string[];
  /** Index of the next call. */
  readonly callIndex: number;
  /** Program of the next call; undefined when all calls were made. */
  readonly program: string | undefined;
  /** Makes the next call. A call that fails changes nothing and can be made again. */
  run(
    feeds: InferenceSession.FeedsType,
    options?: InferenceSession.RunOptions,
  ): Promise<InferenceSession.ReturnType>;
  run(
    feeds: InferenceSession.FeedsType,
    fetches: InferenceSession.FetchesType,
    options?: InferenceSession.RunOptions,
  ): Promise<InferenceSession.ReturnType>;
  /**
   * Forgets all states and goes back to call 0: the start of an image. Where the timesteps show it, this
   * happens by itself; say it all the same, since an image that was left early and one that starts further
   * down look like one.
   */
  reset(): void;
  /**
   * Begins an image in a loop of so many steps, from a step on: the models stay as they are.
   * @throws StepfoldError LOOP_STEPS, LOOP_START, LOOP_FIXED, FORECAST_AXIS_MISSING, SESSION_BUSY,
   *   SESSION_IMAGE_RELEASED, SESSION_RELEASED
   */
  plan(request: LoopRequest): void;
  /**
   * Everything that the calls to come depend on, as plain values, which structuredClone and postMessage carry.
   * What was saved stays as it is, whatever is done with the image.
   */
  save(): Promise<SavedImage>;
  /**
   * Goes on where an image was saved, in this process or another: the same calls give the same bits. Whatever
   * this image was at is forgotten. Restored into two images, it goes on twice.
   * @throws StepfoldError SAVED_IMAGE_INVALID, SAVED_IMAGE_VERSION, SAVED_IMAGE_MISMATCH, SESSION_BUSY,
   *   SESSION_IMAGE_RELEASED, SESSION_RELEASED
   */
  restore(saved: SavedImage): void;
  /** Frees the states, after the call in progress, if any. */
  release(): Promise<void>;
}

/** A bundle's models, loaded once, for any number of images; and an image by itself. */
export interface DenoiserSession extends DenoiserImage {
  /**
   * A further image over the same models, with states and a place of its own. Calls of different images may
   * be asked for at the same time; they are made one after the other, in the order in which they were asked for.
   * @throws StepfoldError SESSION_RELEASED, GUIDANCE_BRANCHES, and what `restore` throws
   */
  image(options?: ImageOptions): DenoiserImage;
  /** Frees the models and the states of all images, after the calls in progress, if any. */
  release(): Promise<void>;
}
