/**
 * Calls of functions that a model carries, written out: each becomes the nodes of its function. All that
 * looks at a graph sees operators then, not names that somebody gave.
 */
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import { removeDeadNodes } from '../../model/ir/prune.js';
import { dropFunctions, ModelFunctions } from '../../model/onnx/functions.js';
import { applyRewrite } from './apply.js';
import { graphsOf } from './graphs.js';
import type { Rewrite } from './rewrite.js';

/**
 * Writes out all calls of functions, in place.
 * @param apply does a rewrite
 * @returns why calls were left, where some were
 */
export function inlineFunctions(
  model: Model,
  apply: (rewrite: Rewrite) => void = (rewrite) => applyRewrite(model, rewrite),
): string[] {
  const functions = new ModelFunctions(model);
  if (functions.isEmpty) return [];
  // calls inside functions come to light as the outer ones are written out
  for (;;) {
    const calls = [...graphsOf(model.graph)].map((graph) => functionCalls(graph, functions));
    const rewrites = calls.flatMap((found) => found.rewrites);
    if (rewrites.length === 0) {
      const left = [...new Set(calls.flatMap((found) => found.left))];
      if (left.length === 0) dropFunctions(model);
      return left;
    }
    for (const rewrite of rewrites) apply(rewrite);
    removeDeadNodes(model.graph);
  }
}

function functionCalls(
  graph: Graph,
  functions: ModelFunctions,
): { readonly rewrites: readonly Rewrite[]; readonly left: readonly string[] } {
  const rewrites: Rewrite[] = [];
  const left: string[] = [];
  for (const node of graph.nodes) {
    if (!node.outputs.some((output) => output?.uses.size)) continue;
    const body = functions.body(node);
    if (!body) continue;
    if ('reason' in body) left.push(`"${node.label}" calls a function that stays: ${body.reason}`);
    else
      rewrites.push({
        rule: 'inline-function',
        node,
        why: 'the model defines this operator',
        inline: body,
      });
  }
  return { rewrites, left };
}
