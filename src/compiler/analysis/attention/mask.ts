/** Masks: what is added to the scores or chooses among them, and so says which keys a query sees. */
import { constantTensor } from '../../../model/ir/constants.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { elementCount, readNumbers } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import { product, type ShapeTable } from '../../../model/shape/index.js';
import { reachBack, reachForward } from './reach.js';

export interface Mask {
  readonly mask: Value | undefined;
  readonly maskedBy: Node | undefined;
}

export const NO_MASK: Mask = { mask: undefined, maskedBy: undefined };

/** The mask that meets the scores on their way to the Softmax. */
export function maskOnWay(scores: Value, softmaxInput: Value, shapes: ShapeTable): Mask {
  const forward = reachForward(scores).passed;
  for (const node of reachBack(softmaxInput).passed) {
    if (!forward.has(node) || !isOp(node, 'Add', 'Sub', 'Where')) continue;
    for (const mask of node.inputs)
      if (
        mask &&
        mask !== scores &&
        !(mask.producer && forward.has(mask.producer)) &&
        hides(mask, shapes)
      )
        return { mask, maskedBy: node };
  }
  return NO_MASK;
}

/** Can adding the value, or choosing by it, treat one key differently from another? */
function hides(value: Value, shapes: ShapeTable): boolean {
  const shape = shapes.shape(value);
  const isOneNumber = shape !== undefined && product(shape).constant === 1;
  return !isOneNumber && !isZeroConstant(value);
}

/** Larger constants are not read to see whether they are zeros; they count as masks. */
const MOST_READ = 2 ** 20;
const FLOATS = ['float32', 'float16', 'bfloat16', 'float64'];

/** Is the value a constant of floats that are all zero, so that adding it does nothing? */
export function isZeroConstant(value: Value): boolean {
  const tensor = constantTensor(value);
  if (!tensor || !FLOATS.includes(tensor.dtype)) return false;
  const { kind } = tensor.data;
  const isAtHand = kind === 'bytes' || kind === 'range' || kind === 'typed';
  if (!isAtHand || elementCount(tensor.dims) > MOST_READ) return false;
  return readNumbers(tensor).every((x) => x === 0);
}
