/**
 * onnxruntime, loaded only when something needs it: transforming a model works without it, and in a
 * browser another build of it can be handed in.
 */
import type { InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';

/** The part of the `ort` namespace that evaluation needs; onnxruntime-node and -web both have it. */
export interface Engine {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

let loading: Promise<Engine | undefined> | undefined;

/** onnxruntime-node, or undefined where it is not installed or cannot be loaded. Loaded once. */
export function loadEngine(): Promise<Engine | undefined> {
  loading ??= import('onnxruntime-node').then(
    (module) => module as unknown as Engine,
    () => undefined,
  );
  return loading;
}
