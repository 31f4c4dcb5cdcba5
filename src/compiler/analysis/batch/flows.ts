/** How the batch goes through a node, by what its operator does to axes. */
import type { BatchFlow } from '../../../model/operators/index.js';
import {
  alongAxis,
  attention,
  normalized,
  normalizedSum,
  outermost,
  outermostAdded,
  outermostSummed,
  reduced,
  rows,
  scaled,
  softmax,
  together,
  unknown,
} from './apart.js';
import { flattened, reshaped, squeezed, tiled, transposed, unsqueezed } from './layout.js';
import { aligned, einsum, generalProduct, matrixProduct } from './products.js';
import { gathered, joined, padded, resized, sliced, split } from './selection.js';
import type { Flow } from './step.js';
import { written } from './written.js';

/** Where the batch in another input than the first would not be followed: such inputs say how, not what. */
const ofFirst =
  (flow: Flow): Flow =>
  (step) =>
    step.isCarriedBy([0]) ? flow(step) : 'another of its inputs than the first carries the batch';

export const FLOWS: Readonly<Record<BatchFlow, Flow>> = {
  elementwise: aligned(),
  // the shape of an Expand is no tensor that broadcasts
  expanded: aligned(1),
  tiled: ofFirst(tiled),
  written,
  outermost,
  'outermost-added': outermostAdded,
  'outermost-summed': outermostSummed,
  attention,
  'normalized-sum': normalizedSum,
  rows,
  scaled,
  together,
  'along-axis': ofFirst(alongAxis),
  normalized: ofFirst(normalized),
  exponential: ofFirst(softmax),
  reduced: ofFirst(reduced),
  'matrix-product': matrixProduct,
  'general-product': generalProduct,
  einsum,
  transposed: ofFirst(transposed),
  reshaped: ofFirst(reshaped),
  flattened: ofFirst(flattened),
  squeezed: ofFirst(squeezed),
  unsqueezed: ofFirst(unsqueezed),
  split: ofFirst(split),
  joined,
  sliced: ofFirst(sliced),
  gathered,
  resized: ofFirst(resized),
  padded: ofFirst(padded),
  unknown,
  // no element of it is of an image
  measured: unknown,
};
