/** Zeros in place of what lies deeper than a skip join, without computing it. */
import type { SkipJoin } from '../../src/compiler/analysis/index.js';
import type { SiteBuilder } from '../../src/compiler/plan/index.js';
import { int, tensor as tensorAttribute } from '../../src/model/ir/attribute.js';
import type { Tensor } from '../../src/model/ir/tensor.js';
import { byteLength, type DataType } from '../../src/model/ir/types.js';
import type { Value } from '../../src/model/ir/value.js';
import type { DimExpr, ShapeTable } from '../../src/model/shape/index.js';

/**
 * Zeros in place of the main-branch input of a join; its skip has the same size but for channels.
 * @param halved some calls may run half of the rows, though the model's batch is a number
 */
export function zerosAt(
  b: SiteBuilder,
  shapes: ShapeTable,
  { main, skip }: SkipJoin,
  halved: boolean,
): Value {
  const dtype = shapes.dtype(main) ?? 'float32';
  return zerosOf(b, dtype, shapes.shape(main) ?? [], skip, shapes.shape(skip) ?? [], halved);
}

/**
 * Zeros of the given shape. Sizes known at compile time become constants; the others are taken from
 * the run-time shape of `like`, which must have an equal size somewhere.
 */
function zerosOf(
  b: SiteBuilder,
  dtype: DataType,
  shape: readonly DimExpr[],
  like: Value,
  likeShape: readonly DimExpr[],
  halved: boolean,
): Value {
  const live = () =>
    b.add({ opType: 'Shape', inputs: [b.value(like)], outputs: ['stepfold.zero.like'] });
  let source: Value | undefined;
  const parts = shape.map((dim, axis) => {
    if (dim.constant !== undefined && !(halved && axis === 0))
      return b.constant('stepfold.zero.dim', [dim.constant]);
    source ??= live();
    // the same axis first: feature maps that meet in a Concat agree everywhere but in channels
    const from =
      likeShape[axis]?.key === dim.key ? axis : likeShape.findIndex((d) => d.key === dim.key);
    const at = from < 0 ? axis : from;
    return b.add({
      opType: 'Gather',
      inputs: [source, b.constant('stepfold.zero.axis', [at])],
      outputs: ['stepfold.zero.dim'],
    });
  });
  const sizes = b.add({
    opType: 'Concat',
    inputs: parts,
    outputs: ['stepfold.zero.shape'],
    attributes: { axis: int(0) },
  });
  const zero: Tensor = {
    dtype,
    dims: [1],
    data: { kind: 'bytes', bytes: new Uint8Array(byteLength(dtype, 1) ?? 4) },
  };
  return b.add({
    opType: 'ConstantOfShape',
    inputs: [sizes],
    outputs: ['stepfold.zero'],
    attributes: { value: tensorAttribute(zero) },
  });
}
