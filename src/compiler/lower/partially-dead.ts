/**
 * Partially dead code of a merged graph: what some variants need and others do not, and which lies in no site's If, since
 * more than one site reads it. The text stream beside joint attention is such, where attention is kept at some calls. A
 * call that does not need it must not run it: that takes time, and what it would read may be a placeholder, or half of a
 * guidance pair where something else has both. So it is put into Ifs of its own.
 */
import { isHeavy } from '../../model/cost/index.js';
import { withContents } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp, Node } from '../../model/ir/node.js';
import { nodeDependencies, predecessors, topologicalOrder } from '../../model/ir/order.js';
import type { Value } from '../../model/ir/value.js';
import type { Needs, VariantSet } from './needs.js';

/** Nodes of one graph that the same variants need, and that can go into one If: no way from one to another leaves them. */
export interface PartiallyDead {
  readonly graph: Graph;
  readonly needing: VariantSet;
  readonly nodes: Set<Node>;
}

const ALWAYS = -1n;

export class PartiallyDeadCode {
  /** Outer graphs before those inside of them, and of each graph what others read before what reads it. */
  readonly groups: PartiallyDead[] = [];
  /** By value, the variants in which it holds what a program may look at. */
  private readonly valid = new Map<Value, VariantSet>();

  constructor(
    graph: Graph,
    private readonly needs: Needs,
    private readonly states: ReadonlySet<Value>,
  ) {
    this.scan(graph, needs.all);
  }

  /** @param entering the variants that run the graph */
  private scan(graph: Graph, entering: VariantSet): void {
    const { needs } = this;
    const keys = new Map<Node, VariantSet>();
    const levels = new Map<Node, number>();
    const groups = new Map<string, PartiallyDead & { readonly level: number }>();
    const inner: Graph[] = [];
    for (const node of topologicalOrder(graph)) {
      const needing = needs.of(node);
      const sparing = entering & ~needing;
      const isDead = sparing !== 0n && !this.mayRun(node, sparing, new Set());
      const key = isDead ? needing : ALWAYS;
      // a border is crossed wherever neighbours differ, so that groups cannot wait for one another
      const before = predecessors(node).map((p) => levels.get(p)! + (keys.get(p) === key ? 0 : 1));
      const level = before.reduce((most, own) => Math.max(most, own), 0);
      keys.set(node, key);
      levels.set(node, level);
      if (isDead) {
        const name = `${key} ${level}`;
        const group = groups.get(name) ?? { graph, needing, level, nodes: new Set() };
        groups.set(name, group);
        group.nodes.add(node);
      }
      const branches = needs.branches(node);
      const also =
        isDead || branches.size > 0
          ? 0n
          : nodeDependencies(node).reduce((both, v) => both & this.validity(v), entering);
      for (const value of node.outputs)
        if (value) this.valid.set(value, branches.size > 0 ? needs.ofValue(value) : needing | also);
      inner.push(...branches.keys());
    }
    this.groups.push(...[...groups.values()].sort((a, b) => a.level - b.level));
    for (const branch of inner) this.scan(branch, needs.entering(branch));
  }

  /**
   * May variants run a node that they do not need? Where it costs no product, and cannot fail: what it reads is what it
   * is made for, or is only handed on.
   * @param made takes up what nodes inside of branches make of such
   */
  private mayRun(node: Node, variants: VariantSet, made: Set<Value>): boolean {
    const branches = this.needs.branches(node, variants);
    if (branches.size > 0)
      return [...branches].every(([branch, own]) =>
        topologicalOrder(branch).every((inside) => this.mayRun(inside, own, made)),
      );
    if ([...withContents([node])].some((part) => part instanceof Node && isHeavy(part)))
      return false;
    const isValid = nodeDependencies(node).every(
      (value) => made.has(value) || (this.validity(value) & variants) === variants,
    );
    if (isValid) for (const value of node.outputs) if (value) made.add(value);
    return isValid || isOp(node, 'Identity');
  }

  private validity(value: Value): VariantSet {
    const known = this.valid.get(value);
    if (known !== undefined) return known;
    if (value.producer) return 0n;
    return this.states.has(value) ? this.needs.ofValue(value) : this.needs.all;
  }
}
