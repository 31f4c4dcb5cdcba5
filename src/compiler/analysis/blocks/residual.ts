/**
 * Residual connections: every Add of a value and of something that was computed from it, or from what it
 * was before other sums. Chains of them are residual streams, whatever the branches hold.
 */
import { isHeavy } from '../../../model/cost/index.js';
import { isOp, MICROSOFT, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { equal, type ShapeTable } from '../../../model/shape/index.js';
import type { Ancestry } from '../ancestry.js';
import { beforeMoves, keepsOrder } from './moves.js';

export interface Residual {
  readonly add: Node;
  /**
   * The last of the stream that the branch is computed from, in every layout in which it is at hand: as
   * it was computed first, as it is added to last.
   */
  readonly from: readonly Value[];
  /** What sums have made of that since, up to what the branch is added to; none where that is `from`. */
  readonly since: readonly Value[];
  /** The stream behind. */
  readonly to: Value;
  /** What is added. */
  readonly branch: Value;
  /** The layers and products of the branch, in topological order; looked for as they are asked for. */
  readonly heavy: () => Iterable<Node>;
}

/** What the branch is added to, as it was computed. */
export const ontoOf = ({ from, since }: Residual): Value => since.at(-1) ?? from[0]!;

/**
 * So many summands are looked at behind one another for what a branch was computed from. No block is
 * known that has more than five sums on a stream, of two values each.
 */
const SUMMANDS_BACK = 16;

/** All residual connections whose branch holds a layer, in topological order. Costs a look at the first layers within each. */
export function residuals(ancestry: Ancestry, shapes: ShapeTable): Residual[] {
  const heavy = ancestry.order.filter(isHeavy);
  return ancestry.order.flatMap((add) => {
    for (const back of [0, SUMMANDS_BACK])
      for (const [onto, branch] of summandsOf(add, shapes)) {
        const stream = streamBefore(onto, branch, back, ancestry, shapes);
        if (!stream || !entryOf(stream.from, add.output, shapes)) continue;
        const layers = () => layersWithin(heavy, add, stream.from[0]!, branch, ancestry);
        if (!layers().next().done)
          return [{ ...stream, add, to: add.output, branch, heavy: layers }];
      }
    return [];
  });
}

/** Of an Add of two values: one of the shape of the sum, and what is added to it; both ways, or none. */
function summandsOf(add: Node, shapes: ShapeTable): (readonly [onto: Value, branch: Value])[] {
  const [a, b] = operandsOf(add);
  if (!a || !b || a === b || a.initializer || b.initializer) return [];
  return (
    [
      [a, b],
      [b, a],
    ] as const
  ).filter(([onto]) => sameShape(onto, add.output, shapes));
}

/** com.microsoft `BiasAdd` adds a bias as well, between the two. */
function operandsOf(add: Node): readonly (Value | null | undefined)[] {
  if (isOp(add, 'Add')) return add.inputs;
  const isBiasAdd = add.domain === MICROSOFT && add.opType === 'BiasAdd';
  return isBiasAdd ? [add.inputs[0], add.inputs[2]] : [];
}

/**
 * The values of one shape that a value is made of by sums alone, each as it was computed: what an Add
 * adds, and what that was before it was moved.
 */
export function summands(value: Value, shapes: ShapeTable): Value[] {
  const add = value.producer;
  return add ? summandsOf(add, shapes).map(([onto]) => beforeMoves(onto, shapes).at(-1)!) : [];
}

/**
 * From what a branch is added to back over sums to the last value that the branch is computed from.
 * @param back look at so many summands at most, beside what the branch is added to
 */
function streamBefore(
  onto: Value,
  branch: Value,
  back: number,
  ancestry: Ancestry,
  shapes: ShapeTable,
): Pick<Residual, 'from' | 'since'> | undefined {
  interface Step {
    readonly layouts: readonly Value[];
    readonly behind: Step | undefined;
  }
  const open: Step[] = [{ layouts: beforeMoves(onto, shapes).reverse(), behind: undefined }];
  const seen = new Set<Value>();
  const placeOf = ({ layouts }: Step) => {
    const { producer } = layouts[0]!;
    return producer ? ancestry.place(producer) : -1;
  };
  for (let looked = 0; looked <= back && open.length > 0; looked++) {
    // the last one first, which nothing that is still open comes behind
    open.sort((a, b) => placeOf(a) - placeOf(b));
    const step = open.pop()!;
    if (follows(branch, step.layouts[0]!, ancestry)) {
      const since: Value[] = [];
      for (let s = step.behind; s; s = s.behind) since.push(s.layouts[0]!);
      return { from: step.layouts, since };
    }
    const add = step.layouts[0]!.producer;
    for (const [before] of add ? summandsOf(add, shapes) : []) {
      const layouts = beforeMoves(before, shapes).reverse();
      if (seen.has(layouts[0]!)) continue;
      seen.add(layouts[0]!);
      open.push({ layouts, behind: step });
    }
  }
  return undefined;
}

/** Of nodes in topological order, those of a branch. */
function* layersWithin(
  nodes: readonly Node[],
  add: Node,
  from: Value,
  branch: Value,
  ancestry: Ancestry,
): Generator<Node> {
  const placeOf = (node: Node) => ancestry.place(node);
  const start = from.producer ? firstFrom(nodes, placeOf(from.producer), placeOf) : 0;
  const end = firstFrom(nodes, placeOf(add), placeOf);
  for (let i = start; i < end; i++) {
    const node = nodes[i]!;
    if (ancestry.dependsOn(branch, node) && follows(node.output, from, ancestry)) yield node;
  }
}

/** Index of the first of some items, in the order of their places, at a place or behind it. */
export function firstFrom<T>(
  items: readonly T[],
  place: number,
  placeOf: (item: T) => number,
): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placeOf(items[middle]!) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of a stream in its layouts, the last of which is added to, the first that can be added to what a sum of it is. */
export const entryOf = (from: readonly Value[], to: Value, shapes: ShapeTable): Value | undefined =>
  from.find(
    (value) =>
      sameShape(value, to, shapes) &&
      shapes.dtype(value) === shapes.dtype(to) &&
      keepsOrder(from.at(-1)!, value, shapes),
  );

export function sameShape(a: Value, b: Value, shapes: ShapeTable): boolean {
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
