/**
 * A target is an engine that emitted models are rewritten for: the last step, after programs have become
 * models, so that sites, plans and proofs speak of the graph as it was given. Its rewrites change results
 * by rounding at most, and what comes out may use operators that only this engine has. Of an engine with limits it is
 * checked after that what the engine takes of the models.
 */
import type { EngineTable } from '../../generated/engine.js';
import type { Graph } from '../../model/ir/graph.js';
import { type Model, opsetVersion } from '../../model/ir/model.js';
import { MICROSOFT, type Node } from '../../model/ir/node.js';
import { sortNodes, topologicalOrder } from '../../model/ir/order.js';
import { removeDeadNodes } from '../../model/ir/prune.js';
import { inferShapes } from '../../model/shape/index.js';
import { applyRewrite } from '../canonicalize/apply.js';
import { graphsOf } from '../canonicalize/graphs.js';
import {
  type Rewrite,
  type RuleContext,
  type TraceEntry,
  traceOf,
} from '../canonicalize/rewrite.js';
import { Watch } from '../stages/index.js';
import { checkFor } from './engines/check.js';
import type { Finding } from './engines/finding.js';
import { lowerOperatorSet } from './engines/operator-set.js';

/** A place where a rule looked likely to apply and does not. */
export interface Miss {
  readonly node: Node;
  /** The condition that failed, as the end of "… is left, since". */
  readonly reason: string;
}

export interface TargetContext extends RuleContext {
  /** A size for each symbol, where a choice depends on sizes that the model leaves open. */
  readonly sizes: ReadonlyMap<string, number>;
}

export interface TargetRule {
  readonly name: string;
  /** One sentence: what becomes what, and why that is faster. */
  readonly description: string;
  /** Looks at one node and describes a rewrite, why there is none where one could be expected, or nothing. */
  match(node: Node, context: TargetContext): Rewrite | Miss | undefined;
}

export interface Target {
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  readonly rules: readonly TargetRule[];
  /** Of an engine with limits: what it takes. */
  readonly engine?: EngineTable;
}

/** A miss by names only: it outlives the node. */
export interface MissEntry {
  readonly rule: string;
  readonly node: string;
  readonly opType: string;
  readonly reason: string;
}

export interface TargetResult {
  /** Every rewrite that was done, in order. */
  readonly trace: readonly TraceEntry[];
  readonly misses: readonly MissEntry[];
  /** Of an engine with limits: what it would not take of the model. */
  readonly findings?: readonly Finding[];
}

/**
 * Rewrites a model for a target, in place. Inputs and outputs keep their names.
 * @throws GRAPH_BROKEN naming the rule
 */
export const applyTarget = (
  model: Model,
  target: Target,
  sizes: ReadonlyMap<string, number> = new Map(),
): TargetResult => rewriteFor(model, target, sizes, new Watch());

/** The same as a step of a compilation. */
export function rewriteFor(
  model: Model,
  target: Target,
  sizes: ReadonlyMap<string, number>,
  watch: Watch,
): TargetResult {
  const trace: TraceEntry[] = [];
  const misses: MissEntry[] = [];
  watch.begin(model);
  for (const rule of target.rules) {
    const before = trace.length;
    const context = { shapes: inferShapes(model), opset: opsetVersion(model), sizes };
    for (const graph of graphsOf(model.graph))
      for (const node of topologicalOrder(graph)) {
        // what an earlier rewrite left unused
        if (!node.outputs.some((output) => output?.uses.size)) continue;
        const found = rule.match(node, context);
        if (!found) continue;
        if ('reason' in found) {
          const { node: at, reason } = found;
          misses.push({ rule: rule.name, node: at.label, opType: at.opType, reason });
        } else {
          const entry = traceOf(found);
          if (applyRewrite(model, found)) trace.push(entry);
        }
      }
    removeDeadNodes(model.graph);
    if (trace.length > before)
      watch.check({ name: `${target.name}: ${rule.name} in "${model.graph.name}"` }, model);
  }
  if (!model.opsets.has(MICROSOFT) && usesMicrosoft(model.graph)) model.opsets.set(MICROSOFT, 1);
  if (target.engine) {
    const lowered = lowerOperatorSet(model, target.engine);
    if (lowered) trace.push(lowered);
  }
  sortNodes(model.graph);
  return { trace, misses, ...(target.engine && { findings: checkFor(model, target.engine) }) };
}

function usesMicrosoft(graph: Graph): boolean {
  for (const { nodes } of graphsOf(graph))
    for (const node of nodes) if (node.domain === MICROSOFT) return true;
  return false;
}
