/** What lies along the axes of a node's outputs, by what its operator does to axes. */
import { attrNumber } from '../../../model/ir/attribute.js';
import { MICROSOFT, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { attentionInputs, type BatchFlow, operatorOf } from '../../../model/operators/index.js';
import {
  type DimExpr,
  divideExactly,
  equal,
  type ShapeTable,
  sum,
} from '../../../model/shape/index.js';
import { permutation, productAxes } from '../attention/axes.js';
import { fromFront, startFromFront } from '../batch/step.js';
import { type Along, inSteps, knownIn, stretch, unknownAlong, withoutFactor } from './along.js';
import { regrouped } from './regroup.js';

/** What is known of an input: its sizes, and what lies along each axis. */
export interface Known {
  readonly value: Value;
  readonly sizes: readonly DimExpr[];
  readonly axes: readonly Along[];
}

/** What lies along each axis of one output, of these sizes. */
type Flow = (step: PlacesStep, sizes: readonly DimExpr[], output: Value) => Along[];

export interface PlacesStep {
  readonly node: Node;
  /** Undefined for one that is missing, or of unknown shape. */
  readonly inputs: readonly (Known | undefined)[];
  readonly shapes: ShapeTable;
}

const nothing = (sizes: readonly DimExpr[]): Along[] => sizes.map(unknownAlong);

/** The input's axis that an output's one is, counted from the ends. */
const axisFor = (input: Known, at: number, sizes: readonly DimExpr[]): number =>
  at - sizes.length + input.sizes.length;

/** What lies along that axis, where it has the output's size. */
function alignedAxis(
  input: Known | undefined,
  at: number,
  sizes: readonly DimExpr[],
): Along | undefined {
  const axis = input ? axisFor(input, at, sizes) : -1;
  const size = input?.sizes[axis];
  return size && equal(size, sizes[at]!) ? input?.axes[axis] : undefined;
}

/** Of what several inputs have along an axis, that of which most is known; the first of these. */
function most(found: readonly (Along | undefined)[], size: DimExpr): Along {
  let best: Along | undefined;
  for (const along of found) if (along && (!best || knownIn(along) > knownIn(best))) best = along;
  return best ?? unknownAlong(size);
}

const aligned: Flow = ({ inputs }, sizes) =>
  sizes.map((size, at) =>
    most(
      inputs.map((input) => alignedAxis(input, at, sizes)),
      size,
    ),
  );

/** Where frames of some clips and as many frames as one clip has are made one another's size, there is one clip. */
const broadcast: Flow = (step, sizes, output) =>
  aligned(step, sizes, output).map((along, at) => {
    const size = sizes[at]!;
    if (knownIn(along) > 0 || size.constant === 1) return along;
    const larger = step.inputs.map((input) => {
      const axis = input ? axisFor(input, at, sizes) : -1;
      const ratio = input?.sizes[axis] && divideExactly(input.sizes[axis], size);
      return ratio && withoutFactor(input.axes[axis]!, ratio);
    });
    return most([along, ...larger], size);
  });

/**
 * As the first input, or along axes that have another size the same in other steps. The channels of a
 * convolution are new.
 */
const stepped: Flow = ({ node, inputs: [data] }, sizes) => {
  if (data?.sizes.length !== sizes.length) return nothing(sizes);
  const channels = node.opType === 'NhwcConv' ? sizes.length - 1 : 1;
  const makesChannels = operatorOf(node)?.work !== 'nothing';
  return sizes.map((size, axis) => {
    if (axis === channels && makesChannels) return unknownAlong(size);
    const along = data.axes[axis]!;
    return equal(size, data.sizes[axis]!) ? along : inSteps(along, size);
  });
};

const ofFirst =
  (flow: Flow): Flow =>
  (step, sizes, output) =>
    flow({ ...step, inputs: step.inputs.slice(0, 1) }, sizes, output);

const layout: Flow = ({ inputs: [data] }, sizes) =>
  data ? regrouped(data.axes, data.sizes, sizes) : nothing(sizes);

const transposed: Flow = ({ node, inputs: [data] }, sizes) =>
  data ? permutation(node, sizes.length).map((axis) => data.axes[axis]!) : nothing(sizes);

const joined: Flow = (step, sizes, output) => {
  const { node, inputs } = step;
  const along = fromFront(attrNumber(node, 'axis', 0), sizes.length);
  const others = aligned(step, sizes, output);
  return sizes.map((size, axis) => {
    if (axis !== along) return others[axis]!;
    const runs = inputs.map((input) => input?.axes[axis]);
    return runs.every((run) => run !== undefined) ? runs.flat() : unknownAlong(size);
  });
};

const split: Flow = ({ node, inputs: [data], shapes }, sizes, output) => {
  if (!data) return nothing(sizes);
  const along = fromFront(attrNumber(node, 'axis', 0), sizes.length);
  const ahead = node.outputs.slice(0, output.outputIndex).map((v) => v && shapes.shape(v)?.[along]);
  return sizes.map((size, axis) => {
    if (axis !== along) return data.axes[axis]!;
    const known = ahead.filter((d) => d != null);
    if (known.length < ahead.length) return unknownAlong(size);
    return stretch(data.axes[axis]!, sum(known), size);
  });
};

const sliced: Flow = ({ node, inputs: [data], shapes }, sizes) => {
  if (!data) return nothing(sizes);
  const list = (index: number) => {
    const value = node.inputs[index];
    return value ? shapes.contents(value) : undefined;
  };
  const [starts, axes, steps] = [list(1), list(3), list(4)];
  return sizes.map((size, axis) => {
    const own = data.sizes[axis]!;
    if (equal(size, own)) return data.axes[axis]!;
    const at = axes?.findIndex(
      (a) => a.constant !== undefined && fromFront(a.constant, sizes.length) === axis,
    );
    const start = at === undefined || at < 0 ? undefined : starts?.[at];
    const isDense = !node.inputs[4] || steps?.[at ?? -1]?.constant === 1;
    if (!start || !isDense) return unknownAlong(size);
    return stretch(data.axes[axis]!, startFromFront(start, own), size);
  });
};

const gathered: Flow = ({ node, inputs: [data, indices] }, sizes) => {
  if (!data || !indices) return nothing(sizes);
  const own = fromFront(attrNumber(node, 'axis', 0), data.sizes.length);
  const rank = indices.sizes.length;
  return sizes.map((size, axis) => {
    if (axis < own) return data.axes[axis]!;
    return axis < own + rank ? unknownAlong(size) : data.axes[axis - rank + 1]!;
  });
};

const reduced: Flow = (step, sizes, output) =>
  step.inputs[0]?.sizes.length === sizes.length
    ? ofFirst(aligned)(step, sizes, output)
    : nothing(sizes);

/** By the letters of its axes. */
const multiplied: Flow = ({ node, inputs, shapes }, sizes) => {
  const axes = productAxes(node, shapes);
  if (!axes) return nothing(sizes);
  return axes.result.map((letter, at) => {
    const found = axes.operands.map((operand, side) => {
      const axis = operand.indexOf(letter);
      const input = inputs[side];
      const isIt = input && axis >= 0 && equal(input.sizes[axis]!, sizes[at]!);
      return isIt ? input.axes[axis] : undefined;
    });
    return most(found, sizes[at]!);
  });
};

/** A product whose operands are written in steps of a scale: all but the columns is the first one's. */
const quantized: Flow = (step, sizes, output) => {
  const { node, inputs } = step;
  const work = operatorOf(node)?.work;
  const data = typeof work === 'object' && work.kind === 'product' ? work.factors[0] : 0;
  const rows = aligned({ ...step, inputs: [inputs[data]] }, sizes, output);
  return sizes.map((size, axis) => (axis === sizes.length - 1 ? unknownAlong(size) : rows[axis]!));
};

/** Gemm: rows of the first operand, columns of the second, which is the layer. */
const general: Flow = ({ node, inputs: [data] }, sizes) =>
  sizes.map((size, axis) => {
    const own = axis === 0 ? data?.axes[attrNumber(node, 'transA', 0) ? 1 : 0] : undefined;
    return own ?? unknownAlong(size);
  });

/** The batch and the queries lie as in q; where heads are apart, they too. */
const attended: Flow = ({ node, inputs }, sizes) => {
  const q = inputs[attentionInputs(node)?.operands[0] ?? 0];
  const kept = q?.sizes.length === 4 && sizes.length === 4 ? 3 : 2;
  return sizes.map((size, axis) => {
    const own = axis < kept && q && equal(q.sizes[axis]!, size) ? q.axes[axis] : undefined;
    return own ?? unknownAlong(size);
  });
};

const FLOWS: Readonly<Record<BatchFlow, Flow>> = {
  elementwise: broadcast,
  expanded: ofFirst(aligned),
  tiled: ofFirst(aligned),
  // the axes of the tensor that is written into, or of what is written
  written: aligned,
  outermost: stepped,
  'outermost-added': stepped,
  'outermost-summed': aligned,
  attention: attended,
  // one-sided Fourier transforms have another size along their axis, and other axes beside
  'along-axis': ofFirst(aligned),
  normalized: ofFirst(aligned),
  'normalized-sum': aligned,
  rows: quantized,
  scaled: ofFirst(aligned),
  together: ofFirst(aligned),
  exponential: ofFirst(aligned),
  reduced,
  'matrix-product': multiplied,
  'general-product': general,
  einsum: multiplied,
  transposed,
  reshaped: layout,
  flattened: layout,
  squeezed: layout,
  unsqueezed: layout,
  split,
  joined,
  sliced,
  gathered,
  resized: stepped,
  padded: stepped,
  unknown: (_, sizes) => nothing(sizes),
  measured: (_, sizes) => nothing(sizes),
};

/** Norms, biases and activations that onnxruntime fuses. */
const isFused = (node: Node): boolean =>
  node.domain === MICROSOFT && operatorOf(node)?.work === 'nothing';

const QUANTIZED = ['MatMulInteger', 'QLinearMatMul', 'DynamicQuantizeMatMul'];

export function flowOf(node: Node): Flow {
  if (QUANTIZED.includes(node.opType)) return quantized;
  if (isFused(node)) return aligned;
  return FLOWS[operatorOf(node)?.batch ?? 'unknown'];
}
