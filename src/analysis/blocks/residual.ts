/**
 * Residual connections: every Add of a value and of something that was computed from it. Chains of them
 * are residual streams, whatever the branches hold.
 */
import { isHeavy } from '../../cost/index.js';
import { isOp, type Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { equal, type ShapeTable } from '../../shape/index.js';
import type { Ancestry } from '../ancestry.js';

export interface Residual {
  readonly add: Node;
  /** The stream before: what the branch is computed from and added to. */
  readonly from: Value;
  /** The stream behind. */
  readonly to: Value;
  /** What is added. */
  readonly branch: Value;
  /** The layers and products of the branch, in topological order; looked for as they are asked for. */
  readonly heavy: () => Iterable<Node>;
}

/** All residual connections whose branch holds a layer, in topological order. Costs a look at the first layers within each. */
export function residuals(ancestry: Ancestry, shapes: ShapeTable): Residual[] {
  const heavy = ancestry.order.filter(isHeavy);
  return ancestry.order.flatMap((add) => {
    const [a, b] = operandsOf(add);
    if (!a || !b || a === b || a.initializer || b.initializer) return [];
    for (const [one, branch] of [
      [a, b],
      [b, a],
    ] as const) {
      const from = beforeQuantization(one);
      if (!sameShape(from, add.output, shapes) || !follows(branch, from, ancestry)) continue;
      const layers = () => layersWithin(heavy, { add, from, branch }, ancestry);
      if (!layers().next().done) return [{ add, from, to: add.output, branch, heavy: layers }];
    }
    return [];
  });
}

/** com.microsoft `BiasAdd` adds a bias as well, between the two. */
function operandsOf(add: Node): readonly (Value | null | undefined)[] {
  if (isOp(add, 'Add')) return add.inputs;
  const isBiasAdd = add.domain === 'com.microsoft' && add.opType === 'BiasAdd';
  return isBiasAdd ? [add.inputs[0], add.inputs[2]] : [];
}

/** The stream is what was quantized, not what an Add reads of it in fewer bits. */
function beforeQuantization(value: Value): Value {
  const quantized = isOp(value.producer, 'DequantizeLinear') && value.producer.inputs[0];
  const source = quantized && isOp(quantized.producer, 'QuantizeLinear');
  return (source && quantized.producer?.inputs[0]) || value;
}

/** Of nodes in topological order, those of a branch. */
function* layersWithin(
  nodes: readonly Node[],
  { add, from, branch }: Pick<Residual, 'add' | 'from' | 'branch'>,
  ancestry: Ancestry,
): Generator<Node> {
  const start = from.producer ? firstFrom(nodes, ancestry.place(from.producer), ancestry) : 0;
  const end = firstFrom(nodes, ancestry.place(add), ancestry);
  for (let i = start; i < end; i++) {
    const node = nodes[i]!;
    if (ancestry.dependsOn(branch, node) && follows(node.output, from, ancestry)) yield node;
  }
}

/** Index of the first of the nodes at a place of the order or behind it. */
export function firstFrom(nodes: readonly Node[], place: number, ancestry: Ancestry): number {
  let [low, high] = [0, nodes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ancestry.place(nodes[middle]!) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sameShape(a: Value, b: Value, shapes: ShapeTable): boolean {
  const [first, second] = [shapes.shape(a), shapes.shape(b)];
  return (
    first !== undefined &&
    first.length === second?.length &&
    first.every((size, axis) => equal(size, second[axis]!))
  );
}

/**
 * Is a value computed from another? Nodes with several outputs, such as the Split of a modulation, need
 * a closer look: what follows from one output need not follow from the next.
 */
export function follows(value: Value, from: Value, ancestry: Ancestry): boolean {
  if (from.producer) {
    if (!ancestry.dependsOn(value, from.producer)) return false;
    if (from.producer.outputs.length === 1) return true;
  }
  return ancestry.follows(value, from);
}
