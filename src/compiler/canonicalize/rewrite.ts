/**
 * A rewrite as a value: what a rule wants changed and why, so that it can be listed, explained and
 * tested apart from being done. Only `apply.ts` changes the graph.
 */
import type { Graph, NodeSpec } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import type { Tensor } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';

/** What takes a value's place. */
export type Replacement =
  | { readonly value: Value }
  | { readonly tensor: Tensor }
  /** New nodes; the last makes the value. */
  | { readonly steps: readonly NodeStep[] };

/** What an earlier one of some steps makes, by its index. */
export interface StepOutput {
  readonly step: number;
}

/** A node to be made. Inputs that are tensors become constants. */
export interface NodeStep {
  readonly opType: string;
  readonly domain?: string;
  readonly inputs: readonly (Value | Tensor | StepOutput | null)[];
  readonly attributes?: NodeSpec['attributes'];
}

/** Steps of which each reads the one before as its first input. */
export const chain = (...steps: readonly NodeStep[]): NodeStep[] =>
  steps.map((step, i) => (i === 0 ? step : { ...step, inputs: [{ step: i - 1 }, ...step.inputs] }));

export interface Rewrite {
  /** Name of the rule, such as `reshape-target`. */
  readonly rule: string;
  readonly node: Node;
  /** One phrase: what was found that allows the rewrite. */
  readonly why: string;
  /** New places for all uses of some outputs of the node. */
  readonly replace?: readonly { readonly from: Value; readonly to: Replacement }[];
  /** New inputs of the node itself. */
  readonly operands?: readonly { readonly index: number; readonly to: Value | Tensor | null }[];
  /**
   * A graph that the node stands for, such as a branch inside it: its outputs take the places of the
   * node's, its inputs, where it has any, are the node's.
   */
  readonly inline?: Graph;
}

/** A rule looks at one node and describes a rewrite, or nothing. It must not change anything. */
export type Rule = (node: Node, context: RuleContext) => Rewrite | undefined;

export interface RuleContext {
  readonly shapes: ShapeTable;
  /** Version of the standard operator set. */
  readonly opset: number;
}

/** A rewrite that was done, by names only: it outlives the nodes it speaks of. */
export interface TraceEntry {
  readonly rule: string;
  readonly node: string;
  readonly opType: string;
  /** Names of the values that changed or were made another way. */
  readonly values: readonly string[];
  readonly why: string;
}

export function traceOf(rewrite: Rewrite): TraceEntry {
  const { rule, node, why } = rewrite;
  const values = rewrite.replace?.map((r) => r.from.name) ?? node.outputs.map((o) => o?.name ?? '');
  return { rule, node: node.label, opType: node.opType, values, why };
}

/** Is this a tensor rather than a value of the graph? */
export function isTensor(x: Value | Tensor | StepOutput): x is Tensor {
  return 'dims' in x;
}
