/**
 * Puts the Ifs of sites into a merged graph, inner sites first. What is known of the graph as a whole is
 * kept up from site to site, so that each costs a walk over its own nodes.
 */
import { withContents } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import { Holders } from '../../model/ir/holders.js';
import type { Node } from '../../model/ir/node.js';
import { removeUnused } from '../../model/ir/prune.js';
import type { Value } from '../../model/ir/value.js';
import type { GatedSite } from './gated-site.js';
import { buildIf, distinctColumns } from './if-node.js';
import type { Kept } from './kept.js';
import { ownNodes } from './own-nodes.js';
import { regionsOf } from './region.js';
import type { StrategyInputs } from './strategy-inputs.js';

export class Gating {
  /** Sites still to be gated need their values outside of any If, to gate them there: how many need each. */
  private readonly waiting = new Map<Value, number>();
  private readonly holders: Holders;

  constructor(
    private readonly graph: Graph,
    sites: readonly GatedSite[],
    private readonly kept: Kept,
    /** The input that carries a state. */
    private readonly input: (state: string) => Value,
    private readonly strategies: StrategyInputs,
  ) {
    for (const site of sites) this.count(site, 1);
    this.holders = new Holders(graph);
  }

  /** Puts the If of one site into the graph and points everybody to its results. */
  gate(site: GatedSite): void {
    const { graph, kept } = this;
    this.count(site, -1);
    const given = new Set(site.outputs);
    const walk = { given, holderOf: this.holders.of };
    const own = ownNodes({
      ...walk,
      from: [...site.outputs, ...site.values()],
      isRoot: (value) => this.isWaiting(value),
    });
    const leaving = this.leaving(site, site.regions(own));

    /** One row per alternative: the site's values, then the states. */
    const rows = site.alternatives.map(({ makes }, index) => [
      ...makes,
      ...[...leaving.values()].map((values) => values[index]!),
    ]);
    const columns = distinctColumns(rows);
    const staysKept = (value: Value) =>
      [...kept.statesOf(value)].some((state) => !leaving.has(state));
    const inBranches = regionsOf(
      site.outputs,
      rows.map((row) => ({ makes: row, keeps: [] })),
      ownNodes({
        ...walk,
        from: [...site.outputs, ...rows.flat()],
        isRoot: (value) => this.isWaiting(value) || staysKept(value),
      }),
    );
    const branches = rows.map((row, i) => ({
      values: columns.map((c) => row[c.first]!),
      region: inBranches[i]!,
      instead: new Map(site.outputs.map((v, k) => [v, row[k]!])),
    }));

    const results = buildIf(graph, site.id, this.strategies.choiceOf(site), branches, 0);
    const resultOf = (column: number) => results[columns.findIndex((c) => c.all.includes(column))]!;
    const node = results[0]!.producer as Node;
    const doomed = new Set(branches.flatMap((b) => [...b.region]));
    const inIf = withContents([...doomed, node]);
    site.outputs.forEach((output, k) => {
      graph.replaceUses(output, resultOf(k), (use) => !inIf.has(use.user));
    });
    [...leaving.keys()].forEach((id, k) => {
      kept.set(id, resultOf(site.outputs.length + k));
    });
    // what computes a value that no program computes may read what a branch has taken over
    if (!site.isComputed)
      removeUnused(
        graph,
        site.outputs,
        (value) => this.isWaiting(value) || kept.statesOf(value).size > 0,
      );
    graph.removeNodes(doomed);
    this.holders.add(node);
  }

  /**
   * By state, what each alternative keeps as it. A state leaves through this If when the site keeps it, or
   * an inner site's is made in its region.
   */
  private leaving(
    site: GatedSite,
    regions: readonly ReadonlySet<Node>[],
  ): Map<string, readonly Value[]> {
    const states = this.kept.madeBy(
      new Set(regions.flatMap((nodes) => [...nodes])),
      site.alternatives.flatMap(({ keeps }) => [...keeps.keys()]),
    );
    return new Map(
      states.map((id) => {
        const before = this.kept.get(id)!;
        const inside = regions.map((nodes) => !!before.producer && nodes.has(before.producer));
        const passed = (index: number) =>
          inside[index] || !inside.includes(true) ? before : this.input(id);
        return [id, site.alternatives.map(({ keeps }, index) => keeps.get(id) ?? passed(index))];
      }),
    );
  }

  private isWaiting(value: Value): boolean {
    return (this.waiting.get(value) ?? 0) > 0;
  }

  private count(site: GatedSite, by: number): void {
    for (const value of [...site.outputs, ...site.values()])
      this.waiting.set(value, (this.waiting.get(value) ?? 0) + by);
  }
}
