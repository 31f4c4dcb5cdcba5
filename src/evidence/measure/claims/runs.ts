/**
 * What a site of runs of blocks claims, proved from the source's graph alone. A run goes from the streams
 * F to the streams T, and that is a run of transformer blocks only where
 *   - each T is its F and what was added to it: through sums, and operators that only move or scale;
 *   - nothing that is computed from F on the way to T is read by anything else, so that the run holds
 *     every node between them on every path;
 *   - no stream goes on from F past T, by a sum with something that depends on T;
 *   - no T stands in the middle of a block: what is added to it next is no feed-forward that belongs to the
 *     attention before it. After a feed-forward a next one opens a block, as in those of video over frames.
 */
import { isAttentionOperator, isHeavy, weightBehind } from '../../../model/cost/index.js';
import { attrNumbers } from '../../../model/ir/attribute.js';
import { constantTensor, storedTensor } from '../../../model/ir/constants.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { elementCount } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import type { DataFlow } from './data-flow.js';

export interface Stream {
  readonly from: Value;
  readonly to: Value;
}

/** What is wrong with a run, as the end of a sentence; undefined where it is one. */
export function wrongRun(flow: DataFlow, streams: readonly Stream[]): string | undefined {
  const to = new Set(streams.map((stream) => stream.to));
  const from = new Set(streams.map((stream) => stream.from));
  return (
    streams.map((stream) => notASum(stream)).find(Boolean) ??
    leak(flow, from, to) ??
    [...from].map((value) => passesBy(flow, value, to)).find(Boolean) ??
    [...to].map((value) => endsInside(flow, value)).find(Boolean)
  );
}

/** Operators that move elements, or make the same of them in another type, to a step of it. */
const MOVERS = [
  'Identity',
  'Cast',
  'Reshape',
  'Transpose',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Split',
  'Concat',
  'Gather',
  'QuantizeLinear',
  'DequantizeLinear',
];

/** The values that a value is a sum of, moved or scaled. */
function summands(value: Value): readonly Value[] {
  const node = value.producer;
  if (!node) return [];
  const inputs = node.inputs.filter((v) => v !== null);
  if (isOp(node, 'Add', 'Sum', 'Sub', 'Concat')) return inputs;
  if (isOp(node, ...MOVERS)) return inputs.slice(0, 1);
  const scales = isOp(node, 'Mul')
    ? inputs.some(isNumber)
    : isOp(node, 'Div') && isNumber(inputs[1]);
  return scales ? inputs : [];
}

function isNumber(value: Value | undefined): boolean {
  const tensor = value?.initializer ?? constantTensor(value);
  return tensor !== undefined && elementCount(tensor.dims) === 1;
}

function notASum({ from, to }: Stream): string | undefined {
  const met = new Set([to]);
  for (const value of met) for (const part of summands(value)) met.add(part);
  return met.has(from) && from !== to
    ? undefined
    : `"${to.name}" is not "${from.name}" and what was added to it`;
}

/** Something inside that something outside reads. */
function leak(
  flow: DataFlow,
  from: ReadonlySet<Value>,
  to: ReadonlySet<Value>,
): string | undefined {
  const needed = flow.before(to, from);
  const used = flow.before(flow.graph.outputs);
  for (const value of flow.behind(from, to)) {
    if (from.has(value) || to.has(value) || !needed.has(value)) continue;
    const reader = flow
      .readersOf(value)
      .find((node) => node.outputs.some((v) => v && used.has(v) && !needed.has(v)));
    if (reader) return `"${value.name}" in between is read by "${reader.label}" outside of it`;
    if (flow.graph.outputs.includes(value)) return `"${value.name}" in between leaves the model`;
  }
  return undefined;
}

/** The stream before the run goes on past its end. */
function passesBy(flow: DataFlow, from: Value, to: ReadonlySet<Value>): string | undefined {
  const after = flow.behind(to);
  const met = new Set([from]);
  for (const value of met) {
    if (after.has(value)) continue;
    for (const node of flow.readersOf(value))
      for (const made of node.outputs) {
        if (!made || !summands(made).includes(value)) continue;
        const others = node.inputs.filter((v) => v && v !== value && after.has(v)) as Value[];
        // a connection around several blocks, or around all and a last projection, may begin here too
        if (isOp(node, 'Add', 'Sum') && isFeedForward(nodesBetween(flow, to, others)))
          return `"${from.name}" goes on to "${node.label}", which adds to it a feed-forward on the end of the run`;
        met.add(made);
      }
  }
  return undefined;
}

/** What is added next to the stream is a feed-forward, and what was added last is none. */
function endsInside(flow: DataFlow, to: Value): string | undefined {
  if (endsWithFeedForward(flow, to)) return undefined;
  const met = new Set([to]);
  for (const value of met)
    for (const node of flow.readersOf(value)) {
      const [made] = node.outputs;
      if (!made || !summands(made).includes(value)) continue;
      if (!isOp(node, 'Add', 'Sum')) {
        met.add(made);
        continue;
      }
      const branch = node.inputs.filter((v) => v && v !== value) as Value[];
      const nodes = nodesBetween(flow, new Set([to]), branch);
      if (nodes.length === 0) met.add(made);
      else if (isFeedForward(nodes))
        return `"${to.name}" is in the middle of a block: "${node.label}" adds a feed-forward to it`;
    }
  return undefined;
}

/** The last branch that was added to a stream is a feed-forward: what one part of a sum needs, and another does not. */
function endsWithFeedForward(flow: DataFlow, to: Value): boolean {
  const met = new Set([to]);
  for (const value of met) {
    const parts = summands(value);
    const needed = parts.filter((part) => !isNumber(part)).map((part) => flow.before([part]));
    const branches = needed.flatMap((more) => needed.map((less) => madeWithout(more, less)));
    if (isOp(value.producer, 'Add', 'Sum') && branches.some((nodes) => nodes.some(isHeavy)))
      return branches.some(isFeedForward);
    for (const part of parts) met.add(part);
  }
  return false;
}

const madeWithout = (values: ReadonlySet<Value>, without: ReadonlySet<Value>): Node[] => [
  ...new Set([...values].flatMap((v) => (v.producer && !without.has(v) ? [v.producer] : []))),
];

/** Nodes that a branch of streams is made by. */
function nodesBetween(
  flow: DataFlow,
  streams: ReadonlySet<Value>,
  branch: readonly Value[],
): Node[] {
  const behind = flow.behind(streams);
  const nodes = new Set<Node>();
  for (const value of flow.before(branch, streams))
    if (!streams.has(value) && behind.has(value) && value.producer) nodes.add(value.producer);
  return [...nodes];
}

/** Two products with weights or more, none of them over neighbours, and no attention. */
function isFeedForward(nodes: readonly Node[]): boolean {
  if (nodes.some((node) => isAttentionOperator(node) || isOp(node, 'Softmax'))) return false;
  if (nodes.some((node) => seesNeighbours(node))) return false;
  // linear attention has products of two activations
  const products = nodes.filter(isHeavy);
  return products.length > 1 && products.every((node) => node.inputs.some((v) => weightBehind(v)));
}

const seesNeighbours = (node: Node): boolean =>
  isOp(node, 'Conv') && kernelOf(node).some((size) => size > 1);

/** Left out, the sizes are those of the weight. */
function kernelOf(node: Node): readonly number[] {
  const weight = weightBehind(node.inputs[1]);
  return attrNumbers(node, 'kernel_shape') ?? (weight && storedTensor(weight))?.dims.slice(2) ?? [];
}
