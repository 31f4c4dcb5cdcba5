/** One node that the batch comes to, as the rules of how it goes on see it. */
import { attrNumber, attrNumbers } from '../../../model/ir/attribute.js';
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import {
  add,
  constantShape,
  type DimExpr,
  isPositive,
  negate,
  type ShapeTable,
} from '../../../model/shape/index.js';

/** An input that carries the batch, and on which axis. */
export interface Carrier {
  readonly index: number;
  readonly axis: number;
}

/** The axis of the outputs, or why it cannot be said. */
export type Flow = (step: Step) => number | string;

/** An axis counted from the front. */
export const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Where a Slice starts along an axis of a size, from the front. It stays before 0 where the Slice would begin at 0 instead. */
export const startFromFront = (start: DimExpr, size: DimExpr): DimExpr =>
  isPositive(negate(start)) ? add(start, size) : start;

export class Step {
  readonly first: Carrier;

  constructor(
    readonly node: Node,
    readonly carrying: readonly Carrier[],
    /** How many images there are. */
    readonly images: DimExpr | undefined,
    private readonly shapes: ShapeTable,
    /** Does a value carry the batch? */
    readonly hasImages: (value: Value) => boolean,
  ) {
    this.first = carrying[0]!;
  }

  carries(index: number): boolean {
    return this.carrying.some((c) => c.index === index);
  }

  /** Do just these inputs carry the batch, of those that are there? */
  isCarriedBy(indices: readonly number[]): boolean {
    return this.node.inputs.every((value, i) => !value || this.carries(i) === indices.includes(i));
  }

  shapeOf(index: number): readonly DimExpr[] | undefined {
    const value = this.node.inputs[index];
    return value ? this.shapes.shape(value) : undefined;
  }

  contentsOf(index: number): readonly DimExpr[] | undefined {
    const value = this.node.inputs[index];
    return value ? this.shapes.contents(value) : undefined;
  }

  sizesOf(value: Value): readonly DimExpr[] | undefined {
    return this.shapes.shape(value);
  }

  get outputShape(): readonly DimExpr[] | undefined {
    return this.shapes.shape(this.node.output);
  }

  /**
   * Axes as early operator sets give them, by attribute, or as later ones do, by an input; undefined
   * where they are not known, or where none are given, which means another thing to each operator.
   */
  axesFrom(index: number): number[] | undefined {
    const operand = this.node.inputs[index];
    const computed = operand ? this.shapes.contents(operand) : undefined;
    const axes = attrNumbers(this.node, 'axes') ?? (computed && constantShape(computed));
    return axes?.length ? axes : undefined;
  }

  /** Of all axes, those at their fronts and then those at their ends; undefined where they are not known. */
  padsOf(): readonly (number | undefined)[] | undefined {
    const [, pads, , axes] = this.node.inputs;
    if (axes) return undefined;
    const given = pads ? this.shapes.contents(pads)?.map((d) => d.constant) : undefined;
    return attrNumbers(this.node, 'pads') ?? given;
  }

  attributeAxis(fallback: number | undefined): number | undefined {
    const rank = this.shapeOf(this.first.index)?.length;
    const axis = attrNumber(this.node, 'axis') ?? fallback;
    return axis === undefined || rank === undefined ? undefined : fromFront(axis, rank);
  }

  /**
   * Of the inputs without the batch, the first that has a size on its axis in a result of a rank, or whose
   * shape is not known, as a reason.
   * @param skipped the index of an input that does not broadcast
   */
  perImage(axis: number, rank: number, skipped?: number): string | undefined {
    for (const [index, value] of this.node.inputs.entries()) {
      if (!value || index === skipped || this.carries(index)) continue;
      const shape = this.shapeOf(index);
      if (!shape) return `the shape of "${value.name}" is not known`;
      const dim = shape[axis - (rank - shape.length)];
      if (dim && dim.constant !== 1)
        return `"${value.name}" has a value for each image of the batch`;
    }
    return undefined;
  }
}
