/** What a model gives, for passes that work on its outputs. */
import type { Value } from '../../model/ir/value.js';
import type { PassContext } from './pass.js';

/** Outputs that the model makes, each once. */
export const madeOutputs = ({ model }: Pick<PassContext, 'model'>): Value[] =>
  [...new Set(model.graph.outputs)].filter((value) => value.producer);
