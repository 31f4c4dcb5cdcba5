/**
 * Follows the batch through a whole model, from every input that carries it: on which axis each value carries the
 * images, and where rows have to be chosen so that the model runs on some of its images. Beside inputs these are
 * values with a row for each image that nothing of an image goes into, such as a time embedding that an exporter
 * expanded to a batch written down as a number.
 *
 * Assumes that the latent's first axis is the batch.
 */
import type { Graph } from '../../../model/ir/graph.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { nodeDependencies, topologicalOrder } from '../../../model/ir/order.js';
import type { Value } from '../../../model/ir/value.js';
import { readsNoElements } from '../../../model/operators/index.js';
import {
  type DimExpr,
  findFollowers,
  type ShapeTable,
  symbolsOf,
} from '../../../model/shape/index.js';
import type { Refusal } from '../refusal.js';
import { type BatchAxes, carriersOf, through } from './follow.js';
import type { Carrier } from './step.js';

/** Where rows are chosen. */
export interface RowSource {
  readonly value: Value;
  readonly axis: number;
  /** The nodes that take only the chosen rows; all that read the value where it is left out. */
  readonly readers?: ReadonlySet<Node> | undefined;
  /** It may have one row, which is the same for all images. */
  readonly orOne?: boolean | undefined;
}

export interface ImageFlow {
  /** Values that carry the batch, with the axis; the others are the same for every image. */
  readonly axes: BatchAxes;
  readonly sources: readonly RowSource[];
}

/** @param latent an input whose first axis is the batch */
export function followImages(graph: Graph, latent: Value, shapes: ShapeTable): ImageFlow | Refusal {
  const { sure, open } = batchedInputs(graph, latent, shapes);
  const images = shapes.shape(latent)?.[0];
  const found = new Follower(graph, images, shapes).from([...sure, ...open]);
  // an axis of an unrelated size may be of anything: tokens, or rows that are one for all images
  if ('reason' in found && open.length > 0) {
    const without = new Follower(graph, images, shapes).from(sure);
    if (!('reason' in without)) return without;
  }
  return found;
}

/** Inputs whose first axis is the batch, and those of which nothing says so or otherwise. */
function batchedInputs(graph: Graph, latent: Value, shapes: ShapeTable) {
  const inputs = graph.inputs.filter((input) => !input.initializer && input !== latent);
  const symbols = new Set<string>();
  for (const input of [latent, ...inputs])
    for (const dim of shapes.shape(input) ?? []) symbolsOf(dim, symbols);
  const followers = findFollowers(shapes, [...symbols]);
  const leading = (input: Value) => shapes.shape(input)?.[0];
  const batch = leading(latent)?.key;
  const isBatch = (dim: DimExpr | undefined) =>
    dim && (dim.key === batch || followers.get(dim.symbolName ?? '')?.key === batch);
  const behind = new Set<string>();
  for (const input of [latent, ...inputs])
    for (const dim of shapes.shape(input)?.slice(1) ?? []) symbolsOf(dim, behind);
  const isOpen = (name: string | undefined) =>
    name !== undefined && !followers.has(name) && !behind.has(name);
  return {
    sure: [latent, ...inputs.filter((input) => isBatch(leading(input)))],
    open: inputs.filter((input) => !isBatch(leading(input)) && isOpen(leading(input)?.symbolName)),
  };
}

class Follower {
  private readonly axes = new Map<Value, number>();
  private readonly demanded = new Map<Value, { axis: number; readers: Set<Node> }>();
  /** Rows for each image that are made of sizes alone. */
  private readonly measured = new Set<Value>();

  constructor(
    private readonly graph: Graph,
    private readonly images: DimExpr | undefined,
    private readonly shapes: ShapeTable,
  ) {}

  from(inputs: readonly Value[]): ImageFlow | Refusal {
    for (const input of inputs) this.axes.set(input, 0);
    for (const node of topologicalOrder(this.graph)) {
      const axis = this.axisOf(node);
      if (typeof axis === 'string') return { reason: axis, node: node.label };
      if (axis === undefined) continue;
      for (const output of node.outputs) if (output) this.axes.set(output, axis);
    }
    return {
      axes: this.axes,
      sources: [
        ...inputs.map((value) => ({ value, axis: 0, orOne: !this.isBatch(value) })),
        ...[...this.demanded].map(([value, source]) => ({ value, ...source })),
      ],
    };
  }

  private isBatch(input: Value): boolean {
    return this.shapes.shape(input)?.[0]?.key === this.images?.key;
  }

  private axisOf(node: Node): number | string | undefined {
    const captured = nodeDependencies(node).some(
      (value) => this.axes.has(value) && !node.inputs.includes(value),
    );
    if (captured) return `it is not known how a graph inside of ${node.opType} treats the batch`;
    const carrying = carriersOf(node, this.axes);
    if (carrying.length === 0) {
      const axis = this.born(node);
      if (axis !== undefined) this.measured.add(node.output);
      return axis;
    }
    const isMeasured = carrying.every(({ index }) => this.measured.has(node.inputs[index]!));
    const result = through(node, this.axes, this.images, this.shapes, carrying);
    if (isMeasured) {
      // beside numbers that count images it tells places, anew for as many images as there are
      if (isOp(node, 'Concat') && typeof result === 'string') return undefined;
      for (const output of node.outputs) if (output) this.measured.add(output);
    }
    if (typeof result !== 'string') return result;
    return this.withDemanded(node, carrying) ?? result;
  }

  /** Rows that are all the same, as many as the run-time batch has. */
  private born(node: Node): number | undefined {
    if (this.images?.constant !== undefined || readsNoElements(node)) return undefined;
    if (!isOp(node, 'Expand', 'Tile', 'ConstantOfShape')) return undefined;
    const shape = this.shapes.shape(node.output);
    const axis = shape?.findIndex((dim) => dim.key === this.images?.key) ?? -1;
    if (!shape || axis < 0 || isOp(node, 'ConstantOfShape')) return axis < 0 ? undefined : axis;
    const given = this.shapes.shape(node.inputs[0]!);
    const own = given?.[axis - (shape.length - given.length)];
    return given && (!own || own.constant === 1) ? axis : undefined;
  }

  /** Where the batch is a number: values with as many rows, of which this node takes some. */
  private withDemanded(node: Node, carrying: readonly Carrier[]): number | undefined {
    const rows = this.images?.constant;
    if (rows === undefined) return undefined;
    const places = node.inputs.flatMap((value, index) => {
      if (!value || carrying.some((c) => c.index === index)) return [];
      const axes = (this.shapes.shape(value) ?? []).flatMap((dim, axis) =>
        // heads may be folded into it
        dim.constant !== undefined && dim.constant % rows === 0 && dim.constant > 0 ? [axis] : [],
      );
      return axes.length > 0 ? [axes.map((axis): Carrier => ({ index, axis }))] : [];
    });
    for (const chosen of combinations(places)) {
      const all = [...carrying, ...chosen].sort((a, b) => a.index - b.index);
      const result = through(node, this.axes, this.images, this.shapes, all);
      if (typeof result !== 'number') continue;
      if (chosen.every(({ index, axis }) => this.demand(node.inputs[index]!, axis, node)))
        return result;
    }
    return undefined;
  }

  private demand(value: Value, axis: number, reader: Node): boolean {
    const known = this.demanded.get(value);
    if (known && known.axis !== axis) return false;
    this.demanded.set(value, { axis, readers: (known?.readers ?? new Set()).add(reader) });
    return true;
  }
}

/** Each way of taking one or none of each list, those that take most first. */
function combinations(lists: readonly (readonly Carrier[])[]): Carrier[][] {
  const ways = lists.reduce<Carrier[][]>(
    (before, list) => before.flatMap((way) => [...list.map((one) => [...way, one]), way]),
    [[]],
  );
  return ways.filter((way) => way.length > 0).sort((a, b) => b.length - a.length);
}
