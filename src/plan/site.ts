/**
 * Sites and strategies. A site is a named region of the graph, given by the values it makes; a
 * strategy is a way to have those values. `compute` always exists: it leaves the graph as it is.
 */
import type { Graph, NodeSpec } from '../ir/graph.js';
import type { Value } from '../ir/value.js';

/** A tensor that outlives a call: shaped and typed like a value of the source graph. */
export interface StateSpec {
  /** Unique in the plan, such as `deep.0`. */
  readonly id: string;
  readonly like: Value;
}

/** What a strategy may use to build its part of a graph. Values are those of the graph being built. */
export interface SiteBuilder {
  readonly graph: Graph;
  /** The counterpart of a value of the source graph. */
  value(source: Value): Value;
  /** The graph input that carries a state. */
  state(id: string): Value;
  /** Adds a node and returns its first output. */
  add(spec: NodeSpec): Value;
  /** A small constant. */
  constant(name: string, values: readonly number[]): Value;
}

export interface Strategy {
  readonly name: string;
  /** What it does, one sentence, for reports. */
  readonly description: string;
  /** States it reads. */
  readonly reads: readonly string[];
  /** Makes the site's values in place of computing them; undefined for `compute`. */
  readonly produce?: (b: SiteBuilder) => readonly Value[];
  /** States it can write, and the value to write. Built only where a later call reads the state. */
  readonly writes: Readonly<Record<string, (b: SiteBuilder) => Value>>;
  /** Name for the program of a call in which this is the only strategy beside `compute`. */
  readonly program?: string;
}

export interface Site {
  /** Unique in the plan, such as `deep`. */
  readonly id: string;
  readonly description: string;
  /** Values of the source graph that leave the site. */
  readonly outputs: readonly Value[];
  readonly states: readonly StateSpec[];
  /** By name; `compute` must be among them. */
  readonly strategies: Readonly<Record<string, Strategy>>;
}

export const COMPUTE = 'compute';
