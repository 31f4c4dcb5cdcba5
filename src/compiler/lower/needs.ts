/** Which variants need what of a merged graph: each value, each node, and each branch that they take. */
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { nodeDependencies } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import type { Value } from '../../model/ir/value.js';
import type { BranchesTaken } from './branches-taken.js';

/** A set of variants: bit `i` stands for the one of that number. */
export type VariantSet = bigint;

export const variantAt = (index: number): VariantSet => 1n << BigInt(index);

export interface NeedingVariant {
  /** Values that it is run for. */
  readonly wanted: Iterable<Value>;
  readonly taken: BranchesTaken;
}

export class Needs {
  private readonly values = new Map<Value, VariantSet>();
  private readonly nodes = new Map<Node, VariantSet>();
  private readonly graphs = new Map<Graph, VariantSet>();

  /** Costs a walk over the graph for each variant. */
  constructor(readonly variants: readonly NeedingVariant[]) {
    for (const [index, variant] of variants.entries()) this.follow(variant, variantAt(index));
  }

  get all(): VariantSet {
    return variantAt(this.variants.length) - 1n;
  }

  of(node: Node): VariantSet {
    return this.nodes.get(node) ?? 0n;
  }

  ofValue(value: Value): VariantSet {
    return this.values.get(value) ?? 0n;
  }

  /** The variants that need something of a branch. */
  entering(branch: Graph): VariantSet {
    return this.graphs.get(branch) ?? 0n;
  }

  /** The branches of the If of a site, each with those of the variants that take it; none of another node. */
  branches(node: Node, variants = this.all): ReadonlyMap<Graph, VariantSet> {
    const found = new Map<Graph, VariantSet>();
    for (const [index, { taken }] of this.variants.entries()) {
      const branch = taken.of(node);
      if (!branch) return found;
      const own = variantAt(index) & variants;
      if (own) found.set(branch, (found.get(branch) ?? 0n) | own);
    }
    return found;
  }

  private follow({ wanted, taken }: NeedingVariant, own: VariantSet): void {
    const add = <K>(sets: Map<K, VariantSet>, key: K) => {
      sets.set(key, (sets.get(key) ?? 0n) | own);
    };
    const seen = new Set<Value>();
    const stack = [...wanted];
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (seen.has(value)) continue;
      seen.add(value);
      add(this.values, value);
      const node = value.producer;
      if (!node) continue;
      add(this.nodes, node);
      const branch = taken.of(node);
      if (!branch) pushAll(stack, nodeDependencies(node));
      else {
        add(this.graphs, branch);
        stack.push(node.inputs[0]!, branch.outputs[value.outputIndex]!);
      }
    }
  }
}
