/** What the instrumented graph holds: its sites, their alternatives, and the states. */
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import type { DataType, Dim, ValueType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import type { NamedVariant, ParameterSpec, PlainSite } from '../plan/index.js';
import type { LoopRow } from './loop-rows.js';
import type { InterfaceNames } from './names.js';

export interface InstrumentedSite {
  readonly site: PlainSite;
  /** Those of the site's values that some call needs, in the instrumented graph, as computed. */
  readonly outputs: readonly Value[];
  /** By strategy: the values that take their place. */
  readonly produced: ReadonlyMap<string, readonly Value[]>;
  /** By strategy, then state: the value to keep. */
  readonly writes: ReadonlyMap<string, ReadonlyMap<string, Value>>;
}

/** What an input carries from call to call; of a parameter, what it is fed at each call. */
export interface StateInfo {
  readonly id: string;
  readonly type: DataType;
  readonly shape: readonly Dim[];
  /** The graph input that carries it. */
  readonly input: Value;
  /** See `StateSpec`. */
  readonly follows?: string | undefined;
  readonly initial?: readonly number[] | undefined;
  readonly parameter?: ParameterSpec | undefined;
  /** It holds the number of the call. */
  readonly counts?: true;
}

export interface ValueTypes {
  /** Inferred type of a value of the instrumented graph, for values that become inputs or outputs. */
  readonly typeOf: (value: Value) => ValueType | undefined;
  /** Why a value is no tensor of a known type. */
  readonly whyUntyped: (value: Value) => string;
}

export interface Instrumented extends ValueTypes {
  readonly model: Model;
  readonly sites: readonly InstrumentedSite[];
  /** States that some strategy of some call reads. */
  readonly states: ReadonlyMap<string, StateInfo>;
  readonly variants: readonly NamedVariant[];
  /** What the models' further inputs and outputs are called. */
  readonly names: InterfaceNames;
  /** By name, the variant that each call is. */
  readonly calls: readonly string[];
  /** What steps of any loop can be, with the names of their variants; where the plan has rules that serve any. */
  readonly rows?: readonly LoopRow<string>[] | undefined;
  /** Why there are none. */
  readonly fixed?: string | undefined;
  /** Identities that no longer serve once every site's strategy is chosen. */
  readonly standIns: ReadonlySet<Node>;
}
