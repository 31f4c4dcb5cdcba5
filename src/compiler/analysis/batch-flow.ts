/**
 * Follows the batch through a region of a graph: on which axis each value carries the images. Where
 * every value does so on one axis, and no operator mixes images, the region gives for some of the
 * images what it gives for all of them, so it can be run on half a guidance pair.
 *
 * Assumes that images lie outermost in whatever axis they are folded into (batch * heads).
 */
import { attrNumber, attrNumbers, attrString } from '../../model/ir/attribute.js';
import { isOp, isStandard, type Node } from '../../model/ir/node.js';
import { topologicalOrder } from '../../model/ir/order.js';
import type { Value } from '../../model/ir/value.js';
import {
  constantShape,
  type DimExpr,
  divideExactly,
  product,
  type ShapeTable,
} from '../../model/shape/index.js';
import { permutation } from './attention/axes.js';
import type { Refusal } from './refusal.js';

/** Values that carry the batch, with the axis; the others are the same for every image. */
export type BatchAxes = ReadonlyMap<Value, number>;

/**
 * @param region the nodes to follow it through
 * @param from where it starts, on axis 0
 */
export function followBatch(
  region: ReadonlySet<Node>,
  from: Value,
  shapes: ShapeTable,
): BatchAxes | Refusal {
  const axes = new Map<Value, number>([[from, 0]]);
  const graph = [...region][0]?.graph;
  for (const node of graph ? topologicalOrder(graph) : []) {
    if (!region.has(node)) continue;
    const carrying = node.inputs.flatMap((v, index) =>
      v && axes.has(v) ? [{ index, axis: axes.get(v)! }] : [],
    );
    // a shape is known to the program in another way: it follows its tensor
    if (carrying.length === 0 || isOp(node, 'Shape', 'Size')) continue;
    const step = new Step(node, carrying, shapes.shape(from)?.[0], shapes);
    const result = step.follow();
    if (typeof result === 'string') return { reason: result, node: node.label };
    for (const output of node.outputs) if (output) axes.set(output, result);
  }
  return axes;
}

interface Carrier {
  readonly index: number;
  readonly axis: number;
}

const ELEMENTWISE = new Set(
  'Abs Add Cast CastLike Clip Cos Div Dropout Elu Equal Erf Exp Expand Gelu Greater HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Less Log Max Min Mul Neg Not Pow Reciprocal Relu Round Sigmoid Sign Sin Softplus Sqrt Sub Tanh Where'.split(
    ' ',
  ),
);

/** Operators whose first input has the batch outermost, or q, k and v of an attention, and whose outputs do too. */
const BATCH_FIRST = new Set(
  'Attention AveragePool BatchNormalization Conv ConvTranspose GlobalAveragePool GroupNormalization InstanceNormalization MaxPool MultiHeadAttention'.split(
    ' ',
  ),
);

const NORMALIZATIONS = new Set(
  'LayerNormalization LpNormalization RMSNormalization SimplifiedLayerNormalization Softmax LogSoftmax'.split(
    ' ',
  ),
);

/** How many operands have the batch: com.microsoft's Attention takes q, k and v packed into one. */
const operandsOf = (node: Node): number =>
  isOp(node, 'Attention') || node.opType === 'MultiHeadAttention' ? 3 : 1;

/** Inputs of attention beside q, k and v that are the same for all images, and those that may be. */
const BESIDE_OPERANDS: Readonly<Record<string, { weights: number[]; masks: number[] }>> = {
  standard: { weights: [], masks: [3] },
  Attention: { weights: [1, 2], masks: [5] },
  MultiHeadAttention: { weights: [3], masks: [5] },
};

/** Operators whose other inputs say how, not what: a batch in those would not be followed. */
const ONE_OPERAND =
  /^(Reduce|(Transpose|Reshape|Flatten|Squeeze|Unsqueeze|Split|Slice|Gather|\w+Normalization|\w*Softmax)$)/;

/** An axis counted from the front. */
const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** One node with the inputs that carry the batch. */
class Step {
  private readonly first: Carrier;

  constructor(
    private readonly node: Node,
    private readonly carrying: readonly Carrier[],
    /** How many images there are. */
    private readonly images: DimExpr | undefined,
    private readonly shapes: ShapeTable,
  ) {
    this.first = carrying[0]!;
  }

  /** The axis of the outputs, or why it cannot be said. */
  follow(): number | string {
    const { opType, domain } = this.node;
    if (!isStandard(this.node) && domain !== 'com.microsoft')
      return `it is not known how ${domain}.${opType} treats the batch`;
    if (ELEMENTWISE.has(opType)) return this.aligned();
    if (BATCH_FIRST.has(opType)) {
      if (!this.isCarriedByFirst(operandsOf(this.node)))
        return 'not all of its operands carry the batch, or others do';
      const reason = this.mixesBesides();
      if (reason) return reason;
      return this.carrying.every((c) => c.axis === 0)
        ? 0
        : 'the batch does not lie on its first axis';
    }
    if (ONE_OPERAND.test(opType) && !this.isCarriedByFirst(1))
      return 'another of its inputs than the first carries the batch';
    if (NORMALIZATIONS.has(opType)) return this.normalized();
    if (opType.startsWith('Reduce')) return this.reduced();
    switch (opType) {
      case 'MatMul':
        return this.matrixProduct();
      case 'Gemm':
        return this.generalProduct();
      case 'Transpose':
        return this.transposed();
      case 'Reshape':
        return this.reshaped();
      case 'Flatten':
        return this.first.axis === 0 && attrNumber(this.node, 'axis', 1) >= 1
          ? 0
          : 'it folds other axes into the batch';
      case 'Squeeze':
      case 'Unsqueeze':
        return this.squeezed();
      case 'Split':
      case 'Concat':
        return this.apart(this.attributeAxis(opType === 'Split' ? 0 : undefined));
      case 'Slice':
        return this.sliced();
      case 'Gather':
        return this.gathered();
      case 'Einsum':
        return this.einsum();
      default:
        return `it is not known how ${opType} treats the batch`;
    }
  }

  /** Do just the first so many inputs carry the batch, of those that are there? */
  private isCarriedByFirst(count: number): boolean {
    const { inputs } = this.node;
    const carries = (index: number) => this.carrying.some((c) => c.index === index);
    return inputs.every((value, i) => !value || carries(i) === i < count);
  }

  /** Why operators that have the batch first mix images in spite of that, where they do. */
  private mixesBesides(): string | undefined {
    const { node } = this;
    if (node.opType === 'MaxPool' && node.outputs[1])
      return 'its places are counted through all images';
    if (!node.opType.endsWith('Attention')) return undefined;
    const { weights, masks } = BESIDE_OPERANDS[isStandard(node) ? 'standard' : node.opType]!;
    for (const [index, value] of node.inputs.entries()) {
      if (!value || weights.includes(index) || this.carrying.some((c) => c.index === index))
        continue;
      const shape = this.shapeOf(index);
      // broadcasts to (batch, heads, queries, keys)
      const isForAll = shape && (shape.length < 4 || shape[0]!.constant === 1);
      if (!masks.includes(index) || !isForAll)
        return `"${value.name}" may have a value for each image`;
    }
    return undefined;
  }

  private shapeOf(index: number): readonly DimExpr[] | undefined {
    const value = this.node.inputs[index];
    return value ? this.shapes.shape(value) : undefined;
  }

  private get outputShape(): readonly DimExpr[] | undefined {
    return this.shapes.shape(this.node.output);
  }

  /**
   * Axes as early operator sets give them, by attribute, or as later ones do, by an input; undefined
   * where they are not known, or where none are given, which means another thing to each operator.
   */
  private axesFrom(index: number): number[] | undefined {
    const operand = this.node.inputs[index];
    const computed = operand ? this.shapes.contents(operand) : undefined;
    const axes = attrNumbers(this.node, 'axes') ?? (computed && constantShape(computed));
    return axes?.length ? axes : undefined;
  }

  /**
   * Of the inputs without the batch, the first that has a size on its axis in a result of a rank, or whose
   * shape is not known, as a reason.
   * @param skipped the index of an input that does not broadcast
   */
  private perImage(axis: number, rank: number, skipped?: number): string | undefined {
    for (const [index, value] of this.node.inputs.entries()) {
      if (!value || index === skipped || this.carrying.some((c) => c.index === index)) continue;
      const shape = this.shapeOf(index);
      if (!shape) return `the shape of "${value.name}" is not known`;
      const dim = shape[axis - (rank - shape.length)];
      if (dim && dim.constant !== 1)
        return `"${value.name}" has a value for each image of the batch`;
    }
    return undefined;
  }

  /** Broadcasting aligns from the right; a side without the batch must not have a size there. */
  private aligned(): number | string {
    const rank = this.outputShape?.length;
    if (rank === undefined) return 'the rank of its output is not known';
    const places = this.carrying.map((c) => {
      const own = this.shapeOf(c.index)?.length;
      return own === undefined ? undefined : rank - own + c.axis;
    });
    const axis = places[0];
    if (axis === undefined || places.some((p) => p !== axis))
      return 'the batch lies on different axes of its inputs';
    // the shape of an Expand is no tensor that broadcasts
    return this.perImage(axis, rank, this.node.opType === 'Expand' ? 1 : undefined) ?? axis;
  }

  private normalized(): number | string {
    const { axis } = this.first;
    const rank = this.shapeOf(0)?.length;
    if (rank === undefined) return 'the rank of its input is not known';
    // before opset 13 a Softmax without an axis works across all but the first
    const missing = this.node.opType.endsWith('Softmax') ? Math.min(1, rank - 1) : -1;
    const own = attrNumber(this.node, 'axis', missing);
    if (axis >= fromFront(own, rank)) return 'it works across the batch';
    return this.perImage(axis, rank) ?? axis;
  }

  private reduced(): number | string {
    const rank = this.shapeOf(0)?.length;
    const given = this.axesFrom(1);
    if (rank === undefined || !given) return 'the axes that it reduces are not known';
    const reduced = given.map((a) => fromFront(a, rank));
    const { axis } = this.first;
    if (reduced.includes(axis)) return 'it works across the batch';
    if (attrNumber(this.node, 'keepdims', 1)) return axis;
    return axis - reduced.filter((a) => a < axis).length;
  }

  private generalProduct(): number | string {
    const { inputs } = this.node;
    const isRows = this.carrying.every((c) => c.axis === 0 && c.index !== 1);
    if (!isRows || this.first.index !== 0 || attrNumber(this.node, 'transA', 0))
      return 'the batch is not the rows of its first operand';
    const bias = this.shapeOf(2);
    const [rows] = bias?.length === 2 ? bias : [];
    const isApart = this.carrying.length === 2 ? bias?.length === 2 : !rows || rows.constant === 1;
    return !inputs[2] || (bias && isApart) ? 0 : 'its bias does not follow the batch';
  }

  private matrixProduct(): number | string {
    const rank = this.outputShape?.length;
    const ranks = [this.shapeOf(0)?.length, this.shapeOf(1)?.length];
    if (rank === undefined || ranks.includes(undefined))
      return 'the ranks of its operands are not known';
    if (ranks.includes(1)) return 'one of its operands is a vector';
    for (const { index, axis } of this.carrying) {
      const fromRight = ranks[index]! - axis;
      if (fromRight > 2) continue;
      // rows of the left operand stay apart as well
      if (index === 0 && fromRight === 2 && this.carrying.length === 1) return rank - 2;
      return 'it sums over the batch, or pairs its images';
    }
    return this.aligned();
  }

  private transposed(): number | string {
    const rank = this.shapeOf(0)?.length;
    if (rank === undefined) return 'the rank of its input is not known';
    return permutation(this.node, rank).indexOf(this.first.axis);
  }

  private reshaped(): number | string {
    const before = this.shapeOf(0);
    const after = this.outputShape;
    if (!before || !after) return 'its shapes are not known';
    const { axis } = this.first;
    const ahead = product(before.slice(0, axis)).key;
    const places = after.flatMap((_, j) => (product(after.slice(0, j)).key === ahead ? [j] : []));
    // sizes of 1 make several places; the batch is the one that has a size
    const place = places.find((j) => after[j]!.constant !== 1) ?? places[0];
    if (place === undefined) return 'it folds other axes into the batch';
    // what lies ahead being the same, each image stays whole where as many parts fall to each
    const isWhole =
      after[place]!.key === before[axis]!.key ||
      (this.images && divideExactly(after[place]!, this.images));
    return isWhole ? place : 'it takes the batch apart';
  }

  private squeezed(): number | string {
    const before = this.shapeOf(0)?.length;
    const after = this.outputShape?.length;
    const given = this.axesFrom(1);
    if (before === undefined || after === undefined || !given) return 'its axes are not known';
    const { axis } = this.first;
    if (this.node.opType === 'Squeeze') {
      const gone = given.map((a) => fromFront(a, before));
      return gone.includes(axis)
        ? 'it drops the batch'
        : axis - gone.filter((a) => a < axis).length;
    }
    const fresh = new Set(given.map((a) => fromFront(a, after)));
    const kept = Array.from({ length: after }, (_, i) => i).filter((i) => !fresh.has(i));
    return kept[axis] ?? 'its axes do not fit its input';
  }

  private attributeAxis(fallback: number | undefined): number | undefined {
    const rank = this.shapeOf(this.first.index)?.length;
    const axis = attrNumber(this.node, 'axis') ?? fallback;
    return axis === undefined || rank === undefined ? undefined : fromFront(axis, rank);
  }

  /** For operators that work along one axis, which must not be the batch's. */
  private apart(own: number | undefined): number | string {
    if (own === undefined) return 'the axis that it works along is not known';
    if (this.carrying.some((c) => c.axis !== this.first.axis))
      return 'the batch lies on different axes of its inputs';
    if (this.node.opType === 'Concat' && this.carrying.length < this.node.inputs.length)
      return 'it joins what is the same for all images to what is not';
    return own === this.first.axis ? 'it works along the batch' : this.first.axis;
  }

  private sliced(): number | string {
    const rank = this.shapeOf(0)?.length;
    const given = this.axesFrom(3);
    if (rank === undefined || !given) return 'the axes that it slices are not known';
    const { axis } = this.first;
    return given.some((a) => fromFront(a, rank) === axis) ? 'it works along the batch' : axis;
  }

  private gathered(): number | string {
    const own = this.attributeAxis(0);
    const indices = this.shapeOf(1)?.length;
    if (own === undefined || indices === undefined) return 'its shapes are not known';
    const { axis } = this.first;
    if (own === axis) return 'it works along the batch';
    return axis < own ? axis : axis - 1 + indices;
  }

  private einsum(): number | string {
    const equation = (attrString(this.node, 'equation') ?? '').replaceAll(' ', '');
    if (equation.includes('.')) return 'its axes are not all named';
    const [left = '', right = ''] = equation.split('->');
    const operands = left.split(',');
    const label = operands[this.first.index]?.[this.first.axis] ?? '?';
    const same = this.carrying.every((c) => operands[c.index]?.[c.axis] === label);
    const everywhere = operands.every(
      (labels, i) => this.carrying.some((c) => c.index === i) || !labels.includes(label),
    );
    const axis = right.indexOf(label);
    // twice in one operand, it takes a diagonal
    if (operands.some((labels) => labels.split(label).length > 2)) return 'it pairs images';
    return same && everywhere && axis >= 0 ? axis : 'it sums over the batch, or pairs its images';
  }
}
