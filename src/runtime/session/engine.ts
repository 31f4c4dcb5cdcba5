/**
 * What the runtime needs from outside: an engine and a bundle. Both come as arguments, so that the
 * same code runs on onnxruntime-node, onnxruntime-web and onnxruntime-react-native.
 */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { Schedule } from '../../generated/schedule.js';

/** The part of the `ort` namespace that is used. */
export interface Engine {
  readonly InferenceSession: {
    create(
      model: string | Uint8Array | ArrayBuffer,
      options?: InferenceSession.SessionOptions,
    ): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/** Where a model comes from: a path or URL as the engine takes it, or the bytes. */
export type ModelData = string | Uint8Array | ArrayBuffer;

/** Where external data comes from, in the forms that onnxruntime-web takes. */
export type ExternalData = string | Uint8Array | ArrayBuffer | Blob;

/** A bundle, wherever it lies. */
export interface Bundle {
  /** schedule.json: its text, or the parsed value. */
  readonly schedule: string | object;
  /** Gives a model by the file name that the schedule has for it. */
  open(file: string): ModelData | Promise<ModelData>;
  /**
   * Gives an external data file by name, for an engine that cannot find it beside the model
   * (onnxruntime-web; onnxruntime-node when models are opened as bytes). Left out otherwise.
   */
  externalData?(file: string): ExternalData | Promise<ExternalData>;
}

/** One finished call. */
export interface CallInfo {
  /** Index of the call, from 0. */
  readonly call: number;
  /** Id of the program that ran. */
  readonly program: string;
  /** Time in the engine and in between, milliseconds. */
  readonly milliseconds: number;
}

/** What a session does with a call that begins another image though `reset()` was not called. */
export type NewImage = 'timestep' | 'reset' | 'error';

export interface ScheduledSessionOptions {
  /**
   * Options for the session of every model. Where the loop runs several models, their threads do not
   * spin while idle unless `extra.session.intra_op.allow_spinning` says so.
   */
  readonly sessionOptions?: InferenceSession.SessionOptions;
  /** When models are loaded: all in `create` (default), or each when a call first needs it. */
  readonly load?: 'eager' | 'lazy';
  /**
   * Where states and the tensors handed on within a call are kept: `'gpu-buffer'` with the WebGPU
   * provider spares a download and an upload of every state. The outputs of a call go where
   * `sessionOptions.preferredOutputLocation` says.
   */
  readonly stateLocation?: Tensor.DataLocation;
  /**
   * What to do with a call that begins another image though `reset()` was not called.
   * - `'timestep'` (default): begin anew by itself, where a timestep as noisy as the image's first comes
   *   back or the latent has another size. What could be two images in turns is refused: SESSION_IMAGES_MIXED.
   * - `'error'`: refuse it, SESSION_NEW_IMAGE.
   * - `'reset'`: only `reset()` begins an image; nothing is looked at.
   */
  readonly newImage?: NewImage;
  /** Is told of every call that ended well. */
  readonly onCall?: (info: CallInfo) => void;
}

/** The surface of `InferenceSession`, with the place in the schedule and `reset`. */
export interface DenoiserSession {
  readonly schedule: Schedule;
  /** What a call is taken for that begins another image; see `ScheduledSessionOptions`. */
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
   * Forgets all states and goes back to call 0: the start of an image. Where the timesteps show it, the session
   * does so by itself; say it all the same, since an image that was left early and one that starts further
   * down look like one.
   */
  reset(): void;
  /** Frees the models and states, after the call in progress, if any. */
  release(): Promise<void>;
}
