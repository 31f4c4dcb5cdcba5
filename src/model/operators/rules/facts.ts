/**
 * What inference knows of a value: element type, shape, and for small tensors their elements as
 * symbolic numbers. Elements are fractions, because traced code computes sizes in floating point
 * (`floor(float(height) * 0.5)`); integers and booleans have the denominator 1.
 */
import type { DataType } from '../../ir/types.js';
import { constant, type DimExpr, type DimLike, toDim } from '../../sizes/dim.js';

export type Shape = readonly DimExpr[];

export interface Fraction {
  readonly over: DimExpr;
  /** Positive. */
  readonly under: bigint;
}

export interface Facts {
  readonly dtype?: DataType | undefined;
  /** Undefined when not even the rank is known. */
  readonly shape?: Shape | undefined;
  /** The elements in row-major order; only of tensors of constant shape and few elements. */
  readonly contents?: readonly Fraction[] | undefined;
  /** Of a sequence of tensors: the type of their elements; it has no shape of its own. */
  readonly sequence?: DataType | undefined;
  /** Of an optional: what it holds, if anything. */
  readonly optional?: Facts | undefined;
  /** Why the shape is not known. */
  readonly why?: string | undefined;
}

/** Tensors of more elements are weights or tables, not shape arithmetic. */
export const MAX_CONTENTS = 256;

export function whole(value: DimLike): Fraction {
  return { over: toDim(value), under: 1n };
}

/** The numbers when all are integers. */
export function asIntegers(contents: readonly Fraction[]): DimExpr[] | undefined {
  return contents.every((f) => f.under === 1n) ? contents.map((f) => f.over) : undefined;
}

/** A float as an exact fraction, when its denominator is a small power of two. */
export function fromFloat(value: number): Fraction | undefined {
  for (let under = 1; under <= 1024; under *= 2)
    if (Number.isSafeInteger(value * under))
      return { over: constant(value * under), under: BigInt(under) };
  return undefined;
}

/** The sizes as numbers when none is symbolic. */
export function constantShape(shape: Shape): number[] | undefined {
  const sizes: number[] = [];
  for (const dim of shape) {
    const size = dim.constant;
    if (size === undefined) return undefined;
    sizes.push(size);
  }
  return sizes;
}

export function isInteger(dtype: DataType | undefined): boolean {
  return dtype !== undefined && (dtype.startsWith('int') || dtype.startsWith('uint'));
}

export function isFloat(dtype: DataType | undefined): boolean {
  return dtype !== undefined && /^b?float/.test(dtype);
}
