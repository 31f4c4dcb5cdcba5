/** What several models of one source cost in weights beside one model that holds each once. */
import type { Model } from '../../model/ir/model.js';
import { type TensorData, tensorBytes } from '../../model/ir/tensor.js';

/**
 * Bytes of weights that all models hold together, over those of the distinct weights among them: 1 where
 * none is held twice. On disk a bundle holds each once in any form, but every session packs its own.
 */
export function duplication(models: Iterable<Model>): number {
  const distinct = new Map<TensorData, number>();
  let held = 0;
  for (const { graph } of models)
    for (const { initializer } of graph.initializers) {
      if (!initializer) continue;
      const bytes = tensorBytes(initializer);
      distinct.set(initializer.data, bytes);
      held += bytes;
    }
  const once = [...distinct.values()].reduce((sum, bytes) => sum + bytes, 0);
  return once === 0 ? 1 : held / once;
}
