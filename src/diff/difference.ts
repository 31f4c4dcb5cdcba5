/** What two models differ in. */
import type { Attribute } from '../ir/attribute.js';
import { constantTensor } from '../ir/constants.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { type SameFile, sameContents, samePath } from './contents.js';
import { type FlatGraph, flatten } from './flat.js';
import { attributesOf, attributeText, makeLabels } from './labels.js';
import { matchGraphs, pairPorts } from './match.js';
import type { Matching } from './matching.js';
import { ValueNumbers } from './value-numbers.js';

/** A node of both models. */
export interface KeptNode {
  readonly before: Node;
  readonly after: Node;
  /** How it changed itself, such as `axis: 1 -> 2`; empty where it did not. */
  readonly changes: readonly string[];
  /** Inputs, by index, that come from something else than before. */
  readonly rewired: readonly number[];
}

export interface PortDifference {
  readonly kept: readonly (readonly [Value, Value])[];
  readonly removed: readonly Value[];
  readonly inserted: readonly Value[];
}

export interface ModelDifference {
  readonly before: FlatGraph;
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
  const labels = makeLabels();
  const matching = matchGraphs(a, b, labels);
  const outputs = new Map<Value, Value>();
  pairPorts(before.graph.outputs, after.graph.outputs, (x, y) => outputs.set(x, y));
  const numbers = new ValueNumbers(labels, matching.inputs);
  for (const node of a.nodes) numbers.node(node);
  const context = { a, b, numbers, sameFile, unread: 0 };
  const entries = new Map<Node, KeptNode>();
  // in the order of the computation, since what a node makes counts as what it made before
  for (const node of b.nodes) {
    const other = matching.by(node);
    if (other) entries.set(other, compare(other, node, context));
    else numbers.node(node);
    node.outputs.forEach((value, i) => {
      const as = other?.outputs[i];
      if (value && as) numbers.adopt(value, as);
    });
  }
  const kept = a.nodes.flatMap((node) => entries.get(node) ?? []);
  return {
    before: a,
    after: b,
    kept,
    removed: a.nodes.filter((node) => !matching.of(node)),
    inserted: b.nodes.filter((node) => !matching.by(node)),
    inputs: ports(before.graph.inputs, after.graph.inputs, matching.inputs),
    outputs: ports(before.graph.outputs, after.graph.outputs, outputs),
    header: header(before, after),
    unread: context.unread,
    matching,
  };
}

/** Do the models compute the same by the same nodes, whatever these are called? */
export const isSame = ({ kept, removed, inserted, inputs, outputs, header }: ModelDifference) =>
  removed.length + inserted.length + header.length === 0 &&
  [inputs, outputs].every((p) => p.removed.length + p.inserted.length === 0) &&
  kept.every(({ changes, rewired }) => changes.length + rewired.length === 0);

interface Context {
  readonly a: FlatGraph;
  readonly b: FlatGraph;
  readonly numbers: ValueNumbers;
  readonly sameFile: SameFile;
  unread: number;
}

function compare(before: Node, after: Node, context: Context): KeptNode {
  const changes = attributeChanges(before, after);
  const rewired: number[] = [];
  const count = Math.max(before.inputs.length, after.inputs.length);
  for (let i = 0; i < count; i++) {
    const [x, y] = [before.inputs[i] ?? null, after.inputs[i] ?? null];
    const [p, q] = [x && constantTensor(x), y && constantTensor(y)];
    if (p && q) {
      const same = sameContents(p, q, context.sameFile);
      if (same === undefined) context.unread++;
      else if (!same) changes.push(`input ${i}: ${constantChange(p, q)}`);
    } else if (!comesFrom(x, y, context)) rewired.push(i);
  }
  return { before, after, changes, rewired };
}

const typeText = ({ dtype, dims }: { dtype: string; dims: readonly number[] }) =>
  `${dtype}[${dims.join(', ')}]`;

function constantChange(p: Parameters<typeof typeText>[0], q: Parameters<typeof typeText>[0]) {
  const [from, to] = [typeText(p), typeText(q)];
  return from === to ? `another constant ${from}` : `constant ${from} -> ${to}`;
}

/** Is a value of the second model, or what it stands for, the value of the first? */
function comesFrom(x: Value | null, y: Value | null, { a, b, numbers }: Context): boolean {
  if (!x || !y) return x === y;
  const theirs = new Set(b.sources(y).map((value) => numbers.of(value)));
  return a.sources(x).some((value) => theirs.has(numbers.of(value)));
}

function attributeChanges(before: Node, after: Node): string[] {
  const [from, to] = [new Map(attributesOf(before)), new Map(attributesOf(after))];
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((name) => {
    const [x, y] = [from.get(name), to.get(name)].map(shown);
    return x === y ? [] : [`${name}: ${short(x)} -> ${short(y)}`];
  });
}

const shown = (attribute: Attribute['value'] | unknown): string | undefined =>
  attribute === undefined ? undefined : attributeText(attribute as Attribute);

/** Long values, and those that are no text, are cut short. */
function short(text: string | undefined): string {
  if (text === undefined) return 'none';
  const clean = text.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '.');
  return clean.length > 40 ? `${clean.slice(0, 39)}…` : clean;
}

function ports(
  before: readonly Value[],
  after: readonly Value[],
  pairs: ReadonlyMap<Value, Value>,
): PortDifference {
  const found = new Set(pairs.values());
  return {
    kept: [...pairs],
    removed: before.filter((value) => !pairs.has(value)),
    inserted: after.filter((value) => !found.has(value)),
  };
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
