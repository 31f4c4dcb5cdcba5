/**
 * Sites and strategies. A site is a named region of the graph, given by the values it makes; a
 * strategy is a way to have those values. `compute` always exists: it leaves the graph as it is.
 */
import type { Graph, NodeSpec } from '../../model/ir/graph.js';
import type { Node } from '../../model/ir/node.js';
import type { DataType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';

/** A tensor that outlives a call: shaped like a value of the source graph, and typed unless `type` says. */
export interface StateSpec {
  /** Unique in the plan, such as `deep.0`. */
  readonly id: string;
  readonly like: Value;
  readonly type?: DataType;
  /**
   * The state whose value before the last this one holds: whenever that takes a new value, this one takes what it
   * had, or the new one where it had none. No strategy writes it. A row of such states is a history.
   */
  readonly follows?: string;
  /**
   * What it holds before the first call, in row-major order, so that calls may read it before one has written it;
   * its shape must be fixed. States that follow it hold the same.
   */
  readonly initial?: readonly number[];
  /** The axis of `like` on which it has half of the rows: those of one half of a guidance pair, or what both differ by. */
  readonly halved?: number;
}

/** Numbers that a strategy is fed, different at each call and known beforehand: a model input of type float32. */
export interface ParameterSpec {
  /** Unique in the plan, among states as well, such as `deep.0.weights`. */
  readonly id: string;
  readonly shape: readonly number[];
  /** In row-major order. */
  readonly at: (call: CallHistory) => readonly number[];
  /** Of the weights of a forecast: of which state, and by which rule; `verify` works them out anew. */
  readonly forecast?: ForecastRecord & { readonly state: string };
}

export interface ForecastRecord {
  readonly order: number;
  readonly basis: 'lagrange' | 'hermite' | 'chebyshev';
  /** By what steps lie apart, with the position of each in steps; left out: by their number. */
  readonly axis?: { readonly name: 'timestep' | 'log-snr'; readonly positions: readonly number[] };
}

export interface CallHistory {
  readonly call: number;
  /** The calls that wrote what a state and those that follow it hold, the last first. */
  readonly written: (state: string) => readonly number[];
}

/** What a strategy may use to build its part of a graph. Values are those of the graph being built. */
export interface SiteBuilder {
  readonly graph: Graph;
  /** The counterpart of a value of the source graph. */
  value(source: Value): Value;
  /** The graph input that carries a state, or what a parameter is at a call. */
  state(id: string): Value;
  /** Adds a node and returns its first output. */
  add(spec: NodeSpec): Value;
  /** A small constant. */
  constant(name: string, values: readonly number[]): Value;
}

/** What every strategy says of itself. */
export interface StrategyBase {
  readonly name: string;
  /** What it does, one sentence, for reports. */
  readonly description: string;
  /** Name for the program of a call in which this is the only strategy beside `compute`. */
  readonly program?: string;
  /** Strategies of the same site that are strictly more exact. `compute` always is, unnamed. */
  readonly moreExact?: readonly string[];
  /** MACs of the site under this strategy, by which calls are grouped. */
  readonly cost?: number;
  /**
   * Takes the rows of the leading axis for the two halves of guidance pairs, as a `SharedStrategy` does: a
   * call with it is refused a batch that is none, and a loop that does no guidance.
   */
  readonly pairs?: true;
}

/** Makes the values of one region of the graph. */
export interface LeafStrategy extends StrategyBase {
  readonly kind?: 'leaf';
  /** States and parameters that it reads. */
  readonly reads: readonly string[];
  /**
   * Makes the site's values in place of computing them. Left out by `compute`, and by strategies that
   * differ from it only in what they keep.
   */
  readonly produce?: (b: SiteBuilder) => readonly Value[];
  /** States it can write, and the value to write. Built only where a later call reads the state. */
  readonly writes: Readonly<Record<string, (b: SiteBuilder) => Value>>;
}

/** Of a site with parts: a strategy for each of them. */
export interface CompositeStrategy extends StrategyBase {
  readonly kind: 'composite';
  readonly parts: PartChoice;
}

/**
 * Likewise, where what it makes and keeps is what another one does, with one half of the rows (leading
 * axis) in place of both: guidance sharing. A plan search then need not run it.
 */
export interface SharedStrategy extends StrategyBase {
  readonly kind: 'shared';
  readonly parts: PartChoice;
  readonly of: { readonly strategy: string; readonly half: 'first' | 'second' };
}

/**
 * The strategy of each part, by its id; `compute` where it is left out. Where a loop makes two calls a
 * step, one for each half of a guidance pair, it depends on the call.
 */
export type PartChoice = (call: number) => Readonly<Record<string, string>>;

export type Strategy = LeafStrategy | CompositeStrategy | SharedStrategy;

/** What every site says of itself. */
export interface SiteBase {
  /** Unique in the plan, such as `deep`. */
  readonly id: string;
  readonly description: string;
  /** Values of the source graph that leave the site. */
  readonly outputs: readonly Value[];
  /** Why a strategy that sites of this kind have is not offered here, by its name. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Of an attention: where a reference for it can be made, by names of the source graph. */
  readonly attention?: AttentionReference;
  /** Of values kept for a whole image: the inputs of the source that they depend on, which stay the same. */
  readonly invariant?: readonly string[];
  /** How what is kept is forecast, where a strategy does so. */
  readonly forecast?: ForecastRecord;
  /** Of runs of blocks: by strategy, the run that it replaces on each stream, by names of the source graph. */
  readonly ranges?: Readonly<Record<string, readonly RangeReference[]>>;
}

/** One region of the graph. */
export interface PlainSite extends SiteBase {
  readonly states: readonly StateSpec[];
  readonly parameters?: readonly ParameterSpec[];
  /** By name; `compute` must be among them. */
  readonly strategies: Readonly<Record<string, LeafStrategy>>;
  /** Only these nodes of the source graph read what a strategy makes; by default all that there are. */
  readonly within?: ReadonlySet<Node>;
  /**
   * Only what leaves the graph by these values, which are outputs of it, is chosen: whoever reads them in the graph,
   * other sites among them, has them as they were.
   */
  readonly leaves?: true;
  /**
   * Where another site chooses what leaves the graph by these values (`leaves`), this one comes behind it, and takes and
   * keeps what that lets leave.
   */
  readonly behind?: true;
  /** Of a part: the id of its site. */
  readonly parent?: string;
  readonly parts?: undefined;
}

/** A site whose strategies differ at several places, where one region is not enough. */
export interface CompositeSite extends SiteBase {
  /**
   * The places. Inner parts come first; parts of one value are layered in this order, each taking the
   * value of the one before.
   */
  readonly parts: readonly PlainSite[];
  /** By name; `compute` must be among them. */
  readonly strategies: Readonly<Record<string, CompositeStrategy | SharedStrategy>>;
  /** Where the whole model runs on one half of each guidance pair. */
  readonly halves?: HalfRuns;
}

/** A site of whose strategies all but `compute` run the model on one half of the rows of its batch. */
export interface HalfRuns {
  readonly half: 'first' | 'second';
  /** On which axis a value of the source carries the batch; undefined where it does not. */
  readonly axisOf: (value: Value) => number | undefined;
}

export type Site = PlainSite | CompositeSite;

export interface AttentionReference {
  /** What the Softmax over the keys reads; left out where one operator is all of the attention. */
  readonly scores?: string;
  /** What the product with v gives. */
  readonly mixed: string;
  /**
   * Keys that a query sees when it sees a window of them: on each side; or its neighbours on a grid, as
   * the schedule has it.
   */
  readonly window:
    | { readonly tokens: number }
    | { readonly fraction: number }
    | {
        readonly grid: {
          readonly from: number;
          readonly sizes: readonly number[];
          readonly extents: readonly number[];
        };
      };
  /** Type in which what a band lacks is taken, kept and added, where it is not the product's own. */
  readonly keptIn?: 'float32';
}

export interface RangeReference {
  /** The stream before the run, and behind it. */
  readonly from: string;
  readonly to: string;
  /** What is kept: the stream behind, or that less the stream before. */
  readonly keeps: 'output' | 'deviation';
  /** Type in which a deviation is taken, kept and added, where it is not the stream's own. */
  readonly keptIn?: 'float32';
}

export const COMPUTE = 'compute';
