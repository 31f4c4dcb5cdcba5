/**
 * What the runtime needs from outside: an engine and a bundle. Both come as arguments, so that the
 * same code runs on onnxruntime-node, onnxruntime-web and onnxruntime-react-native.
 */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { LoopRequest } from '../schedule/loop/index.js';
import type { ImageSettings } from './denoiser.js';

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

/** Settings of images are those of the session's own, and of others that say nothing. */
export interface ScheduledSessionOptions extends ImageSettings, LoopRequest {
  /**
   * Options for the session of every model. Where the loop runs several models, their threads do not
   * spin while idle unless `extra.session.intra_op.allow_spinning` says so.
   */
  readonly sessionOptions?: InferenceSession.SessionOptions;
  /**
   * When models are loaded: those that the schedule's calls run in `create` (`'eager'`, the default), or those that any
   * loop may run (`'all'`); or each when a call first needs it (`'lazy'`). None is loaded twice, whatever images follow.
   */
  readonly load?: 'eager' | 'all' | 'lazy';
  /**
   * Where states and the tensors handed on within a call are kept: `'gpu-buffer'` with the WebGPU
   * provider spares a download and an upload of every state. The outputs of a call go where
   * `sessionOptions.preferredOutputLocation` says.
   */
  readonly stateLocation?: Tensor.DataLocation;
}
