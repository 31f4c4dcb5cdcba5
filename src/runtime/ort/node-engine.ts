/** The engine that Node has. */
import type { Engine } from './engine.js';

export const importEngine = async (): Promise<Engine | undefined> =>
  (await import('onnxruntime-node')) as unknown as Engine;
