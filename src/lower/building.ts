/**
 * Adds every strategy's nodes to a graph. Where a site's value would serve two ends at once, an
 * Identity stands in for it, so that choosing for one site never changes what another has chosen.
 */
import type { Graph } from '../ir/graph.js';
import { int64Tensor } from '../ir/tensor.js';
import type { Use, Value } from '../ir/value.js';
import { COMPUTE, type Site, type SiteBuilder } from '../plan/index.js';
import type { InstrumentedSite, StateInfo } from './instrument.js';

/** The graph while strategies add to it. */
export class Building {
  /** From values of this graph to those of the source that they copy. */
  readonly originals: Map<Value, Value>;
  /** Values of sites before the Identity that took their place, by that Identity's output. */
  private readonly computed = new Map<Value, Value>();
  private readonly claimed: Set<Value>;

  constructor(
    private readonly graph: Graph,
    private readonly counterparts: Map<Value, Value>,
    private readonly states: ReadonlyMap<string, StateInfo>,
  ) {
    this.originals = new Map([...counterparts].map(([original, copy]) => [copy, original]));
    this.claimed = new Set();
  }

  copies(values: readonly Value[]): Value[] {
    return values.map((v) => this.counterparts.get(v) as Value);
  }

  /** A graph output that is itself a site's value gets a node of its own, which no site claims. */
  freeGraphOutputs(sites: readonly Site[]): void {
    for (const site of sites) for (const v of this.copies(site.outputs)) this.claimed.add(v);
    for (const output of [...this.graph.outputs])
      if (this.claimed.has(output)) this.standIn(output, (use) => use.user === this.graph);
  }

  site(site: Site, used: readonly string[]): InstrumentedSite {
    const produced = new Map<string, readonly Value[]>();
    const writes = new Map<string, ReadonlyMap<string, Value>>();
    for (const name of used) {
      const strategy = site.strategies[name];
      const values = strategy?.produce?.(this.builder((v) => this.computedValue(site, v)));
      if (values)
        produced.set(
          name,
          values.map((v) => this.ownNode(v, true)),
        );
    }
    for (const name of used) {
      const made = new Map<string, Value>();
      const instead = produced.get(name);
      const builder = this.builder((v) => {
        const k = site.outputs.indexOf(v);
        return (k < 0 ? undefined : instead?.[k]) ?? (this.counterparts.get(v) as Value);
      });
      for (const [state, write] of Object.entries(site.strategies[name]?.writes ?? {})) {
        const value = write(builder);
        const own = name === COMPUTE && this.copies(site.outputs).includes(value);
        made.set(state, own ? value : this.ownNode(value, false));
      }
      writes.set(name, made);
    }
    return { site, outputs: this.copies(site.outputs), produced, writes };
  }

  private builder(value: (source: Value) => Value): SiteBuilder {
    return {
      graph: this.graph,
      value,
      state: (id) => this.states.get(id)!.input,
      add: (spec) => this.graph.addNode(spec).output,
      constant: (name, values) => this.graph.addInitializer(name, int64Tensor(values)),
    };
  }

  /** A strategy that builds on its own site's value means the computed one. */
  private computedValue(site: Site, original: Value): Value {
    const copy = this.counterparts.get(original) as Value;
    if (!site.outputs.includes(original)) return copy;
    const known = this.computed.get(copy);
    if (known) return known;
    const standIn = this.standIn(copy, () => true);
    this.counterparts.set(original, standIn);
    this.claimed.delete(copy);
    this.claimed.add(standIn);
    this.computed.set(standIn, copy);
    return copy;
  }

  /** An Identity that takes over a value's name and those of its uses that `where` says. */
  private standIn(value: Value, where: (use: Use) => boolean): Value {
    const { name, type } = value;
    this.graph.giveUpName(value, `${name}.computed`);
    const node = this.graph.addNode({ opType: 'Identity', inputs: [value], outputs: [name] });
    node.output.type = type;
    const original = this.originals.get(value);
    if (original) this.originals.set(node.output, original);
    this.graph.replaceUses(value, node.output, (use) => use.user !== node && where(use));
    return node.output;
  }

  /** The value, by way of an Identity where it is a site's, or nothing in the graph makes it. */
  private ownNode(value: Value, stateAllowed: boolean): Value {
    const isState = [...this.states.values()].some(({ input }) => input === value);
    const plain = value.producer ? !this.claimed.has(value) : isState && stateAllowed;
    if (plain) return value;
    return this.graph.addNode({
      opType: 'Identity',
      inputs: [value],
      outputs: [`stepfold.${value.name}`],
    }).output;
  }
}
