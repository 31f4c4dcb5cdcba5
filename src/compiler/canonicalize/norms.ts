/** Norms that an operator has in one with a sum, written out, so that the sum is a value by itself. */
import type { Model } from '../../model/ir/model.js';
import { removeDeadNodes } from '../../model/ir/prune.js';
import { applyRewrite } from './apply.js';
import { graphsOf } from './graphs.js';
import { skipNorm } from './rules/skip-norm.js';

/**
 * Writes out all of them, in place, as the canonical form has them.
 * @returns were there any? Then the last bits of numbers may be others
 */
export function splitSkipNorms(model: Model): boolean {
  let isChanged = false;
  for (const graph of [...graphsOf(model.graph)])
    for (const node of [...graph.nodes]) {
      // asked for one by one: a sum is often the operand of the next
      const rewrite = skipNorm(node);
      if (rewrite) isChanged = applyRewrite(model, rewrite) || isChanged;
    }
  removeDeadNodes(model.graph);
  return isChanged;
}
