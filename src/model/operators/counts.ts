/**
 * Counts of multiply-accumulates. Two conventions, since published tables differ and every output
 * of Stepfold names the one it uses:
 *   `all`     every product: convolutions, linear layers and the attention products QK^T and AV;
 *   `layers`  convolutions and linear layers only, that is, products with a weight. This is what the
 *             tables of DeepCache count.
 * Element-wise work, normalisation and softmax count as nothing in both.
 */
import type { Value } from '../ir/value.js';

export type MacConvention = 'all' | 'layers';

export interface Macs {
  readonly all: number;
  readonly layers: number;
}

export const NO_MACS: Macs = { all: 0, layers: 0 };

export const addMacs = (a: Macs, b: Macs): Macs => ({
  all: a.all + b.all,
  layers: a.layers + b.layers,
});

/** Sizes of a value's dimensions, or undefined when they are not known. */
export type ShapeOf = (value: Value) => readonly number[] | undefined;
