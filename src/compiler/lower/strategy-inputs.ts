/**
 * The inputs by which a merged model is told what to do: one per site, whatever its number of parts.
 * Of a site with several parts the input numbers the combinations that variants use, and a table per
 * part says what each of them means for it.
 */
import type { Graph } from '../../model/ir/graph.js';
import { int64Tensor } from '../../model/ir/tensor.js';
import { tensorType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import type { NamedVariant } from '../plan/index.js';
import type { InterfaceNames } from './names.js';

/** What variants choose alternatives of: a site, or one of the parts of its owner. */
export interface Choosing {
  readonly id: string;
  readonly owner: string;
  readonly alternatives: { readonly length: number };
  choice(variant: NamedVariant): number;
}

export class StrategyInputs {
  private readonly inputs = new Map<string, Value>();
  private readonly parts = new Map<string, Choosing[]>();
  /** The combinations of each owner's parts that variants use. */
  private readonly rows = new Map<string, number[][]>();

  constructor(
    private readonly graph: Graph,
    private readonly variants: readonly NamedVariant[],
    private readonly names: InterfaceNames,
    sites: readonly Choosing[],
  ) {
    for (const site of sites)
      if (site.alternatives.length > 1)
        this.parts.set(site.owner, [...(this.parts.get(site.owner) ?? []), site]);
  }

  /** The number of the alternative to take, as a scalar of the graph. */
  choiceOf(site: Choosing): Value {
    const name = this.names.strategyInput(site.owner);
    const input = this.inputs.get(name) ?? this.graph.addInput(name, tensorType('int64', []));
    this.inputs.set(name, input);
    const parts = this.parts.get(site.owner)!;
    if (parts.length === 1) return input;
    const meanings = this.combinations(site.owner).map((row) => row[parts.indexOf(site)]!);
    const table = this.graph.addInitializer(
      `stepfold.choices.${site.id}`,
      int64Tensor(meanings, [meanings.length]),
    );
    return this.graph.addNode({
      opType: 'Gather',
      inputs: [table, input],
      outputs: [`stepfold.choice.${site.id}`],
    }).output;
  }

  /** What each input is given in a variant. */
  of(variant: NamedVariant): [name: string, choice: number][] {
    return [...this.parts].map(([owner, parts]) => {
      const row = parts.map((part) => part.choice(variant));
      const choice =
        parts.length === 1
          ? row[0]!
          : this.combinations(owner).findIndex((other) => other.join() === row.join());
      return [this.names.strategyInput(owner), choice];
    });
  }

  private combinations(owner: string): number[][] {
    const known = this.rows.get(owner);
    if (known) return known;
    const rows = new Map<string, number[]>();
    for (const variant of this.variants) {
      const row = this.parts.get(owner)!.map((part) => part.choice(variant));
      rows.set(row.join(), row);
    }
    const found = [...rows.values()];
    this.rows.set(owner, found);
    return found;
  }
}
