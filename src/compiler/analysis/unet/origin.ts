/**
 * The encoder's feature map in a skip to which something was added, or that was scaled: the part that the
 * main branch has gone through as well. What came beside it may hold layers, as long as they read nothing of
 * that feature map: the zero convolutions of a ControlNet, a gate made of the timestep.
 */
import { isOp } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import type { Surroundings } from './surroundings.js';

/** Steps between an encoder's feature map and its join. */
const MOST_STEPS = 8;

/** Undefined where a skip holds no such part. */
export function originOf(
  skip: Value,
  main: Value,
  around: Surroundings,
  steps = MOST_STEPS,
): Value | undefined {
  const { hasOwnWork, firstLayer, ancestry, layers, shapes } = around;
  if (!hasOwnWork(skip, main)) return firstLayer(skip) ? skip : undefined;
  const node = skip.producer;
  if (!node || layers.has(node) || steps === 0) return undefined;
  const inputs = node.inputs.filter((v): v is Value => v !== null);
  for (const input of inputs) {
    if (!hasShapeOf(input, skip, shapes)) continue;
    const origin = originOf(input, main, around, steps - 1);
    const maker = origin?.producer;
    if (!maker || !hasOwnWork(main, origin)) continue;
    const beside = inputs.filter((other) => other !== input);
    if (beside.every((v) => !ancestry.dependsOn(v, maker) || !hasOwnWork(v, main))) return origin;
  }
  return undefined;
}

/**
 * The encoder's feature map in a skip that a gate made of the main branch weighs (Attention U-Net, Oktay et al.,
 * arXiv 1804.03999); undefined where the value is no such product.
 */
export function gatedOrigin(
  skip: Value,
  main: Value,
  { hasOwnWork, firstLayer, shapes }: Surroundings,
): Value | undefined {
  const node = skip.producer;
  if (!isOp(node, 'Mul')) return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const isMap = (value: Value, gate: Value) =>
    hasShapeOf(value, skip, shapes) &&
    firstLayer(value) !== undefined &&
    !hasOwnWork(value, main) &&
    hasOwnWork(main, value) &&
    hasOwnWork(gate, main);
  return isMap(a, b) ? a : isMap(b, a) ? b : undefined;
}

/** Have the two equal sizes, as far as is known? Sizes that are both free may be equal under two names. */
export function hasShapeOf(value: Value, other: Value, shapes: ShapeTable): boolean {
  const [a, b] = [shapes.shape(value), shapes.shape(other)];
  if (!a || !b) return true;
  return (
    a.length === b.length &&
    a.every(
      (size, i) =>
        size.key === b[i]!.key || (size.constant === undefined && b[i]!.constant === undefined),
    )
  );
}
