/**
 * A 3x3 convolution of a map that was doubled by repeating pixels sees only 2x2 different ones at each
 * place. For each of the four places a doubled pixel has, the kernel's columns and rows that meet the same
 * pixel are added up, four 2x2 convolutions of the small map take the place of one 3x3 of the large, and
 * their results are interleaved: 4/9 of the multiplications, and the large map is never made. (This is the
 * sub-pixel convolution of Shi et al. 2016, arXiv 1609.05158, read backwards.)
 *
 * The sums are written as products of the kernel with constants, so that the bundle's weights stay the
 * source's: onnxruntime computes them once when it loads the model, which then holds 16/9 of the kernel.
 */
import {
  attrNumber,
  attrNumbers,
  attrString,
  int,
  ints,
  string,
} from '../../../model/ir/attribute.js';
import { constantTensor } from '../../../model/ir/constants.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { float32Tensor, readNumbers } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { NodeStep, Rewrite, RuleContext } from '../../canonicalize/rewrite.js';
import type { Miss, TargetRule } from '../target.js';
import { soleUser } from './operands.js';

export const upsampledConvolution: TargetRule = {
  name: 'upsampled-convolution',
  description:
    'Compute a 3x3 convolution of a doubled map as four 2x2 ones of the map itself: 4/9 of the products.',
  match(conv, context): Rewrite | Miss | undefined {
    if (!isOp(conv, 'Conv')) return undefined;
    const resize = conv.inputs[0]?.producer;
    if (!isOp(resize, 'Resize', 'Upsample')) return undefined;
    const problem = doublingProblem(resize, context) ?? convolutionProblem(conv);
    if (problem) return { node: conv, reason: problem };
    return {
      rule: 'upsampled-convolution',
      node: conv,
      why: `"${resize.label}" doubles height and width by repeating pixels`,
      replace: [{ from: conv.output, to: { steps: fourConvolutions(conv, resize.inputs[0]!) } }],
    };
  },
};

/** How coordinates and rounding may be given so that each pixel is there twice, side by side. */
const REPEATING: Readonly<Record<string, readonly string[]>> = {
  asymmetric: ['floor', 'round_prefer_floor'],
  half_pixel: ['round_prefer_floor', 'round_prefer_ceil'],
  pytorch_half_pixel: ['round_prefer_floor', 'round_prefer_ceil'],
};

function doublingProblem(resize: Node, { shapes, opset }: RuleContext): string | undefined {
  if (opset < 11) return `"${resize.label}" is of an old opset`;
  const mode = attrString(resize, 'mode') ?? 'nearest';
  if (mode !== 'nearest') return `"${resize.label}" interpolates (${mode})`;
  const coordinates = attrString(resize, 'coordinate_transformation_mode') ?? 'half_pixel';
  const rounding = attrString(resize, 'nearest_mode') ?? 'round_prefer_floor';
  if (!REPEATING[coordinates]?.includes(rounding))
    return `"${resize.label}" does not repeat every pixel twice (${coordinates}, ${rounding})`;
  if (!soleUser(resize.output)) return `something else reads what "${resize.label}" makes`;
  const factors = scalesOf(resize, shapes);
  if (factors?.join() !== '1,1,2,2')
    return `"${resize.label}" does not double height and width alone`;
  return undefined;
}

/** Of every axis, where they are known. Other scales than 2 double a small map as well, and repeat other pixels. */
function scalesOf(resize: Node, shapes: ShapeTable): number[] | undefined {
  const [data, , scales] = resize.inputs;
  const tensor = constantTensor(scales);
  if (tensor?.dims[0] === 4 && !resize.attributes.has('axes')) return readNumbers(tensor);
  // empty where sizes are given
  if (scales && tensor?.dims[0] !== 0) return undefined;
  const [from, to] = [data!, resize.output].map((value) => shapes.shape(value));
  return from?.map((size, i) => (to?.[i]?.constant ?? Number.NaN) / (size.constant ?? Number.NaN));
}

function convolutionProblem(conv: Node): string | undefined {
  const kernel = constantTensor(conv.inputs[1]);
  if (!kernel) return 'its kernel is no constant';
  if (kernel.dtype !== 'float32') return 'it is not of type float32';
  // of four axes, as the map is
  if (kernel.dims[2] !== 3 || kernel.dims[3] !== 3)
    return `its kernel is ${kernel.dims.slice(2).join('x')}, not 3x3`;
  if (attrNumber(conv, 'group', 1) !== 1) return 'it convolves channels in groups';
  const is = (name: string, wanted: number, fallback: number) =>
    (attrNumbers(conv, name) ?? [fallback]).every((n) => n === wanted);
  if (!is('strides', 1, 1) || !is('dilations', 1, 1)) return 'it has strides or dilations';
  // one that chooses its padding by itself has none of these
  if (!is('pads', 1, 0)) return 'it does not pad by 1 on every side';
  return undefined;
}

/** Rows of the 3x3 kernel that meet the upper and the lower of two pixels, for either half of a pixel. */
const MEETS = [
  [1, 0, 0, 0, 1, 1],
  [1, 1, 0, 0, 0, 1],
];
/** The same for columns: transposed, as it multiplies from the right. */
const MEETS_TRANSPOSED = [
  [1, 0, 0, 1, 0, 1],
  [1, 0, 1, 0, 0, 1],
];

function fourConvolutions(conv: Node, data: Value): NodeStep[] {
  const [, kernel, bias] = conv.inputs;
  const steps: NodeStep[] = [];
  const add = (step: NodeStep) => ({ step: steps.push(step) - 1 });
  const parts = [0, 1].flatMap((row) => {
    const rows = add({ opType: 'MatMul', inputs: [float32Tensor(MEETS[row]!, [2, 3]), kernel!] });
    return [0, 1].map((column) => {
      const columns = float32Tensor(MEETS_TRANSPOSED[column]!, [3, 2]);
      const summed = add({ opType: 'MatMul', inputs: [rows, columns] });
      return add({
        opType: 'Conv',
        inputs: [data, summed, ...(bias ? [bias] : [])],
        attributes: {
          kernel_shape: ints([2, 2]),
          pads: ints([1 - row, 1 - column, row, column]),
        },
      });
    });
  });
  const stacked = add({ opType: 'Concat', inputs: parts, attributes: { axis: int(1) } });
  add({
    opType: 'DepthToSpace',
    inputs: [stacked],
    attributes: { blocksize: int(2), mode: string('DCR') },
  });
  return steps;
}
