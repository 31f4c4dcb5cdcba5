/**
 * What an attention module costs under each strategy, in MACs, as the paper counts it: the four
 * projections (4 N d^2 for width d) and the two products (2 A d for A scores, of a window on a grid those that are computed), for all images of a
 * call. Table 2 of the paper is the fraction of the first column's cost.
 */
import { attentionCost } from '../../src/compiler/analysis/index.js';
import type { ShapeOf } from '../../src/model/cost/index.js';
import { evaluate } from '../../src/model/shape/index.js';
import { windowScores } from './band/index.js';
import type { Module } from './parts.js';

export interface ModuleMacs {
  readonly compute: number;
  /** That of all keys where there is no window. */
  readonly window: number;
}

/** Undefined when a size is not known. */
export function moduleMacs(
  module: Module,
  shapeOf: ShapeOf,
  bindings: ReadonlyMap<string, number>,
): ModuleMacs | undefined {
  const cost = attentionCost(module.attention, shapeOf);
  const { queries } = module.attention;
  const tokens = queries && evaluate(queries, bindings);
  if (!cost || !tokens) return undefined;
  const { projections, products } = cost;
  const scores = module.window ? windowScores(tokens, module.window) : tokens * tokens;
  return {
    compute: projections + products,
    window: projections + (products * scores) / (tokens * tokens),
  };
}
