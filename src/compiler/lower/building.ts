/**
 * Adds every strategy's nodes to a graph. Where a site's value would serve two ends at once, an
 * Identity stands in for it, so that choosing for one site never changes what another has chosen.
 */
import {
  proposalState,
  strategyConstant,
  strategyReads,
  strategyStray,
  strategyValues,
} from '../../errors/index.js';
import type { CloneMap } from '../../model/ir/clone.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import { int64Tensor } from '../../model/ir/tensor.js';
import type { Use, Value } from '../../model/ir/value.js';
import type { LeafStrategy, PlainSite, SiteBuilder } from '../plan/index.js';
import type { HalfRows } from './half-rows.js';
import type { InstrumentedSite, StateInfo } from './instrumented.js';

/** What one site chooses about: the value whose uses it governs. */
interface Claim {
  readonly original: Value;
  value: Value;
  /** The value is an Identity's, which stands in for the computed one. */
  standsIn: boolean;
}

/** The graph while strategies add to it. */
export class Building {
  /** From values of this graph to those of the source that they copy. */
  readonly originals: Map<Value, Value>;
  /** From values of the source to what stands for them here, behind every site's choice. */
  private readonly counterparts: Map<Value, Value>;
  private readonly claims = new Map<PlainSite, readonly Claim[]>();
  private readonly claimed = new Set<Value>();
  /** By value of the source, what leaves the graph as it, behind all sites that choose that so far. */
  private readonly leaving = new Map<Value, Value>();
  /** Claims inside of a site that has parts, by the site. */
  private readonly inside = new Map<string, Claim[]>();
  private readonly stateInputs: ReadonlySet<Value>;
  /** What is read of a state in place of its input. */
  private readonly read: ReadonlyMap<string, Value>;
  /** Identities that only stand between a site and what computes its value. */
  readonly standIns = new Set<Node>();

  constructor(
    private readonly graph: Graph,
    private readonly map: CloneMap,
    private readonly states: ReadonlyMap<string, StateInfo>,
    rows?: HalfRows,
  ) {
    this.read = rows?.read ?? new Map();
    for (const value of this.read.values()) this.claimed.add(value);
    for (const node of rows?.standIns ?? []) this.standIns.add(node);
    this.counterparts = new Map(map.values);
    this.stateInputs = new Set([...states.values()].map(({ input }) => input));
    this.originals = new Map([...map.values].map(([original, copy]) => [copy, original]));
  }

  /** Gives every site values of its own. To be called once, before strategies are built. */
  claim(sites: readonly PlainSite[]): void {
    for (const site of sites) {
      const made = site.outputs.map((original) => this.claimValue(site, original));
      this.claims.set(site, made);
      const owner = site.parent ?? site.id;
      if (site.within) this.inside.set(owner, [...(this.inside.get(owner) ?? []), ...made]);
    }
    // a graph output that is itself a site's value gets a node of its own, which no site claims
    for (const output of [...this.graph.outputs])
      if (this.claimed.has(output)) this.standIn(output, (use) => use.user === this.graph);
  }

  /** The site's values in this graph, as computed. */
  outputs(site: PlainSite): Value[] {
    return this.claims.get(site)!.map((claim) => claim.value);
  }

  site(site: PlainSite, used: readonly string[]): InstrumentedSite {
    const produced = new Map<string, readonly Value[]>();
    const writes = new Map<string, ReadonlyMap<string, Value>>();
    for (const name of used) {
      const values = this.produced(site, site.strategies[name]!);
      if (values)
        produced.set(
          name,
          values.map((v) => this.ownNode(v, true)),
        );
    }
    for (const name of used) {
      const made = new Map<string, Value>();
      const instead = produced.get(name);
      const builder = this.builder(site, (claim, k) => instead?.[k] ?? claim.value);
      for (const [state, write] of Object.entries(site.strategies[name]?.writes ?? {})) {
        const value = write(builder);
        this.refuseStray(site, name, value);
        const own = this.outputs(site).includes(value);
        made.set(state, own ? value : this.ownNode(value, false));
      }
      writes.set(name, made);
    }
    return { site, outputs: this.outputs(site), produced, writes };
  }

  /** @throws STRATEGY_VALUES, STRATEGY_READS */
  private produced(site: PlainSite, strategy: LeafStrategy): readonly Value[] | undefined {
    const { name, reads, produce } = strategy;
    const taken = new Set<string>();
    const values = produce?.(this.builder(site, (claim) => this.computed(claim), taken));
    if (!values) return undefined;
    const wanted = site.outputs.length;
    if (values.length !== wanted) throw strategyValues(site.id, name, values.length, wanted);
    for (const value of values) this.refuseStray(site, name, value);
    for (const id of taken) if (!reads.includes(id)) throw strategyReads(site.id, name, id, true);
    for (const id of reads) if (!taken.has(id)) throw strategyReads(site.id, name, id, false);
    return values;
  }

  /** Values of the source graph look just like those of the one that is built. */
  private refuseStray(site: PlainSite, strategy: string, value: Value | undefined): void {
    if (value?.graph !== this.graph)
      throw strategyStray(site.id, strategy, value?.name ?? 'undefined');
  }

  private claimValue(site: PlainSite, original: Value): Claim {
    const current = this.counterparts.get(original) as Value;
    const { within, leaves, behind } = site;
    const before = behind && this.leaving.get(original);
    if (leaves || before) {
      const left = this.standIn(before ?? current, (use) => use.user === this.graph);
      this.claimed.add(left);
      this.leaving.set(original, left);
      return { original, value: left, standsIn: true };
    }
    if (!current.producer && !within) return this.claimGiven(site, original, current);
    if (within) {
      const nodes = new Set([...within].map((node) => this.map.nodes.get(node)!));
      const inner = this.graph.addNode({
        opType: 'Identity',
        inputs: [current],
        outputs: [`stepfold.${site.id}`],
      });
      this.standIns.add(inner);
      this.originals.set(inner.output, original);
      this.graph.replaceUses(current, inner.output, (use) => nodes.has(use.user as Node));
      this.claimed.add(inner.output);
      this.forgetSizes(nodes);
      return { original, value: inner.output, standsIn: true };
    }
    const value = this.claimed.has(current) ? this.standIn(current, () => true) : current;
    this.claimed.add(value);
    this.counterparts.set(original, value);
    return { original, value, standsIn: value !== current };
  }

  /** Of what nothing in the graph makes: whatever nodes read of it, those of other sites' strategies among them. */
  private claimGiven(site: PlainSite, original: Value, given: Value): Claim {
    const chosen = this.graph.addNode({
      opType: 'Identity',
      inputs: [given],
      outputs: [`stepfold.${site.id}`],
    });
    this.standIns.add(chosen);
    this.originals.set(chosen.output, original);
    this.graph.replaceUses(
      given,
      chosen.output,
      (use) => use.user !== chosen && use.user !== this.graph,
    );
    this.claimed.add(chosen.output);
    this.counterparts.set(original, chosen.output);
    this.forgetSizes(this.graph.nodes);
    return { original, value: chosen.output, standsIn: true };
  }

  /** A program may choose fewer rows than the source has, so what the file declares no longer holds. */
  private forgetSizes(nodes: Iterable<Node>): void {
    for (const node of nodes)
      for (const output of node.outputs)
        if (output && !output.isGraphOutput) {
          output.type = undefined;
          this.graph.declared.delete(output);
        }
  }

  /** @param taken takes up the states that are asked for */
  private builder(
    site: PlainSite,
    own: (claim: Claim, output: number) => Value,
    taken = new Set<string>(),
  ): SiteBuilder {
    const claims = this.claims.get(site)!;
    // what one part chooses for the inside of the site holds for the others
    const inside = this.inside.get(site.parent ?? site.id) ?? [];
    return {
      graph: this.graph,
      value: (source) => {
        const k = claims.findIndex((claim) => claim.original === source);
        if (k >= 0) return own(claims[k]!, k);
        const chosen = inside.find((claim) => claim.original === source);
        return chosen?.value ?? (this.counterparts.get(source) as Value);
      },
      state: (id) => {
        const state = this.states.get(id);
        if (!state) throw proposalState(site.id, id, 'is asked for, and is no state');
        taken.add(id);
        return this.read.get(id) ?? state.input;
      },
      add: (spec) => this.graph.addNode(spec).output,
      constant: (name, values) => {
        const fraction = values.find((value) => !Number.isSafeInteger(value));
        if (fraction !== undefined) throw strategyConstant(site.id, name, fraction);
        return this.graph.addInitializer(name, int64Tensor(values));
      },
    };
  }

  /** A strategy that builds on its own site's value means the computed one. */
  private computed(claim: Claim): Value {
    const { value, original } = claim;
    // asked for anew each time: an inner site may have put an Identity of its own before it
    if (claim.standsIn) return value.producer!.inputs[0] as Value;
    claim.standsIn = true;
    claim.value = this.standIn(value, () => true);
    if (this.counterparts.get(original) === value) this.counterparts.set(original, claim.value);
    this.claimed.delete(value);
    this.claimed.add(claim.value);
    return value;
  }

  /** An Identity that takes over a value's name and those of its uses that `where` says. */
  private standIn(value: Value, where: (use: Use) => boolean): Value {
    const { name, type } = value;
    this.graph.giveUpName(value, `${name}.computed`);
    const node = this.graph.addNode({ opType: 'Identity', inputs: [value], outputs: [name] });
    node.output.type = type;
    this.standIns.add(node);
    this.originals.set(node.output, this.originals.get(value)!);
    this.graph.replaceUses(value, node.output, (use) => use.user !== node && where(use));
    return node.output;
  }

  /** The value, by way of an Identity where it is a site's, or nothing in the graph makes it. */
  private ownNode(value: Value, stateAllowed: boolean): Value {
    const isState = this.stateInputs.has(value);
    const plain = value.producer ? !this.claimed.has(value) : isState && stateAllowed;
    if (plain) return value;
    return this.graph.addNode({
      opType: 'Identity',
      inputs: [value],
      outputs: [`stepfold.${value.name}`],
    }).output;
  }
}
