/**
 * onnxruntime, loaded only when something needs it: transforming a model works without it. In Node that is
 * onnxruntime-node; in a browser `#engine` is another file (package.json, `imports`), which has none, and
 * an engine is handed in.
 */
import { importEngine } from '#engine';
import type { Engine } from '../session/engine.js';

export type { Engine };

let loading: Promise<Engine | undefined> | undefined;

/** onnxruntime-node, or undefined where it is not installed or cannot be loaded. Loaded once. */
export function loadEngine(): Promise<Engine | undefined> {
  loading ??= importEngine().catch(() => undefined);
  return loading;
}
