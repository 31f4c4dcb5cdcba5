/** What two models differ in. */
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { type Comparison, compareNodes, type KeptNode, OTHER, valueChange } from './compare.js';
import { Constants } from './constants.js';
import { type SameFile, samePath } from './contents.js';
import { type FlatGraph, flatten } from './flat.js';
import { makeLabels } from './labels.js';
import { matchGraphs } from './match.js';
import type { Matching } from './matching.js';
import { type PortPairs, pairPorts, Symbols } from './ports.js';
import { ValueNumbers } from './value-numbers.js';

/** An input or an output of both models. */
export interface KeptPort {
  readonly before: Value;
  readonly after: Value;
  /** Such as `float32[1, 4] -> float32[2, 4]`, or `comes from something else`. */
  readonly changes: readonly string[];
}

export interface PortDifference {
  readonly kept: readonly KeptPort[];
  readonly removed: readonly Value[];
  readonly inserted: readonly Value[];
}

export interface ModelDifference {
  /** @internal */
  readonly before: FlatGraph;
  /** @internal */
  readonly after: FlatGraph;
  readonly kept: readonly KeptNode[];
  readonly removed: readonly Node[];
  readonly inserted: readonly Node[];
  readonly inputs: PortDifference;
  readonly outputs: PortDifference;
  /** What the models say of themselves, such as `opset ai.onnx: 17 -> 18`. */
  readonly header: readonly string[];
  /** Constants that could not be compared, since the data of one of them are not there. */
  readonly unread: number;
  /** @internal */
  readonly matching: Matching;
}

export interface DiffOptions {
  /** Tells that two files are one, whose equal places are then not read. Default: by path. */
  readonly sameFile?: SameFile;
}

/**
 * Compares two models by structure: nodes and values may have other names, and stand in another order.
 * Nodes inside branches of an If are taken for what they are outside of it. Constants are found by type,
 * sizes and samples of their data, and then compared whole.
 */
export function diffModels(
  before: Model,
  after: Model,
  { sameFile = samePath }: DiffOptions = {},
): ModelDifference {
  const [a, b] = [flatten(before.graph), flatten(after.graph)];
  const constants = new Constants(sameFile);
  const inputs = pairPorts(before.graph.inputs, after.graph.inputs);
  const outputs = pairPorts(before.graph.outputs, after.graph.outputs);
  const labels = makeLabels((tensor) => constants.sampleOf(tensor));
  const exact = makeLabels((tensor) => String(constants.classOf(tensor)));
  const matching = matchGraphs(a, b, { exact, labels, inputs, outputs });
  const numbers = new ValueNumbers(exact, matching);
  const comparison: Comparison = { a, b, matching, numbers, constants, unread: 0 };
  for (const node of a.nodes) numbers.node(node);
  const entries = new Map<Node, KeptNode>();
  // in the order of the computation, since what a node makes counts as what it made before
  for (const node of b.nodes) {
    const other = matching.by(node);
    if (!other) {
      numbers.node(node);
      continue;
    }
    entries.set(other, compareNodes(other, node, comparison));
    numbers.adoptOutputs(node, other);
  }
  const symbols = new Symbols();
  const ports = (
    { pairs, removed, inserted }: PortPairs,
    more: (x: Value, y: Value) => string | undefined,
  ): PortDifference => ({
    kept: pairs.map(([x, y]) => ({
      before: x,
      after: y,
      changes: [symbols.change(x, y), more(x, y)].filter((change) => change !== undefined),
    })),
    removed,
    inserted,
  });
  return {
    before: a,
    after: b,
    kept: a.nodes.flatMap((node) => entries.get(node) ?? []),
    removed: a.nodes.filter((node) => !matching.of(node)),
    inserted: b.nodes.filter((node) => !matching.by(node)),
    inputs: ports(inputs, (x, y) => defaultChange(x, y, comparison)),
    outputs: ports(outputs, (x, y) => sourceChange(x, y, comparison)),
    header: header(before, after),
    unread: comparison.unread,
    matching,
  };
}

/** Do the models compute the same by the same nodes, whatever these are called? */
export const isSame = ({ kept, removed, inserted, inputs, outputs, header }: ModelDifference) =>
  removed.length + inserted.length + header.length === 0 &&
  [inputs, outputs].every(
    (p) =>
      p.removed.length + p.inserted.length === 0 && p.kept.every((k) => k.changes.length === 0),
  ) &&
  kept.every(({ changes, rewired }) => changes.length + rewired.length === 0);

/** An input may have a default, which callers may leave as it is. */
function defaultChange(x: Value, y: Value, comparison: Comparison): string | undefined {
  const [p, q] = [x.initializer, y.initializer];
  if (!p || !q) return p === q ? undefined : p ? 'has no default any more' : 'has a default now';
  const same = comparison.constants.same(p, q);
  if (same === undefined) comparison.unread++;
  return same === false ? 'another default' : undefined;
}

function sourceChange(x: Value, y: Value, comparison: Comparison): string | undefined {
  const change = valueChange(x, y, comparison);
  return change === OTHER ? 'comes from something else' : change;
}

function header(before: Model, after: Model): string[] {
  const opsets = (model: Model) =>
    new Map([...model.opsets].map(([domain, version]) => [domain || 'ai.onnx', version]));
  const [from, to] = [opsets(before), opsets(after)];
  const changed = (what: string, x: unknown, y: unknown) =>
    String(x) === String(y) ? [] : [`${what}: ${x ?? 'none'} -> ${y ?? 'none'}`];
  return [
    ...changed('IR version', before.irVersion, after.irVersion),
    ...[...new Set([...from.keys(), ...to.keys()])].flatMap((domain) =>
      changed(`opset ${domain}`, from.get(domain), to.get(domain)),
    ),
  ];
}
