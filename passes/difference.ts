/**
 * Differences that passes keep between calls: what is added to a value of a later call. In a model of
 * half precision they are taken, kept and added in float32 unless a pass is told otherwise: x + (F - x)
 * is F only as far as F - x can be told, and where the two are large and of opposite sign it is more than
 * float16 holds. That costs a state of twice the bytes and a few Casts; other models are left as they are.
 */
import { cast } from '../src/compiler/analysis/attention/building.js';
import type { SiteBuilder } from '../src/compiler/plan/index.js';
import { type DataType, isHalfPrecision } from '../src/model/ir/types.js';
import type { Value } from '../src/model/ir/value.js';
import type { ShapeTable } from '../src/model/shape/index.js';

export const PRECISIONS = ['float32', 'stream'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** No default in the schema, so that what is recorded of float32 models stays as it is. */
export const precisionOption = (what: string) =>
  ({
    enum: [...PRECISIONS],
    description: `Where a model computes in half precision, ${what} in float32, or in the type that it has there (stream), which takes half of the memory and may overflow [float32].`,
  }) as const;

/** How a difference is kept of one value. */
export interface KeptDifference {
  /** The value's own type, where the difference is kept in float32 instead. */
  readonly narrow?: DataType;
}

/** @param value of the source, like which the difference is */
export function keptDifference(
  shapes: ShapeTable,
  value: Value,
  precision: Precision = 'float32',
): KeptDifference {
  const type = shapes.dtype(value);
  return type && precision === 'float32' && isHalfPrecision(type) ? { narrow: type } : {};
}

/** For a `StateSpec`. */
export const stateType = ({ narrow }: KeptDifference) =>
  narrow ? ({ type: 'float32' } as const) : {};

/** For what `verify` reads of a site. */
export const keptIn = ({ narrow }: KeptDifference) =>
  narrow ? ({ keptIn: 'float32' } as const) : {};

/** a - b, as it is kept. */
export const difference = (
  b: SiteBuilder,
  { narrow }: KeptDifference,
  [from, less]: readonly [Value, Value],
  name: string,
): Value =>
  b.add({
    opType: 'Sub',
    inputs: narrow ? [wide(b, from), wide(b, less)] : [from, less],
    outputs: [name],
  });

/** A value and a kept difference, or the value less that, in the value's type. */
export function withDifference(
  b: SiteBuilder,
  { narrow }: KeptDifference,
  [value, kept]: readonly [Value, Value],
  name: string,
  opType: 'Add' | 'Sub' = 'Add',
): Value {
  if (!narrow) return b.add({ opType, inputs: [value, kept], outputs: [name] });
  const sum = b.add({ opType, inputs: [wide(b, value), kept], outputs: [`${name}.sum`] });
  return cast(b, sum, narrow, name);
}

const wide = (b: SiteBuilder, value: Value): Value =>
  cast(b, value, 'float32', `stepfold.float32.${value.name}`);
